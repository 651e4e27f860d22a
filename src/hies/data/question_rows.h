#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "hies/base/progress.h"
#include "hies/data/dataset.h"
#include "hies/data/question.h"
#include "hies/data/rows.h"
#include "hies/data/task.h"

namespace hies::data {

// The chosen questions of a file, as texts.
struct QuestionRows {
  std::vector<Question> questions;   // [N]
  std::vector<std::string> places;   // [N] "arc.jsonl: line 7"
  std::vector<std::int64_t> lines;   // [N]
  std::vector<std::int64_t> groups;  // [N] index into subjects; empty where there are none
  std::vector<double> labels;        // [N] index of the right choice, or empty
  std::vector<Dataset::Group> subjects;

  std::int64_t size() const noexcept { return static_cast<std::int64_t>(questions.size()); }
};

// Errors as load_questions.
QuestionRows read_questions(const std::filesystem::path& file, const Task& task, const LoadOptions& options, Progress& progress);

// The questions of subjects: `path` is a folder that holds the folders dev and test, one of these folders (or val), or one file of
// them, "anatomy_test.csv". Each question stands behind the subject's introduction and the first LoadOptions::shots questions of the
// dev folder beside it with their answers (lm-evaluation-harness's prompt).
QuestionRows read_subjects(const std::filesystem::path& path, const Task& task, const LoadOptions& options, Progress& progress);

// The rest is for these two.

// Which form of the task's questions a table has. Throws bad_input.
const QuestionForm& form_of(const Table& table, const Task& task);
// One row's question. Throws bad_input unless it has two choices.
Question question_of(const QuestionForm& form, const Table& table, std::int64_t row);
// Index of its right choice. Throws bad_input when there is no such choice.
std::int64_t gold_of(const QuestionForm& form, const Table& table, std::int64_t row, std::size_t column,
                     const Question& question);

}  // namespace hies::data
