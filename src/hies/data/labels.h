#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hies/data/label_names.h"
#include "hies/data/table.h"
#include "hies/data/task.h"
#include "hies/model/spec.h"

namespace hies::data {

// The labels of a data set as they stand there. N rows.
struct LabelColumn {
  std::filesystem::path source;
  std::string name;                                // as messages name it: "column 'label'", "the class folders"
  ColumnType type = {};                            // what the source says of it
  std::vector<std::string> folders = {};           // where the labels are names of folders: all of these, sorted
  std::vector<std::optional<std::string>> cells;   // [N] none where nothing stands
  std::function<std::string(std::int64_t)> place;  // of a row, as messages begin: "dev.tsv: line 7"
};

// The labels of a table.
LabelColumn label_cells(const Table& table, std::size_t column);

// Throws bad_input for a row that has no label (says_no_label); `missing` of all `count` rows have none.
[[noreturn]] void refuse_missing_label(const std::string& place, const std::string& column, std::string_view label,
                                       std::int64_t missing, std::int64_t count);

// What all labels of a column are.
enum class LabelMeaning {
  names,  // label names of the model (LabelNames::by_name)
  ids,    // integers from 0 (LabelNames::by_id)
  truth,  // false and true, of two labels (LabelNames::by_truth)
};

// Turns the labels of a data set into what the model predicts: class ids of the model, or numbers. For classes, what a label means is
// decided once, for the whole column, from all its values; values that are no label in any meaning count for nothing, but a number
// among numbers is refused. Numbers (as JSON and Parquet have them) are ids if all of them can be, else names, else truth. Texts, cells
// of TSV and CSV, and names of class folders are names if all of them can be, else ids, else truth. Where the source names its classes
// (ClassLabel of the Hugging Face hub, CIFAR), these names are read in place of the numbers. Class folders, or classes that a source
// names, of which the model knows none are taken in their order if there are as many as the model has labels; classes also where the
// model's labels are placeholders (LABEL_0). For regression: finite numbers, within the task's range when it has one.
class LabelReader {
 public:
  // Throws bad_input for a column that has no single meaning, for a column of numbers one of which is no label, for folders and
  // classes that are not the model's labels, and for two of them that are the same label. `task` must outlive the reader.
  LabelReader(const Task& task, const model::ModelSpec& spec, LabelColumn column);

  // Returns true where the row has no label: says_no_label, unless that is a label of the model or, for regression, a number.
  bool is_missing(std::int64_t row) const;
  // Returns the label of a row. Throws bad_input, which names the row, where there is none, or one that the model does not know.
  double read(std::int64_t row) const;
  // One line for each decision that is not obvious.
  const std::vector<std::string>& remarks() const noexcept { return remarks_; }

 private:
  using Class = std::optional<int>;

  Class class_of(std::string_view text, LabelMeaning meaning) const;
  Class class_of(std::int64_t row) const;
  // Place in classes_ of what a row names.
  std::optional<std::size_t> listed_class(std::int64_t row) const;
  std::string_view text(std::int64_t row) const;

  // label_decision.cpp
  void decide_values();
  void choose_meaning(const std::vector<std::string_view>& values);
  void decide_classes(const std::vector<std::string>& names);
  bool decide_classes_by(LabelMeaning meaning, const std::vector<std::string>& names);
  void take_in_order(const std::vector<std::string>& names);
  void refuse_splits() const;
  void refuse_merged(const std::vector<std::string>& names) const;
  [[noreturn]] void refuse_classes(const std::vector<std::string>& names) const;
  void remark_choice(const std::vector<std::string_view>& values);
  // How messages name the classes that the source lists.
  std::string listed_name() const;

  double read_number(std::int64_t row) const;
  [[noreturn]] void refuse_class(std::int64_t row) const;
  [[noreturn]] void refuse_missing(std::int64_t row) const;

  const Task& task_;
  LabelNames names_;
  LabelColumn column_;
  LabelMeaning meaning_ = LabelMeaning::names;
  std::vector<Class> classes_;  // of each class that the source names; none: not one of the model's
  std::vector<std::string> remarks_;
};

}  // namespace hies::data
