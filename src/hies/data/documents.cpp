#include "hies/data/documents.h"

#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/base/plain_text.h"
#include "hies/data/columns.h"
#include "hies/data/data_files.h"
#include "hies/data/selection.h"
#include "hies/data/table.h"
#include "hies/data/table_readers.h"
#include "hies/data/white_space.h"

namespace hies::data {
namespace {

// What transformers' guides and the papers on pruning put between the rows of WikiText.
constexpr std::string_view kRowDelimiter = "\n\n";

Document whole_file(const std::filesystem::path& file) {
  std::string text = with_unix_line_ends(std::string(checked_text(file, read_file(file))));
  if (trim_end(text).empty()) bad_input("{} is empty", file.string());
  return {std::move(text), 1, file.string()};
}

class Reader {
 public:
  Reader(const Table& table, std::size_t column, const Task& task, const LoadOptions& options)
      : table_(table), column_(column), options_(options), may_join_(task.input_kind == InputKind::documents) {}

  std::vector<Document> documents(Progress& progress) const {
    std::vector<Document> documents;
    for (std::int64_t row = 0; row < table_.row_count(); ++row) {
      const std::string& text = checked(row);
      if (options_.skip_empty && trim(text).empty()) continue;
      if (text.empty()) refuse_empty(row, "is empty");
      documents.push_back({text, table_.line(row), table_.where(row)});
    }
    warn_of_empty(table_.source(), table_.row_count() - std::ssize(documents), table_.row_count(), "rows have no text", progress);
    return documents;
  }

  Document joined() const {
    Document whole{"", table_.line(0), table_.source().string()};
    for (std::int64_t row = 0; row < table_.row_count(); ++row) {
      if (row > 0) whole.text += kRowDelimiter;
      whole.text += checked(row);
    }
    if (trim(whole.text).empty()) bad_input("{}: none of its {} rows has text", table_.source().string(), table_.row_count());
    return whole;
  }

 private:
  const std::string& checked(std::int64_t row) const {
    if (table_.is_null(row, column_) && !options_.skip_empty && !options_.join_rows) refuse_empty(row, "has no text");
    const std::string& text = table_.text(row, column_);  // "" of null
    if (find_invalid_utf8(text) != std::string_view::npos)
      bad_input("{} is not UTF-8 in column '{}'", table_.where(row), printable(table_.columns()[column_]));
    return text;
  }

  [[noreturn]] void refuse_empty(std::int64_t row, std::string_view what) const {
    throw Error(
        ErrorKind::bad_input, fmt::format("{} {} in column '{}'", table_.where(row), what, printable(table_.columns()[column_])),
        may_join_ ? fmt::format("{}, or judge all rows as one text with `join_rows`, as is usual for WikiText", kSkipEmptyHint)
                  : std::string(kSkipEmptyHint));
  }

  const Table& table_;
  std::size_t column_;
  const LoadOptions& options_;
  bool may_join_;
};

}  // namespace

std::vector<Document> load_documents(const std::filesystem::path& file, const Task& task, const LoadOptions& options,
                                     Progress& progress) {
  if (!options.text_pair.empty()) bad_input("task '{}' reads one text, but a column of second texts is named", task.name);
  if (task.input_kind == InputKind::documents && lower_extension(file) == ".txt" && !is_folder(file)) return {whole_file(file)};
  const Table table = read_task_table(file, task, options);
  const Reader reader(table, text_column(table, task, options), task, options);
  return options.join_rows ? std::vector<Document>{reader.joined()} : reader.documents(progress);
}

}  // namespace hies::data
