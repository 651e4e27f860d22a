/* A plug-in without kernels, for tests of the messages: what it says of the machine comes from the environment. */
#include <stdint.h>
#include <stdlib.h>

static int number(const char* name, int otherwise) {
  const char* text = getenv(name);
  return text == NULL ? otherwise : atoi(text);
}

int hies_cuda_abi(void) { return number("STUB_ABI", STUB_ABI); }
const char* hies_cuda_error_text(int error) { return error == 35 ? "CUDA driver version is insufficient" : "some error"; }
int hies_cuda_device_count(int* count) {
  *count = number("STUB_COUNT", 1);
  return number("STUB_ERROR", 0);
}
int hies_cuda_capability(int device, int* capability) {
  *capability = number("STUB_CAPABILITY", 90);
  return device;
}
int hies_cuda_memory(uint64_t* free_bytes, uint64_t* total_bytes) {
  *free_bytes = *total_bytes = 0;
  return 0;
}
#define NOTHING(name) \
  int hies_cuda_##name(void) { return 1; }
NOTHING(attention_forward)
NOTHING(attention_backward)
NOTHING(sequence_sums)
NOTHING(sequence_squares)
NOTHING(norm_forward)
NOTHING(norm_backward)
NOTHING(rotate)
NOTHING(gated)
NOTHING(gated_backward)
NOTHING(copy_rows)
NOTHING(summarise_logits)
NOTHING(logits_gradient)
