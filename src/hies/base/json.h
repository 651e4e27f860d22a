#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace hies {

// Keys keep the order in which they were written, so that files read well and rewriting a config.json changes only what it must.
using Json = nlohmann::ordered_json;

// Lists and objects inside one another in a file that is read. What walks a JSON value calls itself once for each level, so a file
// could otherwise end the program.
inline constexpr int kMostJsonLevels = 100;

// Parses `text`; `where` names the source in the error ("config.json of DIR"). Throws bad_input: with line and column for broken
// syntax, for a name twice in one object, and for more than kMostJsonLevels.
Json parse_json(std::string_view text, std::string_view where);
Json read_json(const std::filesystem::path& path);

// The member `key` of the object `json` as T. Throws bad_input that names `where`, the key, and what was found instead.
template <class T>
T require(const Json& json, std::string_view key, std::string_view where);
// The same, `fallback` when the key is absent or null.
template <class T>
T value_or(const Json& json, std::string_view key, T fallback, std::string_view where);

[[noreturn]] void json_type_error(const Json& value, std::string_view key, std::string_view wanted, std::string_view where);
const Json* find_member(const Json& json, std::string_view key, std::string_view where);

// Text with two spaces of indentation; arrays of plain values on one line each, so that head tables stay readable.
std::string pretty(const Json& json);

namespace detail {
template <class T>
T json_as(const Json& value, std::string_view key, std::string_view where) {
  if constexpr (std::is_same_v<T, bool>) {
    if (!value.is_boolean()) json_type_error(value, key, "true or false", where);
  } else if constexpr (std::is_integral_v<T>) {
    if (!value.is_number_integer()) json_type_error(value, key, "an integer", where);
  } else if constexpr (std::is_floating_point_v<T>) {
    if (!value.is_number()) json_type_error(value, key, "a number", where);
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
