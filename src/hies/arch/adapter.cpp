#include "hies/arch/adapter.h"

#include <algorithm>
#include <array>

#include "hies/arch/python_line.h"
#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/base/json.h"

namespace hies::arch {
namespace {

constexpr std::string_view kConfig = "adapter_config.json";

// Returns adapter_config.json; an empty object where it is none, or cannot be read: it only makes a hint better.
Json read_config(const std::filesystem::path& folder) try {
  Json config = is_there(folder / kConfig) ? read_python_json(folder / kConfig) : Json();
  return config.is_object() ? config : Json::object();
} catch (const Error&) {
  return Json::object();
}

// A member that is a string; empty where it is not.
std::string member(const Json& config, const char* key) {
  const auto found = config.find(key);
  return found != config.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// PEFT's class for a task_type.
std::string_view peft_class(std::string_view task_type) {
  constexpr std::array<std::array<std::string_view, 2>, 6> kClasses = {
      {{"SEQ_CLS", "AutoPeftModelForSequenceClassification"},
       {"CAUSAL_LM", "AutoPeftModelForCausalLM"},
       {"TOKEN_CLS", "AutoPeftModelForTokenClassification"},
       {"QUESTION_ANS", "AutoPeftModelForQuestionAnswering"},
       {"SEQ_2_SEQ_LM", "AutoPeftModelForSeq2SeqLM"},
       {"FEATURE_EXTRACTION", "AutoPeftModelForFeatureExtraction"}}};
  for (const auto& [type, name] : kClasses)
    if (type == task_type) return name;
  return "AutoPeftModel";
}

}  // namespace

std::string adapter_file(const std::filesystem::path& folder) {
  for (const std::string_view name :
       {std::string_view("adapter_model.safetensors"), std::string_view("adapter_model.bin"), kConfig})
    if (is_there(folder / name)) return std::string(name);
  return {};
}

std::string adapter_hint(const std::filesystem::path& folder) {
  constexpr std::array<std::string_view, 5> kOnlyInputs = {"PROMPT_TUNING", "MULTITASK_PROMPT_TUNING", "P_TUNING",
                                                           "PREFIX_TUNING", "ADAPTION_PROMPT"};
  const Json config = read_config(folder);
  const std::string kind = member(config, "peft_type");
  if (std::find(kOnlyInputs.begin(), kOnlyInputs.end(), kind) != kOnlyInputs.end())
    return fmt::format("an adapter of type {} adds inputs and cannot become part of the weights", kind);
  const std::string peft = std::string(peft_class(member(config, "task_type")));
  return fmt::format("merge it first: {}, and copy the files of the tokenizer or image processor there",
                     python_line(fmt::format("from peft import {} as M", peft), folder, "", ".merge_and_unload()", "-merged"));
}

}  // namespace hies::arch
