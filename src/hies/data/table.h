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
// TableOptions::marks, or is TableOptions::columns.
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

// What a file says of a column beyond its texts.
struct ColumnType {
  // undeclared: TSV, CSV and plain text say nothing; JSON that holds texts and numbers, or truth values, in one column. texts: strings.
  // numbers: JSON numbers, and numeric types of Parquet. Dictionaries are what their values are.
  enum class Values { undeclared, texts, numbers } values = Values::undeclared;
  // Of a column of numbers: the name of each, where the file has them (ClassLabel of the Hugging Face hub).
  std::vector<std::string> class_names = {};

  // Makes this the type of a column of several files, the next of which has another type. Throws bad_input, which names that file, where
  // its numbers have other names.
  void join(const ColumnType& next, const std::string& file);
};

// Rows of named text cells, whatever the format: numbers are kept as they are written, "NA" and "null" are texts.
// A cell is null only where a JSON member is null or absent, or a Parquet value is null or NaN,
// or where either is a list or an object, which are not texts, unless TableOptions::keep_nested.
class Table {
 public:
  Table(std::filesystem::path source, std::vector<std::string> columns);

  const std::filesystem::path& source() const noexcept { return source_; }
  const std::vector<std::string>& columns() const noexcept { return columns_; }
  std::int64_t row_count() const noexcept { return static_cast<std::int64_t>(lines_.size()); }
  std::int64_t skipped() const noexcept { return skipped_; }

  // Returns the position of the column, exact spelling. Columns without a name are not found.
  std::optional<std::size_t> find(std::string_view column) const;
  // Returns the names of the columns that have one.
  std::vector<std::string> names() const;
  bool is_null(std::int64_t row, std::size_t column) const { return nulls_[index(row, column)] != 0; }
  const std::string& text(std::int64_t row, std::size_t column) const { return cells_[index(row, column)]; }
  const ColumnType& type(std::size_t column) const { return types_[column]; }
  // Returns the line of the file, from 1, on which the row begins; where rows have no line of their own (Parquet, a JSON object,
  // a table of several files), the row's number, from 1.
  std::int64_t line(std::int64_t row) const { return lines_[static_cast<std::size_t>(row)]; }
  // Returns "dev.tsv: line 7", or "dev.parquet: row 7", with the file that the row is in.
  std::string where(std::int64_t row) const;
  // Returns true if line() gives numbers of rows.
  bool numbers_rows() const noexcept { return numbered_rows_; }
  // Returns true if the names of the columns are those of a first line, which may have been a row in truth.
  bool has_header_line() const noexcept { return has_header_line_; }

  // For readers. One cell per column; a missing text is null.
  void add_row(std::int64_t line, std::vector<std::optional<std::string>> cells);
  void declare(std::size_t column, ColumnType type) { types_[column] = std::move(type); }
  void add_skipped(std::int64_t rows = 1) noexcept { skipped_ += rows; }
  void number_rows() noexcept { numbered_rows_ = true; }
  void set_header_line() noexcept { has_header_line_ = true; }
  // Adds the rows of a table of another file. Every column of it must be a column of this table; others become null. Types are joined
  // (ColumnType::join).
  void append(Table part);

 private:
  std::size_t index(std::int64_t row, std::size_t column) const {
    return static_cast<std::size_t>(row) * columns_.size() + column;
  }

  std::filesystem::path source_;
  std::vector<std::string> columns_;
  std::vector<ColumnType> types_;   // one for each column
  std::vector<std::string> cells_;  // row-major
  std::vector<char> nulls_;         // row-major
  std::vector<std::int64_t> lines_;
  std::int64_t skipped_ = 0;
  bool numbered_rows_ = false;
  bool has_header_line_ = false;
  // A table of several files: the file of each part and where its rows stand there.
  struct Part {
    std::int64_t end;  // number of the first row that is not of this part
    std::filesystem::path source;
    std::vector<std::int64_t> lines;
    bool numbered_rows;
  };
  std::vector<Part> parts_;
};

// Reads a whole table. `path` is a file, a folder or split of shards (data_files.h), or "FILE.json/NAME": a member of an object.
//   .tsv      fields between tabs; quotes are ordinary characters (as in GLUE)
//   .csv      RFC 4180: quoted fields may hold commas, doubled quotes and line ends
//   .jsonl    one object per line;  .json: also an array of objects, or one object (json_object.h)
//   .parquet  dictionaries are decoded
//   .txt      one text per line, column "text"
// A byte order mark, line ends of every kind (base/plain_text.h) and a missing last line end are accepted; line ends inside
// quoted fields are kept as they are, as Python's csv module does. Blank lines are skipped, and so are empty fields behind the
// last column. Throws io for a missing file; bad_input, with the line, for an empty file, a header without rows, rows with too
// few or too many fields, text that is not UTF-8, duplicate column names, an unknown extension, broken JSON or Parquet, a Git
// LFS pointer.
Table read_table(const std::filesystem::path& path, const TableOptions& options = {});

}  // namespace hies::data
