// JSON Lines, and what a .json file may hold: an array of objects, objects one after another, or one object.
#include <algorithm>
#include <unordered_map>

#include "hies/base/error.h"
#include "hies/base/json.h"
#include "hies/base/plain_text.h"
#include "hies/data/json_object.h"
#include "hies/data/json_scan.h"
#include "hies/data/table_readers.h"

namespace hies::data {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

// Parses one row. A deeper value than kMaxJsonDepth is no row: functions on JSON values are recursive.
Json parse_row(std::string_view text, const std::string& where) {
  const auto watch = [&](int depth, Json::parse_event_t event, Json& /*value*/) {
    const bool begins = event == Json::parse_event_t::object_start || event == Json::parse_event_t::array_start;
    if (begins && depth >= kMaxJsonDepth)
      bad_input("{}: more than {} lists and objects inside one another", where, kMaxJsonDepth);
    return true;
  };
  Json row = Json::parse(text, watch, false);
  if (row.is_discarded()) bad_input("{} is not valid JSON: {}", where, printable(text, 60));
  if (!row.is_object()) bad_input("{} holds {} where an object was expected", where, printable(text, 60));
  return row;
}

// Rows as they come; columns are collected in order of first appearance, so early rows may be shorter than the final table.
class JsonRows {
 public:
  JsonRows(const std::filesystem::path& path, bool keep_nested) : path_(path), keep_nested_(keep_nested) {}

  void add(std::int64_t line, std::string_view text) {
    add(line, parse_row(text, fmt::format("{}: line {}", path_.string(), line)));
  }

  void add(std::int64_t line, const Json& object) {
    std::vector<std::optional<std::string>> cells(columns_.size());
    for (const auto& [name, value] : object.items()) {
      const auto [known, fresh] = positions_.try_emplace(name, columns_.size());
      if (fresh) {
        columns_.push_back(name);
        held_.emplace_back();
        cells.emplace_back();
      }
      held_[known->second].see(value);
      if ((value.is_primitive() || keep_nested_) && !value.is_null())
        cells[known->second] = value.is_string() ? value.get<std::string>() : value.dump();
    }
    lines_.push_back(line);
    rows_.push_back(std::move(cells));
  }

  // Rows have numbers instead of lines.
  void number() { numbered_ = true; }

  Table table() && {
    Table table(path_, std::move(columns_));
    if (numbered_) table.number_rows();
    for (std::size_t c = 0; c < held_.size(); ++c) table.declare(c, {held_[c].values()});
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      rows_[i].resize(table.columns().size());
      table.add_row(lines_[i], std::move(rows_[i]));
    }
    return table;
  }

 private:
  // The kinds of values that a column holds.
  struct Held {
    bool texts = false, numbers = false, others = false;
    void see(const Json& value) {
      if (value.is_string()) texts = true;
      else if (value.is_number()) numbers = true;
      else if (!value.is_null()) others = true;
    }
    ColumnType::Values values() const {
      if (others || texts == numbers) return ColumnType::Values::undeclared;
      return texts ? ColumnType::Values::texts : ColumnType::Values::numbers;
    }
  };

  const std::filesystem::path& path_;
  bool keep_nested_, numbered_ = false;
  std::vector<std::string> columns_;
  std::vector<Held> held_;  // by column
  std::unordered_map<std::string, std::size_t> positions_;
  std::vector<std::vector<std::optional<std::string>>> rows_;
  std::vector<std::int64_t> lines_;
};

// Counts lines from place to place, so that a file is looked at once.
class LineCounter {
 public:
  explicit LineCounter(std::string_view content) : content_(content) {}
  std::int64_t at(std::size_t position) {
    line_ += line_at(content_.substr(counted_), position - counted_) - 1;
    counted_ = position;
    return line_;
  }

 private:
  std::string_view content_;
  std::size_t counted_ = 0;
  std::int64_t line_ = 1;
};

// Element by element, so that an error names its line and a large file is never held as one JSON value.
void read_array(const std::filesystem::path& path, std::string_view content, JsonRows& rows) {
  LineCounter lines(content);
  std::size_t at = next_text(content, content.find('[') + 1);
  const bool no_elements = at < content.size() && content[at] == ']';
  while (!no_elements) {
    const std::int64_t begins = lines.at(at);
    const std::size_t end = end_of(content, at, Until::element_ends);
    if (end == std::string_view::npos)
      bad_input("{}: the array ends in the element that begins on line {}", path.string(), begins);
    rows.add(begins, content.substr(at, end - at));
    const bool last = content[end] == ']';
    at = last ? end : next_text(content, end + 1);
    if (last) break;
  }
  const std::size_t after = next_text(content, at + 1);
  if (after < content.size()) bad_input("{}: line {} holds text after the end of the array", path.string(), lines.at(after));
}

void read_lines(std::string_view content, JsonRows& rows) {
  Lines lines(content);
  for (std::string_view line; lines.next(line);)
    if (line.find_first_not_of(kSpace) != std::string_view::npos) rows.add(lines.number(), line);
}

// Objects that take several lines each, as jq writes them.
void read_values(std::string_view content, JsonRows& rows) {
  LineCounter lines(content);
  for (std::size_t at = next_text(content, 0); at < content.size();) {
    const std::size_t end = std::min(end_of(content, at, Until::object_is_closed), content.size());
    rows.add(lines.at(at), content.substr(at, end - at));
    at = next_text(content, end);
  }
}

void read_object(const std::filesystem::path& path, std::string_view content, const std::vector<std::string>& members,
                 JsonRows& rows) {
  const ObjectRows found = rows_of_object(path, content, members);
  if (found.is_record) return rows.add(line_at(content, next_text(content, 0)), found.rows.front());
  for (std::size_t i = 0; i < found.rows.size(); ++i) rows.add(static_cast<std::int64_t>(i) + 1, found.rows[i]);
  rows.number();
}

}  // namespace

Table read_json_table(const std::filesystem::path& path, std::string_view content, const std::vector<std::string>& members,
                      const TableOptions& options) {
  JsonRows rows(path, options.keep_nested);
  const std::size_t begin = next_text(content, 0);
  if (!members.empty()) {
    read_object(path, content, members, rows);
  } else if (content[begin] == '[') {
    read_array(path, content, rows);
  } else if (content[begin] != '{') {
    read_lines(content, rows);
  } else {
    const std::size_t end = end_of(content, begin, Until::object_is_closed), line_end = content.find_first_of("\r\n", begin);
    // One that breaks off is the only one where no more than its bracket is on its first line.
    const bool is_one =
        end == std::string_view::npos ? next_text(content, begin + 1) > line_end : next_text(content, end) == content.size();
    if (is_one) read_object(path, content, members, rows);
    else if (end == std::string_view::npos || end <= line_end) read_lines(content, rows);
    else read_values(content, rows);
  }
  return std::move(rows).table();
}

}  // namespace hies::data
