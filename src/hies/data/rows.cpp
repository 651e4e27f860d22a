#include "hies/data/rows.h"

#include <fmt/ranges.h>

#include "hies/base/error.h"
#include "hies/data/columns.h"
#include "hies/data/labelled_rows.h"
#include "hies/data/selection.h"
#include "hies/data/table.h"
#include "hies/data/table_readers.h"
#include "hies/data/white_space.h"

namespace hies::data {
namespace {

struct Columns {
  std::size_t first = 0;
  std::optional<std::size_t> second;
  std::optional<std::size_t> label;
};

void find_texts(const Table& table, const Task& task, const LoadOptions& options, Columns& columns) {
  const bool named = !options.text.empty(), pair_named = !options.text_pair.empty();
  if (pair_named && task.text_count == TextCount::one) {
    throw Error(ErrorKind::bad_input, fmt::format("task '{}' reads one text, but a column of second texts is named", task.name),
                "use task pair-classification, or leave `text_pair` out");
  }
  if (named != pair_named && (pair_named || task.text_count == TextCount::two)) {
    bad_input("task '{}' reads pairs: `text` and `text_pair` go together, only {} is given", task.name,
              named ? "`text`" : "`text_pair`");
  }
  if (named) {
    columns.first = named_column(table, options.text);
    if (pair_named) columns.second = named_column(table, options.text_pair);
    return;
  }
  std::vector<std::string> usual;
  for (const Task::Texts& form : task.texts) {
    const auto first = table.find(form.first);
    const auto second = form.second.empty() ? std::nullopt : table.find(form.second);
    if (first && (form.second.empty() || second)) {
      columns.first = *first;
      columns.second = second;
      return;
    }
    usual.push_back(form.second.empty() ? form.first : fmt::format("{} + {}", form.first, form.second));
  }
  no_usual_column(table, task, "text", usual, task.text_count == TextCount::one ? "`text`" : "`text` and `text_pair`");
}

bool has_text(const Table& table, std::int64_t row, const Columns& columns) {
  const auto holds = [&](std::size_t column) { return !table.is_null(row, column) && !trim(table.text(row, column)).empty(); };
  return holds(columns.first) || (columns.second && holds(*columns.second));
}

// The rows that are chosen from: those with text if others are left out.
std::vector<std::int64_t> candidates(const Table& table, const Columns& columns, const LoadOptions& options, Progress& progress) {
  std::vector<std::int64_t> rows;
  for (std::int64_t row = 0; row < table.row_count(); ++row)
    if (!options.skip_empty || has_text(table, row, columns)) rows.push_back(row);
  if (options.skip_empty)
    warn_of_empty(table.source(), table.row_count() - std::ssize(rows), table.row_count(), "rows have no text", progress);
  return rows;
}

std::string text_of(const Table& table, std::int64_t row, std::size_t column) {
  if (table.is_null(row, column))
    throw Error(ErrorKind::bad_input,
                fmt::format("{} has no text in column '{}'", table.where(row), printable(table.columns()[column])),
                std::string(kSkipEmptyHint));
  const std::string& text = table.text(row, column);
  if (find_invalid_utf8(text) != std::string_view::npos)
    bad_input("{} is not UTF-8 in column '{}'", table.where(row), printable(table.columns()[column]));
  return text;
}

}  // namespace

std::string Rows::where(std::size_t row) const {
  return fmt::format("{}: {} {}", source.string(), numbered ? "row" : "line", lines[row]);
}

Rows load_rows(const std::filesystem::path& path, const Task& task, const LoadOptions& options, const model::ModelSpec& spec,
               Progress& progress) {
  check_selection(options);
  check_model_fits(task, spec);
  const Table table = read_task_table(path, task, options);
  if (table.skipped() > 0)
    progress.warn(fmt::format("{}: {} rows with too few fields are left out", path.string(), table.skipped()));
  Columns columns;
  find_texts(table, task, options, columns);
  columns.label = label_column(table, task, options);

  std::optional<LabelColumn> labels;
  if (columns.label) labels = label_cells(table, *columns.label);
  LabelledRows chosen =
      choose_rows(candidates(table, columns, options, progress), "rows", path, std::move(labels), task, options, spec, progress);
  Rows rows;
  rows.source = path;
  rows.pairs = columns.second.has_value();
  rows.numbered = table.numbers_rows();
  for (const std::int64_t row : chosen.rows) {
    rows.texts.push_back(text_of(table, row, columns.first));
    if (columns.second) rows.pair_texts.push_back(text_of(table, row, *columns.second));
    rows.lines.push_back(table.line(row));
  }
  rows.has_labels = !chosen.labels.empty();
  rows.labels = std::move(chosen.labels);
  return rows;
}

}  // namespace hies::data
