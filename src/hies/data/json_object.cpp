#include "hies/data/json_object.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "hies/base/error.h"
#include "hies/base/json.h"
#include "hies/base/suggest.h"
#include "hies/data/json_scan.h"
#include "hies/data/table_readers.h"

namespace hies::data {
namespace {

constexpr std::string_view kWriteRows = "write rows: with pandas, to_json(FILE, orient=\"records\", lines=True)";

using Members = std::vector<JsonMember>;

std::vector<std::string> names_of(const Members& members) {
  std::vector<std::string> names;
  for (const JsonMember& member : members) names.push_back(member.name);
  return names;
}
std::vector<std::string> names_of(const Json& object) {
  std::vector<std::string> names;
  for (const auto& [name, value] : object.items()) names.push_back(name);
  return names;
}

template <class Predicate>
bool all_members(const Json& object, Predicate&& predicate) {
  return std::all_of(object.begin(), object.end(), predicate);
}

bool is_row_number(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
}
bool are_row_numbers(const std::vector<std::string>& names) { return std::all_of(names.begin(), names.end(), is_row_number); }

bool is_object(const Json& value) { return value.is_object(); }
bool is_list(const Json& value) { return value.is_array(); }
bool is_list_of_records(const Json& value) {
  return value.is_array() && !value.empty() && std::all_of(value.begin(), value.end(), is_object);
}

[[noreturn]] void no_rows(const std::filesystem::path& path, std::string_view what, const std::vector<std::string>& names,
                          const std::string& hint) {
  throw Error(
      ErrorKind::bad_input,
      fmt::format("{} is a JSON object {}: {}", path.string(), what, printable(fmt::format("{}", fmt::join(names, ", ")), 200)),
      printable(hint, 400));
}

// A value that stands alone, of no more levels than kMaxJsonDepth.
Json parsed(const std::filesystem::path& path, std::string_view text) { return parse_json(text, path.string()); }

// Rows of columns, each a list or an object of as many values.
std::vector<Json> transposed(const Json& columns, std::size_t rows) {
  std::vector<Json> result(rows, Json::object());
  for (const auto& [name, column] : columns.items()) {
    std::size_t row = 0;
    for (const Json& value : column) result[row++][name] = value;
  }
  return result;
}

std::vector<Json> rows_of_list(const std::filesystem::path& path, const Json& list) {
  for (const Json& row : list)
    if (!row.is_object())
      bad_input("{} holds {} where an object was expected", path.string(),
                printable(row.dump(-1, ' ', false, Json::error_handler_t::replace), 60));
  return {list.begin(), list.end()};
}

// {"columns": ["text", "label"], "index": [0, 1], "data": [["a", 1], ["b", 0]]}
bool is_split(const Json& object) {
  const auto is_part = [](const std::string& name) { return name == "columns" || name == "index" || name == "data"; };
  const std::vector<std::string> names = names_of(object);
  return object.contains("columns") && object.contains("data") && std::all_of(names.begin(), names.end(), is_part) &&
         all_members(object, is_list);
}
std::vector<Json> rows_of_split(const std::filesystem::path& path, const Json& object) {
  const Json& columns = object["columns"];
  std::vector<Json> rows;
  for (const Json& cells : object["data"]) {
    if (!cells.is_array() || cells.size() != columns.size())
      bad_input("{}: row {} of its 'data' does not fit its {} 'columns'", path.string(), rows.size() + 1, columns.size());
    Json& row = rows.emplace_back(Json::object());
    for (std::size_t c = 0; c < columns.size(); ++c)
      row[columns[c].is_string() ? columns[c].get<std::string>() : columns[c].dump()] = cells[c];
  }
  return rows;
}

std::vector<Json> rows_of_lists(const std::filesystem::path& path, const Json& object) {
  const std::size_t rows = object.front().size();
  for (const auto& [name, column] : object.items())
    if (column.size() != rows)
      bad_input("{}: its lists differ in length: '{}' holds {}, '{}' {}", path.string(), printable(object.begin().key()), rows,
                printable(name), column.size());
  return transposed(object, rows);
}

// Objects of objects: {"text": {"0": "a", "1": "b"}, …} by column, {"0": {"text": "a", …}, …} by row.
std::vector<Json> rows_of_objects(const std::filesystem::path& path, const Members& outer) {
  std::vector<Members> inner;
  for (const JsonMember& member : outer) {
    std::optional<Members> members = members_of(member.value);
    if (!members) parsed(path, member.value);  // which says what is wrong
    inner.push_back(std::move(members).value_or(Members()));
  }
  const std::vector<std::string> names = names_of(outer), index = names_of(inner.front());
  const bool rows_outside = are_row_numbers(names);
  const bool rows_inside = std::all_of(inner.begin(), inner.end(), [](const Members& m) { return are_row_numbers(names_of(m)); });
  if (rows_outside == rows_inside)
    no_rows(path, "of objects, of which it is not plain whether they are rows or columns", names, std::string(kWriteRows));
  if (rows_inside) check_columns(path, names);
  std::vector<Json> rows(rows_outside ? outer.size() : index.size(), Json::object());
  for (std::size_t o = 0; o < outer.size(); ++o) {
    if (!rows_outside && names_of(inner[o]) != index)
      bad_input("{}: column '{}' has other rows than '{}'", path.string(), printable(names[o]), printable(names.front()));
    for (std::size_t i = 0; i < inner[o].size(); ++i)
      rows[rows_outside ? o : i][rows_outside ? inner[o][i].name : names[o]] = parsed(path, inner[o][i].value);
  }
  return rows;
}

// The text of the value that `members` lead to.
std::string_view value_at(const std::filesystem::path& path, std::string_view text, const std::vector<std::string>& members) {
  for (const std::string& member : members) {
    const std::optional<Members> known = members_of(text);
    if (!known) {
      parsed(path, text);  // throws where it is not valid
      bad_input("{}: there is no object that could have a member '{}'", path.string(), printable(member));
    }
    const auto found = std::find_if(known->begin(), known->end(), [&](const JsonMember& m) { return m.name == member; });
    if (found == known->end())
      throw Error(ErrorKind::bad_input, fmt::format("{}: the JSON object has no member '{}'", path.string(), printable(member)),
                  printable(known_names_hint(member, names_of(*known)), 400));
    text = found->value;
  }
  return text;
}

}  // namespace

ObjectRows rows_of_object(const std::filesystem::path& path, std::string_view text, const std::vector<std::string>& members) {
  text = value_at(path, text, members);
  const std::optional<Members> parts = members_of(text);
  const auto begins_object = [](const JsonMember& member) { return member.value.starts_with('{'); };
  if (parts && !parts->empty() && std::all_of(parts->begin(), parts->end(), begins_object))
    return {rows_of_objects(path, *parts), false};

  const Json value = parsed(path, text);
  if (value.is_array()) return {rows_of_list(path, value), false};
  if (!value.is_object() || value.empty()) bad_input("{} holds no rows", path.string());
  const bool is_table = value.size() == 2 && value.contains("schema") && value.contains("data");  // pandas
  if (is_table && is_list_of_records(value["data"])) return {rows_of_list(path, value["data"]), false};
  if (is_split(value)) return {rows_of_split(path, value), false};
  if (!all_members(value, [](const Json& member) { return member.is_structured(); })) return {{value}, true};
  if (value.size() == 1 && is_list_of_records(value.front())) return {rows_of_list(path, value.front()), false};
  const auto table = std::find_if(value.begin(), value.end(), is_list_of_records);
  if (!all_members(value, is_list) || table != value.end())
    no_rows(path, "of several parts", names_of(value),
            table == value.end() ? std::string(kWriteRows) : fmt::format("name one of them: {}", (path / table.key()).string()));
  return {rows_of_lists(path, value), false};
}

}  // namespace hies::data
