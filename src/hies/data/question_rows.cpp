#include "hies/data/question_rows.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "hies/base/error.h"
#include "hies/data/columns.h"
#include "hies/data/labelled_rows.h"
#include "hies/data/question_gold.h"
#include "hies/data/selection.h"

namespace hies::data {
namespace {

std::optional<std::size_t> gold_column(const QuestionForm& form, const Table& table, const LoadOptions& options) {
  if (!options.label.empty()) return named_column(table, options.label);
  for (const std::string& name : form.gold_columns)
    if (const auto found = table.find(name)) return found;
  if (options.labels != LabelNeed::required) return std::nullopt;
  throw Error(ErrorKind::bad_input,
              fmt::format("{} has no column of right choices (looked for {})", table.source().string(),
                          fmt::join(form.gold_columns, ", ")),
              printable(fmt::format("columns: {}; name yours with `label`", fmt::join(table.names(), ", ")), 400));
}

// None without a column, or where it cannot be read and need not be. Warns of what was decided.
std::optional<GoldReader> gold_reader(const QuestionForm& form, const Table& table, std::optional<std::size_t> column,
                                      const LoadOptions& options, Progress& progress) {
  if (!column) return std::nullopt;
  try {
    GoldReader reader(form, table, *column);
    for (const std::string& remark : reader.remarks()) progress.warn(remark);
    return reader;
  } catch (const Error& error) {
    if (options.labels != LabelNeed::if_readable) throw;
    progress.warn(fmt::format("done without right choices: {}", error.what()));
    return std::nullopt;
  }
}

}  // namespace

const QuestionForm& form_of(const Table& table, const Task& task) {
  std::vector<std::string> known;
  for (const QuestionForm& form : task.questions) {
    const bool fits = std::all_of(form.columns.begin(), form.columns.end(),
                                  [&](const std::string& column) { return table.find(column).has_value(); });
    if (fits) return form;
    known.push_back(fmt::format("{}", fmt::join(form.columns, " + ")));
  }
  throw Error(ErrorKind::bad_input,
              fmt::format("{} has no columns that task '{}' knows (it looks for {})", table.source().string(), task.name,
                          fmt::join(known, "; or ")),
              printable(fmt::format("columns: {}", fmt::join(table.names(), ", ")), 400));
}

Question question_of(const QuestionForm& form, const Table& table, std::int64_t row) {
  const QuestionRow cells(table, row);
  Question question = form.question(cells);
  if (question.choices.size() < 2)
    bad_input("{}: a question with {} choices, but two are the least", cells.where(), question.choices.size());
  return question;
}

std::int64_t gold_of(const QuestionForm& form, const Table& table, std::int64_t row, std::size_t column,
                     const Question& question) {
  const QuestionRow cells(table, row);
  const std::int64_t gold = form.gold(cells.text(table.columns()[column]), cells);
  const std::int64_t last = std::ssize(question.choices) - 1;
  if (gold < 0 || gold > last) bad_input("{}: the right choice is {}, but the choices are 0 … {}", cells.where(), gold, last);
  return gold;
}

QuestionRows read_questions(const std::filesystem::path& file, const Task& task, const LoadOptions& options, Progress& progress) {
  const Table table = read_task_table(file, task, options, true);
  const QuestionForm& form = form_of(table, task);
  const std::optional<std::size_t> column = gold_column(form, table, options);
  std::optional<GoldReader> gold = gold_reader(form, table, column, options, progress);
  const auto is_missing = [&](std::int64_t row) { return gold && gold->is_missing(row); };
  QuestionRows rows;
  const std::vector<std::int64_t> candidates =
      labelled(all_rows(table.row_count()), "questions", file, is_missing, options, progress);
  for (const std::int64_t row : select_among(candidates, "questions", file, options, progress)) {
    rows.questions.push_back(question_of(form, table, row));
    rows.places.push_back(QuestionRow(table, row).where());
    rows.lines.push_back(table.line(row));
    if (!gold) continue;
    try {
      rows.labels.push_back(static_cast<double>(gold->read(row, rows.questions.back())));
    } catch (const Error& error) {
      if (options.labels != LabelNeed::if_readable) throw;
      progress.warn(fmt::format("done without right choices: {}", error.what()));
      gold.reset();
      rows.labels.clear();
    }
  }
  return rows;
}

}  // namespace hies::data
