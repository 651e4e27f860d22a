// TSV, CSV and plain text lines.
#include <fmt/ranges.h>

#include <algorithm>

#include "hies/base/error.h"
#include "hies/base/plain_text.h"
#include "hies/data/table_readers.h"

namespace hies::data {
namespace {

using Fields = std::vector<std::string>;

// Turns records into a table: the first one may be the header.
class TableBuilder {
 public:
  TableBuilder(const std::filesystem::path& path, const TableOptions& options) : path_(path), options_(options) {}

  void add(std::int64_t line, Fields fields) {
    if (!table_) {
      const bool header = options_.header == Header::yes || (options_.header == Header::detect && is_header(fields));
      if (header) check_columns(path_, fields, true);
      table_.emplace(path_, header ? fields : options_.columns);
      if (options_.header == Header::yes) table_->set_header_line();
      if (header) return;
    }
    const std::size_t wanted = table_->columns().size();
    // Spreadsheets end rows with separators that no column belongs to.
    while (fields.size() > wanted && fields.back().empty()) fields.pop_back();
    if (fields.size() < wanted && only_unnamed_from(fields.size())) fields.resize(wanted);
    if (fields.size() < wanted && options_.skip_short_rows) {
      table_->add_skipped();
      return;
    }
    if (fields.size() != wanted) {
      throw Error(ErrorKind::bad_input,
                  fmt::format("{}: line {} has {} field{}, but there are {} columns", path_.string(), line, fields.size(),
                              fields.size() == 1 ? "" : "s", wanted),
                  printable(fmt::format("columns: {}", fmt::join(table_->columns(), ", ")), 400));
    }
    std::vector<std::optional<std::string>> cells;
    cells.reserve(wanted);
    for (std::string& field : fields) cells.emplace_back(std::move(field));
    table_->add_row(line, std::move(cells));
  }

  Table finish() && { return std::move(*table_); }

 private:
  bool only_unnamed_from(std::size_t column) const {
    const std::vector<std::string>& columns = table_->columns();
    return std::all_of(columns.begin() + static_cast<std::ptrdiff_t>(column), columns.end(),
                       [](const std::string& name) { return name.empty(); });
  }
  bool is_header(const Fields& fields) const {
    return fields == options_.columns || std::any_of(fields.begin(), fields.end(), [&](const std::string& field) {
             return std::find(options_.marks.begin(), options_.marks.end(), field) != options_.marks.end();
           });
  }

  const std::filesystem::path& path_;
  const TableOptions& options_;
  std::optional<Table> table_;
};

// Reads one CSV record per call. RFC 4180: a field that begins with a quote ends with one, and a quote inside it is doubled.
class CsvRecords {
 public:
  CsvRecords(const std::filesystem::path& path, std::string_view content) : path_(path), content_(content) {}

  bool next(Fields& fields, std::int64_t& line) {
    while (at_line_end()) skip_line_end();
    if (at_ == content_.size()) return false;
    line = line_;
    fields.clear();
    while (true) {
      fields.push_back(peek('"') ? quoted_field() : bare_field());
      if (!peek(',')) break;
      ++at_;
    }
    if (at_ < content_.size() && !at_line_end()) {
      bad_input("{}: line {} has '{}' after a closing quote", path_.string(), line_, printable(content_.substr(at_, 1)));
    }
    if (at_line_end()) skip_line_end();
    return true;
  }

 private:
  bool peek(char c) const { return at_ < content_.size() && content_[at_] == c; }
  bool at_line_end() const { return peek('\n') || peek('\r'); }
  void skip_line_end() {
    at_ += content_.substr(at_, 2) == "\r\n" ? 2 : 1;
    ++line_;
  }

  std::string bare_field() {
    const std::size_t begin = at_;
    while (at_ < content_.size() && content_[at_] != ',' && !at_line_end()) ++at_;
    return std::string(content_.substr(begin, at_ - begin));
  }

  std::string quoted_field() {
    const std::int64_t opened = line_;
    std::string field;
    for (++at_; at_ < content_.size(); ++at_) {
      const char c = content_[at_];
      if (c == '"') {
        if (content_.substr(at_, 2) != "\"\"") {
          ++at_;
          return field;
        }
        ++at_;
      }
      if (c == '\n' || (c == '\r' && content_.substr(at_, 2) != "\r\n")) ++line_;
      field.push_back(c);
    }
    throw Error(ErrorKind::bad_input, fmt::format("{}: the quote opened on line {} is never closed", path_.string(), opened),
                "in .csv files a field that begins with a quote must end with one; name the file .tsv where quotes are ordinary "
                "characters");
  }

  const std::filesystem::path& path_;
  std::string_view content_;
  std::size_t at_ = 0;
  std::int64_t line_ = 1;
};

}  // namespace

Table read_tsv(const std::filesystem::path& path, std::string_view content, const TableOptions& options) {
  TableBuilder builder(path, options);
  Lines lines(content);
  for (std::string_view line; lines.next(line);) {
    if (line.empty()) continue;
    Fields fields;
    for (std::size_t begin = 0; begin != std::string_view::npos;) {
      const std::size_t end = line.find('\t', begin);
      fields.emplace_back(line.substr(begin, end - begin));
      begin = end == std::string_view::npos ? end : end + 1;
    }
    builder.add(lines.number(), std::move(fields));
  }
  return std::move(builder).finish();
}

Table read_csv(const std::filesystem::path& path, std::string_view content, const TableOptions& options) {
  TableBuilder builder(path, options);
  CsvRecords records(path, content);
  Fields fields;
  for (std::int64_t line = 0; records.next(fields, line);) builder.add(line, std::move(fields));
  return std::move(builder).finish();
}

Table read_text_lines(const std::filesystem::path& path, std::string_view content) {
  Table table(path, {"text"});
  Lines lines(content);
  for (std::string_view line; lines.next(line);) {
    if (line.find_first_not_of(" \t") != std::string_view::npos) table.add_row(lines.number(), {std::string(line)});
  }
  return table;
}

}  // namespace hies::data
