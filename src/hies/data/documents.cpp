#include "hies/data/documents.h"

#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/data/columns.h"
#include "hies/data/table.h"
#include "hies/data/table_readers.h"
#include "hies/data/white_space.h"

namespace hies::data {
namespace {

bool is_plain_text(const std::filesystem::path& file) {
  const std::string extension = file.extension().string();
  return extension == ".txt" || extension == ".TXT";
}

Document whole_file(const std::filesystem::path& file) {
  std::string text = read_file(file);
  text.erase(0, text.size() - without_byte_order_mark(text).size());
  check_utf8(file, text);
  if (trim_end(text).empty()) bad_input("{} is empty", file.string());
  return {std::move(text), 1};
}

}  // namespace

std::vector<Document> load_documents(const std::filesystem::path& file, const Task& task, const LoadOptions& options) {
  if (!options.text_pair.empty()) bad_input("task '{}' reads one text, but a column of second texts is named", task.name);
  std::vector<Document> documents;
  if (task.input_kind == InputKind::documents && is_plain_text(file)) {
    documents.push_back(whole_file(file));
    return documents;
  }
  const Table table = read_table(file);
  const std::size_t column = text_column(table, task, options);
  for (std::int64_t row = 0; row < table.row_count(); ++row) {
    const std::string where = fmt::format("{}: {}", file.string(), table.place(row));
    if (table.is_null(row, column)) bad_input("{} has no text in column '{}'", where, printable(table.columns()[column]));
    const std::string& text = table.text(row, column);
    if (find_invalid_utf8(text) != std::string_view::npos)
      bad_input("{} is not UTF-8 in column '{}'", where, printable(table.columns()[column]));
    if (text.empty())
      throw Error(ErrorKind::bad_input, fmt::format("{} is empty in column '{}'", where, printable(table.columns()[column])),
                  "an empty text cannot be judged: leave the row out");
    documents.push_back({text, table.line(row)});
  }
  return documents;
}

}  // namespace hies::data
