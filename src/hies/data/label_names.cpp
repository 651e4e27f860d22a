#include "hies/data/label_names.h"

#include <charconv>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

namespace hies::data {
namespace {

// "Not-Entailment" and "not_entailment" are one label.
std::string fold(std::string_view name) {
  std::string result(name);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == '-' || c == ' ') c = '_';
  }
  return result;
}

// What transformers writes when nobody named the labels.
bool all_placeholders(const std::vector<std::string>& labels) {
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (labels[i] != fmt::format("LABEL_{}", i)) return false;
  return true;
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kSpace);
  return begin == std::string_view::npos ? std::string_view() : text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  constexpr double kExact = 9007199254740992;  // 2⁵³
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (!(std::abs(value) < kExact) || value != std::floor(value)) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

bool says_no_label(std::string_view text) {
  const std::string_view label = trimmed(text);
  return label.empty() || label == "-" || whole_number(label) == -1;
}

LabelNames::LabelNames(const Task& task, const model::ModelSpec& spec)
    : labels_(spec.labels),
      task_labels_(task.labels),
      index_(labels_),
      task_index_(task_labels_),
      model_id_(labels_.size()),
      are_placeholders_(all_placeholders(labels_)) {
  std::iota(model_id_.begin(), model_id_.end(), 0);
  if (task_labels_.empty() || are_placeholders_) return;
  std::vector<int> by_task;
  for (const std::string& name : task_labels_)
    if (const std::optional<int> id = index_.find(name)) by_task.push_back(*id);
  if (by_task.size() == labels_.size()) model_id_ = by_task;
  else order_is_assumed_ = true;
}

LabelNames::Index::Index(const std::vector<std::string>& names) {
  const auto add = [](std::unordered_map<std::string, int>& to, const std::string& name, int id) {
    const auto [known, fresh] = to.emplace(name, id);
    if (!fresh) known->second = -1;
  };
  for (const std::string& name : names) {
    const int id = static_cast<int>(&name - names.data());
    add(exact, name, id);
    add(folded, fold(name), id);
  }
}

std::optional<int> LabelNames::Index::find(std::string_view name) const {
  auto found = exact.find(std::string(name));
  if (found == exact.end()) {
    found = folded.find(fold(name));
    if (found == folded.end()) return std::nullopt;
  }
  return found->second < 0 ? std::nullopt : std::optional(found->second);
}

std::optional<int> LabelNames::by_name(std::string_view text) const {
  if (const std::optional<int> id = index_.find(text)) return id;
  if (are_placeholders_)
    if (const std::optional<int> id = task_index_.find(text)) return id;
  // pandas writes a column of whole numbers with a gap as 1.0, 2.0, …
  const std::optional<std::int64_t> number = whole_number(text);
  if (!number || text.find('.') == std::string_view::npos) return std::nullopt;
  return index_.find(std::to_string(*number));
}

std::optional<int> LabelNames::by_id(std::int64_t id) const {
  if (id < 0 || id > last_id()) return std::nullopt;
  return model_id_[static_cast<std::size_t>(id)];
}

std::optional<int> LabelNames::by_id(std::string_view text) const {
  const std::optional<std::int64_t> id = whole_number(text);
  return id ? by_id(*id) : std::nullopt;
}

std::optional<int> LabelNames::by_truth(std::string_view text) const {
  if (labels_.size() != 2) return std::nullopt;
  const std::string truth = fold(text);
  if (truth == "true") return model_id_[1];
  if (truth == "false") return model_id_[0];
  return std::nullopt;
}

std::optional<int> LabelNames::place_in_task(std::string_view text) const { return task_index_.find(text); }

std::vector<std::string> LabelNames::known() const {
  std::vector<std::string> names = labels_;
  if (are_placeholders_) names.insert(names.end(), task_labels_.begin(), task_labels_.end());
  return names;
}

}  // namespace hies::data
