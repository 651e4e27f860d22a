#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hies/data/table.h"

namespace hies::data {

// A question with choices as lm-evaluation-harness asks it: the choice is taken whose `continuation` is most likely after `context`.
struct Question {
  struct AnswerChoice {
    std::string context;
    std::string continuation;
    std::string text;  // whose length acc_norm and acc_bytes divide by
  };
  std::vector<AnswerChoice> choices;
};

// What stands between a context and its continuation.
inline constexpr std::string_view kTargetDelimiter = " ";

// One context, and the choices as they go on.
Question ask(const std::string& context, const std::vector<std::string>& choices);
// Partial evaluation: one continuation after each of several contexts.
Question ask_partial(const std::vector<std::string>& contexts, const std::string& continuation);

// One row of a file of questions. Everything throws bad_input that names the row.
class QuestionRow {
 public:
  QuestionRow(const Table& table, std::int64_t row) : table_(table), row_(row) {}

  std::string text(std::string_view column) const;
  // A list of texts; with `member`, the one that stands in an object under this name.
  std::vector<std::string> texts(std::string_view column, std::string_view member = {}) const;
  // "arc.jsonl: line 7"
  std::string where() const;

 private:
  const Table& table_;
  std::int64_t row_;
};

// One known form of a task's files: its columns, and what is asked with them. Where the file's own wording is there ("query"), it is
// used as it stands; otherwise the wording is that of lm-evaluation-harness.
struct QuestionForm {
  std::vector<std::string> columns;       // that a file of this form has
  std::vector<std::string> gold_columns;  // of the right choice, the first that the file has is taken
  Question (*question)(const QuestionRow& row) = nullptr;
  // Index of the right choice from what stands in the gold column. Need not look whether there is such a choice. None where the column
  // may hold indices from 0, letters from A, or the choices of "choices" themselves, as people write by hand (GoldReader).
  std::int64_t (*gold)(const std::string& text, const QuestionRow& row) = nullptr;
};

// The form that this project's and many other files have: query, choices, gold.
QuestionForm query_form();
// context_options, continuation, gold: partial evaluation.
QuestionForm partial_form();

// The index of a choice by its text, by its index from 0, by its letter from A; none where the text is none of that kind.
std::optional<std::int64_t> find_choice(const std::string& text, const QuestionRow& row);
std::optional<std::int64_t> find_index(const std::string& text, const QuestionRow& row);
std::optional<std::int64_t> find_letter(const std::string& text, const QuestionRow& row);

// Right choices as files name them: an index from 0; a number from 1; a letter from A; true or false for 1 or 0.
std::int64_t gold_index(const std::string& text, const QuestionRow& row);
std::int64_t gold_number(const std::string& text, const QuestionRow& row);
std::int64_t gold_letter(const std::string& text, const QuestionRow& row);
std::int64_t gold_flag(const std::string& text, const QuestionRow& row);
// One of the labels in the object "choices" (AI2's files).
std::int64_t gold_of_labels(const std::string& text, const QuestionRow& row);

}  // namespace hies::data
