#include "hies/data/rows.h"

#include <fmt/ranges.h>

#include "hies/base/error.h"
#include "hies/data/columns.h"
#include "hies/data/labels.h"
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

// The chosen rows, of those with text if others are left out.
std::vector<std::int64_t> chosen_rows(const Table& table, const Columns& columns, const LoadOptions& options,
                                      Progress& progress) {
  if (!options.skip_empty) return select(table.row_count(), "rows", table.source(), options, progress);
  std::vector<std::int64_t> with_text;
  for (std::int64_t row = 0; row < table.row_count(); ++row)
    if (has_text(table, row, columns)) with_text.push_back(row);
  warn_of_empty(table.source(), table.row_count() - std::ssize(with_text), table.row_count(), "rows have no text", progress);
  std::vector<std::int64_t> chosen = select(std::ssize(with_text), "rows with text", table.source(), options, progress);
  for (std::int64_t& row : chosen) row = with_text[static_cast<std::size_t>(row)];
  return chosen;
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

double label_of(const Table& table, std::int64_t row, std::size_t column, const LabelReader& reader) {
  if (table.is_null(row, column))
    bad_input("{} has no label in column '{}'", table.where(row), printable(table.columns()[column]));
  return reader.read(table.text(row, column), table.where(row));
}

}  // namespace

std::string Rows::where(std::size_t row) const {
  return fmt::format("{}: {} {}", source.string(), numbered ? "row" : "line", lines[row]);
}

Rows load_rows(const std::filesystem::path& path, const Task& task, const LoadOptions& options, const model::ModelSpec& spec,
               Progress& progress) {
  check_selection(options);
  const LabelReader reader(task, spec);
  const Table table = read_task_table(path, task, options);
  if (table.skipped() > 0)
    progress.warn(fmt::format("{}: {} rows with too few fields are left out", path.string(), table.skipped()));
  Columns columns;
  find_texts(table, task, options, columns);
  columns.label = label_column(table, task, options);

  Rows rows;
  rows.source = path;
  rows.pairs = columns.second.has_value();
  rows.numbered = table.numbers_rows();
  const std::vector<std::int64_t> order = chosen_rows(table, columns, options, progress);
  for (const std::int64_t row : order) {
    rows.texts.push_back(text_of(table, row, columns.first));
    if (columns.second) rows.pair_texts.push_back(text_of(table, row, *columns.second));
    rows.lines.push_back(table.line(row));
  }
  if (!columns.label) return rows;
  try {
    for (const std::int64_t row : order) rows.labels.push_back(label_of(table, row, *columns.label, reader));
  } catch (const Error& error) {
    if (options.labels != LabelNeed::if_readable) throw;
    progress.warn(fmt::format("done without labels: {}", error.what()));
    rows.labels.clear();
  }
  rows.has_labels = !rows.labels.empty();
  if (rows.has_labels && reader.order_is_assumed()) {
    progress.warn(
        fmt::format("the model's labels ({}) are not named like those of task '{}' ({}): integers are taken in this order",
                    fmt::join(spec.labels, ", "), task.name, fmt::join(task.labels, ", ")));
  }
  return rows;
}

}  // namespace hies::data
