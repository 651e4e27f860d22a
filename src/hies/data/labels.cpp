#include "hies/data/labels.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <optional>

#include "hies/base/error.h"
#include "hies/base/suggest.h"

namespace hies::data {
namespace {

// "Not-Entailment" and "not_entailment" are one label.
std::string folded(std::string_view name) {
  std::string result(name);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == '-' || c == ' ') c = '_';
  }
  return result;
}

std::optional<int> find_label(std::string_view name, const std::vector<std::string>& labels) {
  const auto exact = std::find(labels.begin(), labels.end(), name);
  if (exact != labels.end()) return static_cast<int>(exact - labels.begin());
  const auto near =
      std::find_if(labels.begin(), labels.end(), [&](const std::string& label) { return folded(label) == folded(name); });
  if (near != labels.end()) return static_cast<int>(near - labels.begin());
  return std::nullopt;
}

// LABEL_0, LABEL_1, …: what transformers writes when nobody named the labels.
bool are_placeholders(const std::vector<std::string>& labels) {
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] != fmt::format("LABEL_{}", i)) return false;
  }
  return true;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kSpace);
  return begin == std::string_view::npos ? std::string_view() : text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

// How JSON, Parquet and pandas write a yes or no.
std::optional<double> truth(std::string_view text) {
  const std::string name = folded(text);
  if (name == "true") return 1;
  if (name == "false") return 0;
  return std::nullopt;
}

}  // namespace

LabelReader::LabelReader(const Task& task, const model::ModelSpec& spec)
    : task_(task), labels_(spec.labels), model_id_(spec.labels.size()) {
  check_model_fits(task, spec);
  std::iota(model_id_.begin(), model_id_.end(), 0);
  if (task.labels.empty()) return;
  if (are_placeholders(labels_)) {
    task_names_ = task.labels;
    return;
  }
  std::vector<int> by_name;
  for (const std::string& name : task.labels) {
    if (const std::optional<int> id = find_label(name, labels_)) by_name.push_back(*id);
  }
  if (by_name.size() == labels_.size()) {
    model_id_ = by_name;
  } else {
    order_is_assumed_ = true;
  }
}

double LabelReader::read(std::string_view text, std::string_view where) const {
  const std::string_view label = trimmed(text);
  return task_.problem == model::Problem::regression ? read_number(label, where) : read_class(label, where);
}

std::optional<int> LabelReader::find(std::string_view name) const { return find_label(trimmed(name), labels_); }

double LabelReader::read_class(std::string_view text, std::string_view where) const {
  if (const std::optional<int> id = find_label(text, labels_)) return *id;
  if (const std::optional<int> id = find_label(text, task_names_)) return *id;
  std::optional<double> value = number(text);
  if (!value && labels_.size() == 2) value = truth(text);
  if (!value || *value != std::floor(*value)) {
    std::vector<std::string> known = labels_;
    known.insert(known.end(), task_names_.begin(), task_names_.end());
    throw Error(ErrorKind::bad_input, fmt::format("{}: unknown label '{}'", where, printable(text)),
                printable(known_names_hint(text, known), 400));
  }
  if (*value == -1)
    throw Error(ErrorKind::bad_input, fmt::format("{}: label {} says that the row has no label", where, printable(text)),
                "test splits of Hugging Face are like that: take a split with labels, or leave the label column out");
  if (*value < 0 || *value >= static_cast<double>(labels_.size())) {
    throw Error(ErrorKind::bad_input, fmt::format("{}: label {} is outside 0…{}", where, printable(text), labels_.size() - 1),
                printable(fmt::format("the model's labels: {}", fmt::join(labels_, ", ")), 400));
  }
  return model_id_[static_cast<std::size_t>(*value)];
}

double LabelReader::read_number(std::string_view text, std::string_view where) const {
  const std::optional<double> value = number(text);
  if (!value) bad_input("{}: label '{}' is not a number, as task '{}' needs", where, printable(text), task_.name);
  if (task_.label_range && (*value < task_.label_range->first || *value > task_.label_range->second)) {
    throw Error(
        ErrorKind::bad_input,
        fmt::format("{}: label {} is outside {}…{}", where, printable(text), task_.label_range->first, task_.label_range->second),
        "task regression takes any number");
  }
  return *value;
}

}  // namespace hies::data
