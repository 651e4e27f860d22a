#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hies::data {

enum class TableFormat { automatic, tsv, csv, jsonl, json, parquet, text };

// Whether the first line of a .tsv or .csv file names the columns. `detect`: it does exactly when it holds one of
// TableOptions::marks.
enum class Header { yes, no, detect };

struct TableOptions {
  TableFormat format = TableFormat::automatic;  // automatic: by extension
  Header header = Header::yes;
  std::vector<std::string> columns =
      {};                               // names of the columns of a file without header; must not be empty for `no` and `detect`
  std::vector<std::string> marks = {};  // column names that give a header away
  bool keep_nested = false;             // lists and objects become cells of JSON text instead of null
  bool skip_short_rows = false;  // leave out .tsv rows with too few fields (counted in Table::skipped) instead of refusing them
};

// Rows of named text cells, whatever the format: numbers are kept as they are written, "NA" and "null" are texts.
// A cell is null only where a JSON member is null or absent, or a Parquet value is null,
// or where either is a list or an object, which are not texts, unless TableOptions::keep_nested.
class Table {
 public:
  Table(std::filesystem::path source, std::vector<std::string> columns);

  const std::filesystem::path& source() const noexcept { return source_; }
  const std::vector<std::string>& columns() const noexcept { return columns_; }
  std::int64_t row_count() const noexcept { return static_cast<std::int64_t>(lines_.size()); }
  std::int64_t skipped() const noexcept { return skipped_; }

  // Position of the column, exact spelling.
  std::optional<std::size_t> find(std::string_view column) const;
  bool is_null(std::int64_t row, std::size_t column) const { return nulls_[index(row, column)] != 0; }
  const std::string& text(std::int64_t row, std::size_t column) const { return cells_[index(row, column)]; }
  // Line of the file, from 1, on which the row begins; for Parquet the row's number, from 1.
  std::int64_t line(std::int64_t row) const { return lines_[static_cast<std::size_t>(row)]; }
  // "row 7" for Parquet, "line 7" otherwise.
  std::string place(std::int64_t row) const;

  // For readers. One cell per column; a missing text is null.
  void add_row(std::int64_t line, std::vector<std::optional<std::string>> cells);
  void add_skipped() noexcept { ++skipped_; }
  void number_rows() noexcept { numbered_rows_ = true; }

 private:
  std::size_t index(std::int64_t row, std::size_t column) const {
    return static_cast<std::size_t>(row) * columns_.size() + column;
  }

  std::filesystem::path source_;
  std::vector<std::string> columns_;
  std::vector<std::string> cells_;  // row-major
  std::vector<char> nulls_;         // row-major
  std::vector<std::int64_t> lines_;
  std::int64_t skipped_ = 0;
  bool numbered_rows_ = false;
};

// Reads a whole file:
//   .tsv      fields between tabs; quotes are ordinary characters (as in GLUE)
//   .csv      RFC 4180: quoted fields may hold commas, doubled quotes and line ends
//   .jsonl    one object per line;  .json: an array of objects, or one object per line
//   .parquet  dictionaries are decoded
//   .txt      one text per line, column "text"
// A byte order mark, CRLF line ends and a missing last line end are accepted; blank lines are skipped.
// Throws io for a missing file; bad_input, with the line, for an empty file, a header without rows, rows with too few or too many
// fields, text that is not UTF-8, duplicate column names, an unknown extension, broken JSON or Parquet.
Table read_table(const std::filesystem::path& path, const TableOptions& options = {});

}  // namespace hies::data
