#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "hies/data/task.h"
#include "hies/model/spec.h"

namespace hies::data {

// Returns the text without white space at its ends.
std::string_view trimmed(std::string_view text);
// Returns the integer that a text is ("1", "1.0"); none for other texts.
std::optional<std::int64_t> whole_number(std::string_view text);
// Returns true for what data sets write where a row has no label: nothing, "-" and -1 (SNLI; test splits).
bool says_no_label(std::string_view text);

// What a single text is as a label of a model, by each way of writing labels. Which of them a file means is not known here
// (LabelReader).
class LabelNames {
 public:
  LabelNames(const Task& task, const model::ModelSpec& spec);

  // The class of this name, in any case, with '_', '-' and ' ' taken as equal. Names of the task count where the model's labels are
  // just LABEL_0, LABEL_1, …; "1.0" is the name "1". None for other texts, and for a name that two labels have.
  std::optional<int> by_name(std::string_view text) const;
  // The class of this id. Ids of a GLUE task count in the task's order and go by name to the model's id when the model names the
  // same labels (a MNLI model may have another order); otherwise the orders are taken to be equal.
  std::optional<int> by_id(std::string_view text) const;
  std::optional<int> by_id(std::int64_t id) const;
  // Of two labels, false and true are the ids 0 and 1.
  std::optional<int> by_truth(std::string_view text) const;
  // Position of a name in the task's list of labels.
  std::optional<int> place_in_task(std::string_view text) const;

  const std::vector<std::string>& labels() const noexcept { return labels_; }
  std::int64_t last_id() const noexcept { return static_cast<std::int64_t>(labels_.size()) - 1; }
  // True where nobody named the model's labels: LABEL_0, LABEL_1, …
  bool are_placeholders() const noexcept { return are_placeholders_; }
  // True when ids could not be matched by name although task and model have names: worth a warning.
  bool order_is_assumed() const noexcept { return order_is_assumed_; }
  // All names that by_name knows.
  std::vector<std::string> known() const;

 private:
  // Where the names of a list are, as they are written and in lower case; -1 for those that are there twice.
  struct Index {
    std::unordered_map<std::string, int> exact, folded;
    explicit Index(const std::vector<std::string>& names);
    std::optional<int> find(std::string_view name) const;
  };

  std::vector<std::string> labels_;  // in order of id
  std::vector<std::string> task_labels_;
  Index index_, task_index_;
  std::vector<int> model_id_;  // of each id in a file
  bool are_placeholders_ = false, order_is_assumed_ = false;
};

}  // namespace hies::data
