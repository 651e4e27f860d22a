#include "hies/base/json.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>
#include <vector>

#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/base/lfs_pointer.h"
#include "hies/base/plain_text.h"

namespace hies {
namespace {

std::string position_of(std::string_view text, std::size_t byte) {
  const std::size_t end = std::min(byte == 0 ? 0 : byte - 1, text.size());
  const std::size_t start = text.substr(0, end).find_last_of("\r\n");
  return fmt::format("line {}, column {}", line_at(text, end), start == std::string_view::npos ? end + 1 : end - start);
}

// Returns true if the event begins a list or an object.
bool is_start(Json::parse_event_t event) {
  return event == Json::parse_event_t::object_start || event == Json::parse_event_t::array_start;
}

// The names that Python's json module gives to numbers that JSON does not have, with a character before them that no text in JSON
// holds unescaped.
struct NotFiniteName {
  std::string_view name, marked;
  double value;
};
constexpr std::array<NotFiniteName, 3> kNotFinite = {
    {{"NaN", "\"\\u0001NaN\"", std::numeric_limits<double>::quiet_NaN()},
     {"Infinity", "\"\\u0001Infinity\"", std::numeric_limits<double>::infinity()},
     {"-Infinity", "\"\\u0001-Infinity\"", -std::numeric_limits<double>::infinity()}}};

// Copies `text` with those names, where they stand outside of strings, as marked strings. Returns whether there are any.
bool mark_not_finite(std::string_view text, std::string& marked) {
  bool any = false, inside = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (inside && text[i] == '\\' && i + 1 < text.size()) marked += text[i++];
    else if (text[i] == '"') inside = !inside;
    const auto begins = [&](const NotFiniteName& each) { return text.substr(i).starts_with(each.name); };
    const auto found = inside ? kNotFinite.end() : std::find_if(kNotFinite.begin(), kNotFinite.end(), begins);
    if (found == kNotFinite.end()) {
      marked += text[i];
      continue;
    }
    any = true;
    marked += found->marked;
    i += found->name.size() - 1;
  }
  return any;
}

void unmark_not_finite(Json& json) {
  if (json.is_structured())
    for (Json& member : json) unmark_not_finite(member);
  if (!json.is_string() || !json.get_ref<const std::string&>().starts_with('\x01')) return;
  const std::string name = json.get<std::string>().substr(1);
  for (const NotFiniteName& each : kNotFinite)
    if (each.name == name) json = each.value;
}

bool is_plain(const Json& value) { return !value.is_structured() || value.empty(); }

// How numbers that are not finite are written.
enum class NotFinite { refused, python };

std::string scalar(const Json& value, NotFinite not_finite) {
  if (value.is_number_float() && !std::isfinite(value.get<double>())) {
    check(not_finite == NotFinite::python, "JSON cannot hold NaN or infinity");
    const auto number = value.get<double>();
    return std::isnan(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity";
  }
  return compact(value);
}

void print(const Json& value, int depth, NotFinite not_finite, std::string& out) {
  const std::string indent(static_cast<std::size_t>(depth + 1) * 2, ' ');
  const std::string closing(static_cast<std::size_t>(depth) * 2, ' ');
  if (is_plain(value)) {
    out += scalar(value, not_finite);
  } else if (value.is_array()) {
    const bool one_line = std::all_of(value.begin(), value.end(), is_plain);
    out += '[';
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (i > 0) out += one_line ? ", " : ",";
      if (!one_line) out += "\n" + indent;
      print(value[i], depth + 1, not_finite, out);
    }
    if (!one_line) out += "\n" + closing;
    out += ']';
  } else {
    out += '{';
    bool first = true;
    for (const auto& [key, member] : value.items()) {
      if (!first) out += ',';
      first = false;
      out += "\n" + indent + scalar(Json(key), not_finite) + ": ";
      print(member, depth + 1, not_finite, out);
    }
    out += "\n" + closing + "}";
  }
}

}  // namespace

Json parse_json(std::string_view text, std::string_view where) {
  refuse_lfs_pointer(text, where);
  refuse_wide_encoding(text, where);
  text = without_byte_order_mark(text);
  // JSON does not define which of two members of one name counts, so they are an error. One set of names per open object.
  std::vector<std::set<std::string>> names;
  const auto watch = [&](int depth, Json::parse_event_t event, Json& value) {
    if (depth >= kMaxJsonDepth && is_start(event))
      bad_input("{}: more than {} lists and objects inside one another", where, kMaxJsonDepth);
    if (event == Json::parse_event_t::object_start) names.emplace_back();
    if (event == Json::parse_event_t::object_end) names.pop_back();
    if (event == Json::parse_event_t::key && !names.back().insert(value.get<std::string>()).second)
      bad_input("{}: '{}' stands twice in one object", where, printable(value.get<std::string>()));
    return true;
  };
  try {
    return Json::parse(text, watch);
  } catch (const Json::parse_error& error) {
    bad_input("{} is not valid JSON ({})", where, position_of(text, error.byte));
  } catch (const Json::exception& error) {
    bad_input("{} is not valid JSON: {}", where, printable(error.what(), 120));
  }
}

Json read_json(const std::filesystem::path& path) { return parse_json(read_file(path), path.string()); }

Json read_python_json(const std::filesystem::path& path) {
  std::string marked;
  const std::string text = read_file(path);
  const bool any = mark_not_finite(text, marked);
  Json json = parse_json(any ? marked : text, path.string());
  if (any) unmark_not_finite(json);
  return json;
}

void json_type_error(const Json& value, std::string_view key, std::string_view wanted, std::string_view where) {
  if (value.is_null()) bad_input("{}: '{}' is missing ({} is needed)", where, key, wanted);
  const std::string found = value.is_number_float() ? scalar(value, NotFinite::python) : compact(value);
  bad_input("{}: '{}' must be {}, found {}", where, key, wanted, printable(found, 60));
}

const Json* find_member(const Json& json, std::string_view key, std::string_view where) {
  if (!json.is_object()) bad_input("{}: expected a JSON object, found {}", where, json.type_name());
  const auto found = json.find(std::string(key));
  return found == json.end() ? nullptr : &*found;
}

std::string compact(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string pretty(const Json& json) {
  std::string out;
  print(json, 0, NotFinite::refused, out);
  out += '\n';
  return out;
}

std::string pretty_python(const Json& json) {
  std::string out;
  print(json, 0, NotFinite::python, out);
  out += '\n';
  return out;
}

}  // namespace hies
