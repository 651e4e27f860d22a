#include "hies/arch/tying.h"

#include "hies/arch/config.h"
#include "hies/formats/float_conversion.h"

namespace hies::arch {
namespace {

constexpr const char* kOutputMatrix = "lm_head";

}  // namespace

void set_output_matrix(model::ModelSpec& spec, bool tied) {
  spec.head.pooling = model::Pooling::targets;
  spec.head.tied = tied;
  spec.head.classifiers = {matrix(tied ? spec.text.word : kOutputMatrix, false)};
}

bool untie_if_different(const TensorNames& names, model::ModelSpec& spec) {
  if (!spec.head.tied) return false;
  const formats::TensorView* output = names.find(std::string(kOutputMatrix) + ".weight");
  const formats::TensorView* table = names.find(spec.text.word + ".weight");
  if (output == nullptr || table == nullptr || formats::same_values(*output, *table)) return false;
  set_output_matrix(spec, false);
  return true;
}

std::string name_of_tied_table(const model::ModelSpec& spec, const std::string& canonical) {
  return spec.head.tied && canonical == spec.text.word + ".weight" ? std::string(kOutputMatrix) + ".weight" : std::string();
}

}  // namespace hies::arch
