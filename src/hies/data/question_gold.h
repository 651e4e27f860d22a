#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "hies/data/question.h"
#include "hies/data/table.h"

namespace hies::data {

// The right choices of a table of questions. Where the form leaves open how they are written, that is decided once for the whole column:
// numbers (as JSON and Parquet have them) are indices from 0 if all of them can be, else choices; texts are choices if all of them can
// be, else indices or letters from A. Rows that can be read in no such way count for nothing, but among indices one that
// has no choice is refused.
class GoldReader {
 public:
  // Throws bad_input for a column that has no single meaning, or an index without choice. `table` must outlive the reader.
  GoldReader(const QuestionForm& form, const Table& table, std::size_t column);

  // Returns true where nothing stands, or what says that there is no label (says_no_label).
  bool is_missing(std::int64_t row) const;
  // Returns the index of a question's right choice. Throws bad_input, which names the row, where there is none.
  std::int64_t read(std::int64_t row, const Question& question) const;
  // One line for a decision that is not obvious.
  const std::vector<std::string>& remarks() const noexcept { return remarks_; }

 private:
  enum class Kind { choices, positions };
  using Choice = std::optional<std::int64_t>;

  void decide();
  // What a row is as one of a kind; none where it is no such thing, or no choice of its question.
  Choice choice_of(std::int64_t row, Kind kind) const;
  // How many choices a row has; none where it is damaged.
  std::optional<std::int64_t> choices_of(std::int64_t row) const;
  // Throws bad_input for a row whose right choice is none of its choices.
  [[noreturn]] void refuse(std::int64_t row, std::int64_t choices) const;

  QuestionForm form_;
  const Table& table_;
  std::size_t column_;
  std::optional<Kind> kind_;  // where the form leaves it open
  std::vector<std::string> remarks_;
};

}  // namespace hies::data
