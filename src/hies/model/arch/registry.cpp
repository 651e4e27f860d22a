#include "hies/base/error.h"
#include "hies/base/suggest.h"
#include "hies/model/arch/arch.h"

namespace hies::model {

const Arch& bert_arch();
const Arch& roberta_arch();
const Arch& distilbert_arch();
const Arch& llama_arch();
const Arch& mistral_arch();
const Arch& qwen2_arch();
const Arch& qwen3_arch();
const Arch& gpt2_arch();
const Arch& vit_arch();
const Arch& deit_arch();
const Arch& dinov2_arch();

const std::vector<const Arch*>& all_archs() {
  static const std::vector<const Arch*> archs = {
      &bert_arch(),  &roberta_arch(), &distilbert_arch(), &llama_arch(), &mistral_arch(), &qwen2_arch(),
      &qwen3_arch(), &gpt2_arch(),    &vit_arch(),        &deit_arch(),  &dinov2_arch(),
  };
  return archs;
}

const Arch& find_arch(std::string_view model_type, std::string_view where) {
  std::vector<std::string> names;
  for (const Arch* arch : all_archs()) {
    if (arch->model_type() == model_type) return *arch;
    names.emplace_back(arch->model_type());
  }
  throw Error(ErrorKind::unsupported, fmt::format("{}: model_type '{}' is not supported", where, printable(model_type)),
              known_names_hint(model_type, names));
}

}  // namespace hies::model
