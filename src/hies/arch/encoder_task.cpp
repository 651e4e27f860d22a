#include "hies/arch/encoder_task.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "hies/arch/config.h"
#include "hies/arch/tensor_names.h"
#include "hies/base/error.h"

namespace hies::arch {
namespace {

using NamePair = std::pair<std::string_view, std::string_view>;

// Ends of the names of classes whose heads are not read, and what a message calls their models.
constexpr std::array<NamePair, 9> kOtherClasses = {{
    {"ForTokenClassification", "token classifier"},
    {"ForQuestionAnswering", "question answering model"},
    {"ForMaskedLM", "masked language model"},
    {"ForPreTraining", "pretraining model"},
    {"ForMultipleChoice", "multiple-choice model"},
    {"ForNextSentencePrediction", "next-sentence model"},
    {"LMHeadModel", "causal language model"},
    {"ForCausalLM", "causal language model"},
    {"ForMaskedImageModeling", "masked image model"},
}};

constexpr std::array<std::string_view, 3> kClassifiers = {"ForSequenceClassification", "ForImageClassification",
                                                          "ForImageClassificationWithTeacher"};
constexpr std::array<std::string_view, 2> kBareClasses = {"Model", "Backbone"};

// Beginnings of the names of tensors that only such heads have. The first that a checkpoint has says what it is.
constexpr std::array<NamePair, 9> kOtherTensors = {{
    {"qa_outputs.", "question answering model"},
    {"cls.predictions.", "masked language model, or pretraining model"},
    {"lm_head.", "masked language model"},
    {"vocab_transform.", "masked language model"},
    {"vocab_projector.", "masked language model"},
    {"cls.seq_relationship.", "next-sentence model"},
    {"decoder.0.", "masked image model"},
    {"classifier.", "token classifier, or multiple-choice model"},
    {"pre_classifier.", "multiple-choice model"},
}};

// The class that config.json names; empty: none.
std::string named_class(const Json& config, std::string_view where) {
  const Json* names = find_member(config, "architectures", where);
  if (names == nullptr || names->is_null() || (names->is_array() && names->empty())) return {};
  if (!names->is_array() || !names->front().is_string()) json_type_error(*names, "architectures", "a list of names", where);
  return names->front().get<std::string>();
}

// What stands behind the family's stem; nothing for a class of another family.
std::optional<std::string_view> kind_of(std::string_view name, const ClassStems& stems) {
  for (const std::string& stem : stems)
    if (name.starts_with(stem)) return name.substr(stem.size());
  return std::nullopt;
}

template <class Names>
bool holds(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string other_by_tensors(const std::vector<std::string>& names) {
  for (const auto& [beginning, what] : kOtherTensors)
    for (const std::string& name : names)
      if (find_part(name, beginning) != std::string::npos)  // names may have a prefix
        return fmt::format("{} (by its tensor {})", what, printable(name));
  return {};
}

// Labels that a bare model has no use for may be of a task that is not read: it then has no head either.
void parse_bare_task(const Json& config, std::string_view where, model::ModelSpec& spec) {
  try {
    parse_task(config, where, spec);
  } catch (const Error&) {
    spec.problem = model::Problem::hidden_states;
  }
}

bool names_classifier(const Json& config) {
  const std::string name = named_class(config, "config.json");
  return std::any_of(kClassifiers.begin(), kClassifiers.end(), [&](std::string_view end) { return name.ends_with(end); });
}

}  // namespace

void parse_encoder_task(const Json& config, std::string_view where, const ClassStems& stems, model::ModelSpec& spec) {
  const std::string name = named_class(config, where);
  const std::optional<std::string_view> kind = kind_of(name, stems);
  if (name.empty() || (kind && holds(kClassifiers, *kind))) return parse_task(config, where, spec);
  if (kind && holds(kBareClasses, *kind)) return parse_bare_task(config, where, spec);
  const auto* other = std::find_if(kOtherClasses.begin(), kOtherClasses.end(),
                                   [&](const NamePair& known) { return kind && known.first == *kind; });
  if (other == kOtherClasses.end())
    throw Error(
        ErrorKind::unsupported,
        fmt::format("{}: architecture '{}' is not supported for model_type {}", where, printable(name), spec.model_type),
        fmt::format("known: {0}{1}, {0}Model, and the encoders of {0}ForMaskedLM and transformers' other classes; a class of "
                    "your own that computes the same needs that name here",
                    stems.front(), spec.reads_images() ? kClassifiers[1] : kClassifiers[0]));
  spec.problem = model::Problem::hidden_states;
  spec.other_head = fmt::format("{} ({})", other->second, name);
}

void resolve_task_head(const Json& config, const std::function<bool(const std::string&)>& stored,
                       const std::vector<std::string>& names, model::ModelSpec& spec) {
  if (spec.causal) return;
  if (spec.problem != model::Problem::hidden_states) {
    const auto any_of = [&](const model::MatrixSpec& matrix) {
      return stored(matrix.name + ".weight") || stored(matrix.name + ".bias");
    };
    const model::TaskHeadSpec& head = spec.head;
    const bool classifies = std::any_of(head.classifiers.begin(), head.classifiers.end(), any_of);
    const bool whole = std::all_of(head.dense.begin(), head.dense.end(), [&](const auto& dense) { return any_of(dense.matrix); });
    // What is missing of a head that is there, or that config.json names, is an error of its own.
    if (classifies && (whole || names_classifier(config))) return;
    spec.problem = model::Problem::hidden_states;
    spec.other_head = other_by_tensors(names);
  }
  spec.labels.clear();
  spec.head = {};
}

}  // namespace hies::arch
