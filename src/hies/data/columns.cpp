#include "hies/data/columns.h"

#include <fmt/ranges.h>

#include "hies/base/error.h"
#include "hies/base/suggest.h"

namespace hies::data {

std::size_t named_column(const Table& table, const std::string& name) {
  if (const auto found = table.find(name)) return *found;
  throw Error(ErrorKind::bad_input, fmt::format("{} has no column '{}'", table.source().string(), printable(name)),
              printable(known_names_hint(name, table.columns()), 400));
}

void no_usual_column(const Table& table, const Task& task, std::string_view what, const std::vector<std::string>& usual,
                     std::string_view flags) {
  throw Error(ErrorKind::bad_input,
              fmt::format("{} has no {} column that task '{}' knows (it looks for {})", table.source().string(), what, task.name,
                          fmt::join(usual, ", ")),
              printable(fmt::format("columns: {}; name yours with {}", fmt::join(table.columns(), ", "), flags), 400));
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
