// JSON Lines, and a JSON array of objects.
#include <algorithm>
#include <unordered_map>

#include "hies/base/error.h"
#include "hies/base/json.h"
#include "hies/data/table_readers.h"

namespace hies::data {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

// Rows as they come; columns are collected in order of first appearance, so early rows may be shorter than the final table.
class Rows {
 public:
  Rows(const std::filesystem::path& path, bool keep_nested) : path_(path), keep_nested_(keep_nested) {}

  void add(std::int64_t line, std::string_view text) {
    const std::string where = fmt::format("{}: line {}", path_.string(), line);
    const Json object = Json::parse(text, nullptr, false);
    if (object.is_discarded()) bad_input("{} is not valid JSON: {}", where, printable(text, 60));
    if (!object.is_object()) bad_input("{} holds {} where an object was expected", where, printable(text, 60));
    std::vector<std::optional<std::string>> cells(columns_.size());
    for (const auto& [name, value] : object.items()) {
      const auto [known, fresh] = positions_.try_emplace(name, columns_.size());
      if (fresh) {
        columns_.push_back(name);
        cells.emplace_back();
      }
      if ((value.is_primitive() || keep_nested_) && !value.is_null())
        cells[known->second] = value.is_string() ? value.get<std::string>() : value.dump();
    }
    lines_.push_back(line);
    rows_.push_back(std::move(cells));
  }

  Table table() && {
    Table table(path_, std::move(columns_));
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      rows_[i].resize(table.columns().size());
      table.add_row(lines_[i], std::move(rows_[i]));
    }
    return table;
  }

 private:
  const std::filesystem::path& path_;
  bool keep_nested_;
  std::vector<std::string> columns_;
  std::unordered_map<std::string, std::size_t> positions_;
  std::vector<std::vector<std::optional<std::string>>> rows_;
  std::vector<std::int64_t> lines_;
};

// End of the array's element that begins at `begin`: the first comma or closing bracket outside strings and nested values.
std::size_t element_end(std::string_view content, std::size_t begin) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = begin; i < content.size(); ++i) {
    const char c = content[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (depth > 0 && (c == '}' || c == ']')) {
      --depth;
    } else if (depth == 0 && (c == ',' || c == ']')) {
      return i;
    }
  }
  return std::string_view::npos;
}

// Element by element, so that an error names its line and a large file is never held as one JSON value.
void read_array(const std::filesystem::path& path, std::string_view content, Rows& rows) {
  std::size_t at = content.find('[') + 1, counted = 0;
  std::int64_t line = 1;
  const auto line_of = [&](std::size_t position) {
    line += std::count(content.begin() + static_cast<std::ptrdiff_t>(counted),
                       content.begin() + static_cast<std::ptrdiff_t>(position), '\n');
    counted = position;
    return line;
  };
  at = std::min(content.find_first_not_of(kSpace, at), content.size());
  const bool no_elements = at < content.size() && content[at] == ']';
  while (!no_elements) {
    const std::int64_t begins = line_of(at);
    const std::size_t end = element_end(content, at);
    if (end == std::string_view::npos)
      bad_input("{}: the array ends in the element that begins on line {}", path.string(), begins);
    rows.add(begins, content.substr(at, end - at));
    const bool last = content[end] == ']';
    at = last ? end : std::min(content.find_first_not_of(kSpace, end + 1), content.size());
    if (last) break;
  }
  const std::size_t after = content.find_first_not_of(kSpace, at + 1);
  if (after != std::string_view::npos)
    bad_input("{}: line {} holds text after the end of the array", path.string(), line_of(after));
}

void read_lines(std::string_view content, Rows& rows) {
  std::int64_t line = 0;
  for (std::size_t begin = 0; begin < content.size();) {
    const std::size_t end = std::min(content.find('\n', begin), content.size());
    ++line;
    const std::string_view text = content.substr(begin, end - begin);
    if (text.find_first_not_of(kSpace) != std::string_view::npos) rows.add(line, text);
    begin = end + 1;
  }
}

}  // namespace

Table read_json_table(const std::filesystem::path& path, std::string_view content, const TableOptions& options) {
  Rows rows(path, options.keep_nested);
  if (content[content.find_first_not_of(kSpace)] == '[') {
    read_array(path, content, rows);
  } else {
    read_lines(content, rows);
  }
  return std::move(rows).table();
}

}  // namespace hies::data
