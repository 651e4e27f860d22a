#include "hies/data/table.h"

#include <algorithm>
#include <array>
#include <unordered_set>

#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/data/table_readers.h"

namespace hies::data {
namespace {

struct FormatName {
  std::string_view extension;
  TableFormat format;
};
constexpr std::array kFormats = {
    FormatName{".tsv", TableFormat::tsv},         FormatName{".csv", TableFormat::csv},
    FormatName{".jsonl", TableFormat::jsonl},     FormatName{".json", TableFormat::json},
    FormatName{".parquet", TableFormat::parquet}, FormatName{".txt", TableFormat::text},
};

TableFormat format_of(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  for (char& c : extension) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  for (const FormatName& known : kFormats) {
    if (known.extension == extension) return known.format;
  }
  throw Error(ErrorKind::bad_input, fmt::format("{}: unknown kind of data file '{}'", path.string(), printable(extension)),
              "known: .tsv, .csv, .jsonl, .json, .parquet, .txt");
}

}  // namespace

Table::Table(std::filesystem::path source, std::vector<std::string> columns)
    : source_(std::move(source)), columns_(std::move(columns)) {}

std::optional<std::size_t> Table::find(std::string_view column) const {
  const auto found = std::find(columns_.begin(), columns_.end(), column);
  if (found == columns_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - columns_.begin());
}

std::string Table::place(std::int64_t row) const { return fmt::format("{} {}", numbered_rows_ ? "row" : "line", line(row)); }

void Table::add_row(std::int64_t line, std::vector<std::optional<std::string>> cells) {
  check(cells.size() == columns_.size(), "a row has as many cells as the table has columns");
  for (std::optional<std::string>& cell : cells) {
    nulls_.push_back(cell.has_value() ? 0 : 1);
    cells_.push_back(cell.has_value() ? std::move(*cell) : std::string());
  }
  lines_.push_back(line);
}

void check_columns(const std::filesystem::path& path, const std::vector<std::string>& columns) {
  std::unordered_set<std::string_view> seen;
  for (const std::string& column : columns) {
    if (!seen.insert(column).second) bad_input("{}: two columns are named '{}'", path.string(), printable(column));
  }
}

Table read_table(const std::filesystem::path& path, const TableOptions& options) {
  const TableFormat format = options.format == TableFormat::automatic ? format_of(path) : options.format;
  check(options.header == Header::yes || !options.columns.empty(), "a table without header needs column names");
  const MappedFile file(path);
  if (file.bytes().empty()) bad_input("{} is empty", path.string());
  const auto read = [&]() -> Table {
    if (format == TableFormat::parquet) return read_parquet(path, file.bytes(), options);
    const std::string_view content =
        without_byte_order_mark({reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()});
    check_utf8(path, content);
    if (content.find_first_not_of(" \t\r\n") == std::string_view::npos) bad_input("{} is empty", path.string());
    switch (format) {
      case TableFormat::tsv: return read_tsv(path, content, options);
      case TableFormat::csv: return read_csv(path, content, options);
      case TableFormat::text: return read_text_lines(path, content);
      default: return read_json_table(path, content, options);
    }
  };
  Table table = read();
  if (table.row_count() == 0) bad_input("{} has no rows", path.string());
  return table;
}

}  // namespace hies::data
