// The same targets and mutations for libFuzzer, which keeps what reaches new code. HIES_FUZZ_TARGET names the target; with
// HIES_FUZZ_SEEDS its seeds are written into that folder first.
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "hies/base/error.h"
#include "mutate.h"
#include "outcome.h"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

namespace hies::fuzz {
namespace {

const Target& chosen_target() {
  static const Target* const target = [] {
    const char* name = std::getenv("HIES_FUZZ_TARGET");
    const Target* found = find_target(name == nullptr ? "" : name);
    if (found == nullptr) {
      std::fputs("HIES_FUZZ_TARGET names no target; they are in tests/fuzz/targets.def\n", stderr);
      std::exit(2);
    }
    return found;
  }();
  return *target;
}

// libFuzzer's own mutations of one file: bytes that it has seen compared.
void mutate_by_libfuzzer(Bundle& bundle, Rng& rng, std::size_t most) {
  std::string& content = any_of(bundle, rng).second;
  const std::size_t size = content.size();
  content.resize(std::min(most, size + 64));
  content.resize(
      LLVMFuzzerMutate(reinterpret_cast<std::uint8_t*>(content.data()), std::min(size, content.size()), content.size()));
}

}  // namespace
}  // namespace hies::fuzz

using namespace hies::fuzz;

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  const char* folder = std::getenv("HIES_FUZZ_SEEDS");
  int number = 0;
  if (folder != nullptr)
    for (const Bundle& seed : chosen_target().seeds())
      std::ofstream(std::filesystem::path(folder) / fmt::format("seed-{}", number++), std::ios::binary) << pack(seed);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static BundleFolder folder(new_root());
  const Bundle bundle = unpack({reinterpret_cast<const char*>(data), size});
  if (bundle.empty()) return -1;
  const std::string finding = run(chosen_target(), bundle, folder);
  if (finding.empty()) return 0;
  fmt::print(stderr, "FINDING: {}: {}\n", chosen_target().name, finding);
  std::abort();
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
  hies::Rng rng(seed);
  Bundle bundle = unpack({reinterpret_cast<const char*>(data), size});
  if (bundle.empty()) return LLVMFuzzerMutate(data, size, most);
  if (below(rng, 4) == 0) mutate_by_libfuzzer(bundle, rng, most);
  else mutate(bundle, rng);
  const std::string bytes = pack(bundle);
  if (bytes.size() > most) return size;
  bytes.copy(reinterpret_cast<char*>(data), bytes.size());
  return bytes.size();
}
