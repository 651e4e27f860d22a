#include "hies/data/question_gold.h"

#include "hies/base/error.h"
#include "hies/data/label_names.h"
#include "hies/data/labels.h"
#include "hies/data/question_rows.h"

namespace hies::data {

GoldReader::GoldReader(const QuestionForm& form, const Table& table, std::size_t column)
    : form_(form), table_(table), column_(column) {
  if (form_.gold == nullptr) decide();
}

std::optional<std::int64_t> GoldReader::choices_of(std::int64_t row) const {
  try {
    return std::ssize(QuestionRow(table_, row).texts("choices"));
  } catch (const Error&) {  // a damaged question, which is refused where it is chosen
    return std::nullopt;
  }
}

GoldReader::Choice GoldReader::choice_of(std::int64_t row, Kind kind) const {
  const std::optional<std::int64_t> count = choices_of(row);
  if (!count) return std::nullopt;
  const QuestionRow cells(table_, row);
  const std::string& text = table_.text(row, column_);
  Choice choice = kind == Kind::choices ? find_choice(text, cells) : find_index(text, cells);
  if (!choice && kind == Kind::positions) choice = find_letter(text, cells);
  return choice && *choice >= 0 && *choice < *count ? choice : std::nullopt;
}

void GoldReader::decide() {
  std::optional<std::int64_t> no_choice, no_position;  // the first row that is only the other
  std::optional<std::int64_t> stray;                   // the first row with an index that has no choice
  bool differs = false, any = false;
  for (std::int64_t row = 0; row < table_.row_count(); ++row) {
    if (table_.is_null(row, column_)) continue;
    const Choice choice = choice_of(row, Kind::choices), position = choice_of(row, Kind::positions);
    if (choice && !position && !no_position) no_position = row;
    if (position && !choice && !no_choice) no_choice = row;
    differs |= choice && position && choice != position;
    any |= choice || position;
    const std::string& text = table_.text(row, column_);
    if (!choice && !position && !stray && find_index(text, QuestionRow(table_, row)) && !says_no_label(text) && choices_of(row))
      stray = row;
  }
  const std::string what =
      fmt::format("{}: the right choices of column '{}'", table_.source().string(), printable(table_.columns()[column_]));
  const auto shown = [&](std::int64_t row) { return printable(table_.text(row, column_), 40); };
  if (no_choice && no_position)
    throw Error(ErrorKind::bad_input,
                fmt::format("{} are of two kinds: '{}' is none of its row's choices, but '{}' is no index or letter", what,
                            shown(*no_choice), shown(*no_position)),
                "write all of them in one way");
  const bool are_numbers = table_.type(column_).values == ColumnType::Values::numbers;
  kind_ = no_choice || (are_numbers && !no_position) ? Kind::positions : Kind::choices;
  if (any && stray && kind_ == Kind::positions) refuse(*stray, *choices_of(*stray));  // indices from 1, for instance
  if (differs)
    remarks_.push_back(
        fmt::format("{} are read as {}", what,
                    kind_ == Kind::choices ? "choices, not as their indices" : "indices of choices, not as choices"));
}

bool GoldReader::is_missing(std::int64_t row) const {
  if (table_.is_null(row, column_)) return true;
  return says_no_label(table_.text(row, column_)) && !(kind_ && choice_of(row, *kind_));
}

std::int64_t GoldReader::read(std::int64_t row, const Question& question) const {
  const std::string where = QuestionRow(table_, row).where();
  const std::string text = table_.is_null(row, column_) ? "" : table_.text(row, column_);
  if (is_missing(row)) {
    std::int64_t missing = 0;
    for (std::int64_t other = 0; other < table_.row_count(); ++other) missing += is_missing(other);
    refuse_missing_label(where, fmt::format("column '{}'", printable(table_.columns()[column_])), trimmed(text), missing,
                         table_.row_count());
  }
  if (!kind_) return gold_of(form_, table_, row, column_, question);
  if (const auto choice = choice_of(row, *kind_)) return *choice;
  refuse(row, std::ssize(question.choices));
}

void GoldReader::refuse(std::int64_t row, std::int64_t choices) const {
  const QuestionRow cells(table_, row);
  const std::string& text = table_.text(row, column_);
  const Choice index = find_index(text, cells), letter = find_letter(text, cells);
  if (index || letter)
    bad_input("{}: the right choice is {}, but the choices are 0 … {}", cells.where(), index ? *index : *letter, choices - 1);
  bad_input("{}: '{}' does not name a right choice, which is an index from 0, a letter from A, or one of the choices",
            cells.where(), printable(text));
}

}  // namespace hies::data
