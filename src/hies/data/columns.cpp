#include "hies/data/columns.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "hies/base/error.h"
#include "hies/base/suggest.h"
#include "hies/data/table_readers.h"

namespace hies::data {

namespace {

// What else may be wrong where a column is not there: its file has another separator, or no header.
std::string_view other_causes(const Table& table) {
  if (!table.has_header_line()) return "";
  const bool is_one = table.columns().size() == 1;
  if (is_one && table.columns().front().find_first_of(";\t,|") != std::string::npos)
    return "; are fields separated as the file's name says? .csv: by commas, .tsv: by tabs";
  return "; if the first line is a row already, name all columns with `columns`";
}

std::vector<std::string> split_at_commas(std::string_view text) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t comma = std::min(text.find(',', begin), text.size());
    parts.emplace_back(text.substr(begin, comma - begin));
    begin = comma + 1;
  }
  return parts;
}

TableOptions table_options(const Task& task, const LoadOptions& options) {
  TableOptions reading;
  reading.skip_short_rows = task.skip_short_rows;
  if (!options.columns.empty()) {
    reading.header = Header::detect;
    reading.columns = split_at_commas(options.columns);
    check_columns("`columns`", reading.columns);
    return reading;
  }
  if (task.headerless_columns.empty()) return reading;
  reading.header = Header::detect;
  reading.columns = task.headerless_columns;
  for (const Task::Texts& form : task.texts) reading.marks.push_back(form.first);
  return reading;
}

}  // namespace

Table read_task_table(const std::filesystem::path& path, const Task& task, const LoadOptions& options, bool keep_nested) {
  TableOptions form = table_options(task, options);
  form.keep_nested = keep_nested;
  Table table = read_table(path, form);
  std::erase(form.columns, "");  // such columns have no name
  if (!options.columns.empty() && table.names() != form.columns)
    throw Error(ErrorKind::bad_input,
                fmt::format("`columns` is for .tsv and .csv files, but {} names its columns itself", path.string()),
                printable(fmt::format("columns: {}", fmt::join(table.names(), ", ")), 400));
  return table;
}

std::size_t named_column(const Table& table, const std::string& name) {
  if (const auto found = table.find(name)) return *found;
  throw Error(ErrorKind::bad_input, fmt::format("{} has no column '{}'", table.source().string(), printable(name)),
              printable(known_names_hint(name, table.names()), 400) + std::string(other_causes(table)));
}

void no_usual_column(const Table& table, const Task& task, std::string_view what, const std::vector<std::string>& usual,
                     std::string_view flags) {
  throw Error(ErrorKind::bad_input,
              fmt::format("{} has no {} column that task '{}' knows (it looks for {})", table.source().string(), what, task.name,
                          fmt::join(usual, ", ")),
              printable(fmt::format("columns: {}; name yours with {}", fmt::join(table.names(), ", "), flags), 400) +
                  std::string(other_causes(table)));
}

std::size_t text_column(const Table& table, const Task& task, const LoadOptions& options) {
  if (!options.text.empty()) return named_column(table, options.text);
  std::vector<std::string> usual;
  for (const Task::Texts& form : task.texts) {
    if (const auto found = table.find(form.first)) return *found;
    usual.push_back(form.first);
  }
  no_usual_column(table, task, task.input_kind == InputKind::images ? "image" : "text", usual, "`text`");
}

std::optional<std::size_t> label_column(const Table& table, const Task& task, const LoadOptions& options) {
  if (!options.label.empty()) return named_column(table, options.label);
  for (const std::string& name : task.label_columns)
    if (const auto found = table.find(name)) return found;
  if (options.labels == LabelNeed::required) no_usual_column(table, task, "label", task.label_columns, "`label`");
  return std::nullopt;
}

}  // namespace hies::data
