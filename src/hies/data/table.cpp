#include "hies/data/table.h"

#include <algorithm>
#include <array>
#include <unordered_set>

#include <fmt/ranges.h>

#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/base/lfs_pointer.h"
#include "hies/data/data_files.h"
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
  const std::string extension = lower_extension(path);
  for (const FormatName& known : kFormats) {
    if (known.extension == extension) return known.format;
  }
  constexpr std::array<std::string_view, 5> kCompressed = {".gz", ".bz2", ".xz", ".zst", ".zip"};
  const bool compressed = std::find(kCompressed.begin(), kCompressed.end(), extension) != kCompressed.end();
  throw Error(
      ErrorKind::bad_input, fmt::format("{}: unknown kind of data file '{}'", path.string(), printable(extension)),
      fmt::format("{}known: .tsv, .csv, .jsonl, .json, .parquet, .txt (plain text)", compressed ? "decompress it first; " : ""));
}

Table read_file_table(const std::filesystem::path& file, const std::vector<std::string>& members, const TableOptions& options) {
  const MappedFile mapped(file);
  const TableFormat format = options.format == TableFormat::automatic ? format_of(file) : options.format;
  if (mapped.bytes().empty()) bad_input("{} is empty", file.string());
  const std::string_view content(reinterpret_cast<const char*>(mapped.bytes().data()), mapped.bytes().size());
  std::filesystem::path name = file;
  for (const std::string& member : members) name /= member;
  switch (format) {
    case TableFormat::parquet: refuse_lfs_pointer(content, file.string()); return read_parquet(file, mapped.bytes(), options);
    case TableFormat::tsv: return read_tsv(file, checked_text(file, content), options);
    case TableFormat::csv: return read_csv(file, checked_text(file, content), options);
    case TableFormat::text: return read_text_lines(file, checked_text(file, content));
    default: return read_json_table(name, checked_text(file, content), members, options);
  }
}

// The columns of a table of several files: those of the first. Rows of JSON may lack members, so there all are taken.
std::vector<std::string> common_columns(const std::vector<Table>& parts, const std::filesystem::path& path) {
  std::vector<std::string> columns = parts.front().names();
  for (const Table& part : parts) {
    const bool is_json = lower_extension(part.source()).starts_with(".json");
    for (const std::string& column : part.names()) {
      if (std::find(columns.begin(), columns.end(), column) != columns.end()) continue;
      if (!is_json)
        bad_input("{}: {} has a column '{}', which {} lacks", path.string(), part.source().filename().string(), printable(column),
                  parts.front().source().filename().string());
      columns.push_back(column);
    }
    if (!is_json && part.names().size() < columns.size())
      bad_input("{}: {} has {} columns, but {} has {}", path.string(), part.source().filename().string(), part.names().size(),
                parts.front().source().filename().string(), columns.size());
  }
  return columns;
}

}  // namespace

Table::Table(std::filesystem::path source, std::vector<std::string> columns)
    : source_(std::move(source)), columns_(std::move(columns)), types_(columns_.size()) {}

std::optional<std::size_t> Table::find(std::string_view column) const {
  const auto found = std::find(columns_.begin(), columns_.end(), column);
  if (found == columns_.end() || column.empty()) return std::nullopt;
  return static_cast<std::size_t>(found - columns_.begin());
}

std::vector<std::string> Table::names() const {
  std::vector<std::string> names = columns_;
  std::erase(names, "");
  return names;
}

std::string Table::where(std::int64_t row) const {
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const std::int64_t begin = i == 0 ? 0 : parts_[i - 1].end;
    if (row < parts_[i].end)
      return fmt::format("{}: {} {}", parts_[i].source.string(), parts_[i].numbered_rows ? "row" : "line",
                         parts_[i].lines[static_cast<std::size_t>(row - begin)]);
  }
  return fmt::format("{}: {} {}", source_.string(), numbered_rows_ ? "row" : "line", line(row));
}

void Table::add_row(std::int64_t line, std::vector<std::optional<std::string>> cells) {
  check(cells.size() == columns_.size(), "a row has as many cells as the table has columns");
  for (std::optional<std::string>& cell : cells) {
    nulls_.push_back(cell.has_value() ? 0 : 1);
    cells_.push_back(cell.has_value() ? std::move(*cell) : std::string());
  }
  lines_.push_back(line);
}

void ColumnType::join(const ColumnType& next, const std::string& file) {
  if (class_names != next.class_names)
    throw Error(ErrorKind::bad_input, fmt::format("{}: its classes are named otherwise than those of the files before it", file),
                printable(fmt::format("{}; before: {}", fmt::join(next.class_names, ", "), fmt::join(class_names, ", ")), 400));
  if (values != next.values) values = Values::undeclared;
}

void Table::append(Table part) {
  // Nothing reads columns without a name, which need not stand at the same places in every file.
  std::vector<std::optional<std::size_t>> places;
  for (const std::string& column : part.columns_) places.push_back(find(column));
  for (std::int64_t row = 0; row < part.row_count(); ++row) {
    std::vector<std::optional<std::string>> cells(columns_.size());
    for (std::size_t c = 0; c < places.size(); ++c)
      if (places[c] && !part.is_null(row, c)) cells[*places[c]] = std::move(part.cells_[part.index(row, c)]);
    add_row(row_count() + 1, std::move(cells));
  }
  for (std::size_t c = 0; c < places.size(); ++c) {
    if (!places[c]) continue;
    if (parts_.empty()) types_[*places[c]] = part.types_[c];
    else types_[*places[c]].join(part.types_[c], part.source_.string());
  }
  add_skipped(part.skipped_);
  number_rows();
  has_header_line_ |= part.has_header_line_;
  parts_.push_back({row_count(), std::move(part.source_), std::move(part.lines_), part.numbered_rows_});
}

void check_columns(const std::filesystem::path& path, const std::vector<std::string>& columns, bool header_line) {
  std::unordered_set<std::string_view> seen;
  for (const std::string& column : columns) {
    if (column.empty() || seen.insert(column).second) continue;
    throw Error(ErrorKind::bad_input, fmt::format("{}: two columns are named '{}'", path.string(), printable(column)),
                header_line ? "if the first line is a row already, name the columns with `columns`" : "");
  }
}

Table read_table(const std::filesystem::path& path, const TableOptions& options) {
  check(options.header == Header::yes || !options.columns.empty(), "a table without header needs column names");
  const DataFiles found = find_data_files(path);
  std::vector<Table> parts;
  for (const std::filesystem::path& file : found.files) {
    parts.push_back(read_file_table(file, found.members, options));
    if (parts.back().row_count() == 0 && found.files.size() == 1) bad_input("{} has no rows", parts.back().source().string());
  }
  if (found.files.size() == 1) return std::move(parts.front());
  Table table(path, common_columns(parts, path));
  for (Table& part : parts) table.append(std::move(part));
  if (table.row_count() == 0) bad_input("{} has no rows", path.string());
  return table;
}

}  // namespace hies::data
