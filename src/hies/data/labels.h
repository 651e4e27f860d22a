#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hies/data/task.h"
#include "hies/model/spec.h"

namespace hies::data {

// Turns the text of a label cell into what the model predicts: a class id of the model, or a number.
//   classes  a label name of the model, in any case, with '_', '-' and ' ' taken as equal; or an integer ("1", "1.0").
//            Integers of a GLUE task count in the task's order and go by name to the model's id when the model names the same
//            labels (a MNLI model may have another order); otherwise the orders are taken to be equal. A name of the task is also
//            accepted when the model's labels are just LABEL_0, LABEL_1, … Where there are two labels, false and true are 0 and 1.
//            -1 is how data sets mark rows that have no label: an error of its own.
//   numbers  finite, within the task's range when it has one
class LabelReader {
 public:
  // Throws bad_input when the model cannot answer the task (check_model_fits).
  LabelReader(const Task& task, const model::ModelSpec& spec);

  // `where` ("dev.tsv: line 7") begins the message of the bad_input that is thrown for any other text.
  double read(std::string_view text, std::string_view where) const;

  // The id of a label that goes by this name; none where the model knows no such name.
  std::optional<int> find(std::string_view name) const;

  // True when integers could not be matched by name although both sides have names: worth a warning.
  bool order_is_assumed() const noexcept { return order_is_assumed_; }

 private:
  double read_class(std::string_view text, std::string_view where) const;
  double read_number(std::string_view text, std::string_view where) const;

  const Task& task_;
  std::vector<std::string> labels_;      // the model's, in order of id
  std::vector<std::string> task_names_;  // in the task's order, where they may stand for the model's labels; else empty
  std::vector<int> model_id_;            // of each integer label
  bool order_is_assumed_ = false;
};

}  // namespace hies::data
