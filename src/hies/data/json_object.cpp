#include "hies/data/json_object.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>

#include "hies/base/error.h"
#include "hies/base/suggest.h"

namespace hies::data {
namespace {

constexpr std::string_view kWriteRows = "write rows: with pandas, to_json(FILE, orient=\"records\", lines=True)";

std::vector<std::string> names_of(const Json& object) {
  std::vector<std::string> names;
  for (const auto& [name, value] : object.items()) names.push_back(name);
  return names;
}

std::string listed(const Json& object) { return printable(fmt::format("{}", fmt::join(names_of(object), ", ")), 200); }

template <class Predicate>
bool all_members(const Json& object, Predicate&& predicate) {
  return std::all_of(object.begin(), object.end(), predicate);
}

bool is_integer_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
}
bool has_integer_names(const Json& object) {
  const std::vector<std::string> names = names_of(object);
  return std::all_of(names.begin(), names.end(), is_integer_name);
}

bool is_object(const Json& value) { return value.is_object(); }
bool is_list(const Json& value) { return value.is_array(); }
bool is_list_of_records(const Json& value) {
  return value.is_array() && !value.empty() && std::all_of(value.begin(), value.end(), is_object);
}

[[noreturn]] void no_rows(const std::filesystem::path& path, const Json& object, std::string_view what) {
  const auto table = std::find_if(object.begin(), object.end(), is_list_of_records);
  throw Error(ErrorKind::bad_input, fmt::format("{} is a JSON object {}: {}", path.string(), what, listed(object)),
              table == object.end() ? std::string(kWriteRows)
                                    : printable(fmt::format("name one of them: {}", (path / table.key()).string()), 400));
}

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
std::vector<Json> rows_of_objects(const std::filesystem::path& path, const Json& object) {
  const bool outer = has_integer_names(object), inner = all_members(object, has_integer_names);
  if (outer == inner) no_rows(path, object, "of objects, of which it is not plain whether they are rows or columns");
  if (outer) return {object.begin(), object.end()};
  const std::vector<std::string> index = names_of(object.front());
  for (const auto& [name, column] : object.items())
    if (names_of(column) != index)
      bad_input("{}: column '{}' has other rows than '{}'", path.string(), printable(name), printable(object.begin().key()));
  return transposed(object, index.size());
}

const Json& member_of(const std::filesystem::path& path, const Json& object, const std::vector<std::string>& members) {
  const Json* value = &object;
  for (const std::string& member : members) {
    if (!value->is_object()) bad_input("{}: there is no object that could have a member '{}'", path.string(), printable(member));
    const auto found = value->find(member);
    if (found == value->end())
      throw Error(ErrorKind::bad_input, fmt::format("{}: the JSON object has no member '{}'", path.string(), printable(member)),
                  printable(known_names_hint(member, names_of(*value)), 400));
    value = &*found;
  }
  return *value;
}

}  // namespace

ObjectRows rows_of_object(const std::filesystem::path& path, const Json& object, const std::vector<std::string>& members) {
  const Json& value = member_of(path, object, members);
  if (value.is_array()) return {rows_of_list(path, value), false};
  if (!value.is_object() || value.empty()) bad_input("{} holds no rows", path.string());
  const bool is_table = value.size() == 2 && value.contains("schema") && value.contains("data");  // pandas
  if (is_table && is_list_of_records(value["data"])) return {rows_of_list(path, value["data"]), false};
  if (is_split(value)) return {rows_of_split(path, value), false};
  if (!all_members(value, [](const Json& member) { return member.is_structured(); })) return {{value}, true};
  if (value.size() == 1 && is_list_of_records(value.front())) return {rows_of_list(path, value.front()), false};
  if (all_members(value, is_object)) return {rows_of_objects(path, value), false};
  if (!all_members(value, is_list) || std::any_of(value.begin(), value.end(), is_list_of_records))
    no_rows(path, value, "of several parts");
  return {rows_of_lists(path, value), false};
}

}  // namespace hies::data
