#pragma once

#include <cmath>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace hies {

// Keys keep their order, so that files are easy to read, and rewriting a config.json changes only the keys that are set.
using Json = nlohmann::ordered_json;

// The greatest depth of nested lists and objects in a file that is read. Functions on JSON values are recursive, so a deeper file
// could overflow the stack.
inline constexpr int kMaxJsonDepth = 100;

// Parses `text`; `where` names the source in errors ("config.json of DIR"). Throws bad_input for invalid syntax (with line and
// column), for a key that appears twice in one object, and for more than kMaxJsonDepth levels.
Json parse_json(std::string_view text, std::string_view where);
// Parses a file. Throws as read_file and parse_json.
Json read_json(const std::filesystem::path& path);
// Parses a file that Python's json module may have written: NaN, Infinity and -Infinity are numbers. A number that is needed must be
// finite all the same (require, value_or). Throws as read_json.
Json read_python_json(const std::filesystem::path& path);

// Returns the member `key` of the object `json` as T. Throws bad_input, which names `where`, the key and the value found, if it
// is missing or of another type.
template <class T>
T require(const Json& json, std::string_view key, std::string_view where);
// The same, but returns `fallback` if the key is absent or null.
template <class T>
T value_or(const Json& json, std::string_view key, T fallback, std::string_view where);

// Throws bad_input: `where` needs `wanted` as value of `key`, but found `value` (null: nothing).
[[noreturn]] void json_type_error(const Json& value, std::string_view key, std::string_view wanted, std::string_view where);
// Returns the member, or null. Throws bad_input if `json` is not an object.
const Json* find_member(const Json& json, std::string_view key, std::string_view where);

// Returns the JSON text indented by two spaces. Arrays of plain values are on one line each, so that tables of heads are
// readable. A number that is not finite is an internal error.
std::string pretty(const Json& json);
// The same, with the numbers that are not finite as Python's json module writes them: NaN, Infinity, -Infinity.
std::string pretty_python(const Json& json);

// Returns the JSON text on one line. Bytes of strings that are no UTF-8 become U+FFFD, as in pretty.
std::string compact(const Json& json);

// Returns the value, or null where there is none.
template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

namespace detail {
template <class T>
T json_as(const Json& value, std::string_view key, std::string_view where) {
  if constexpr (std::is_same_v<T, bool>) {
    if (!value.is_boolean()) json_type_error(value, key, "true or false", where);
  } else if constexpr (std::is_integral_v<T>) {
    if (!value.is_number_integer()) json_type_error(value, key, "an integer", where);
  } else if constexpr (std::is_floating_point_v<T>) {
    if (!value.is_number()) json_type_error(value, key, "a number", where);
    if (!std::isfinite(value.get<double>())) json_type_error(value, key, "a finite number", where);
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (!value.is_string()) json_type_error(value, key, "a string", where);
  }
  try {
    return value.get<T>();
  } catch (const nlohmann::json::exception&) {
    json_type_error(value, key, "another type", where);
  }
}
}  // namespace detail

template <class T>
T require(const Json& json, std::string_view key, std::string_view where) {
  const Json* value = find_member(json, key, where);
  if (value == nullptr || value->is_null()) json_type_error(Json(), key, "a value", where);
  return detail::json_as<T>(*value, key, where);
}

template <class T>
T value_or(const Json& json, std::string_view key, T fallback, std::string_view where) {
  const Json* value = find_member(json, key, where);
  if (value == nullptr || value->is_null()) return fallback;
  return detail::json_as<T>(*value, key, where);
}

}  // namespace hies
