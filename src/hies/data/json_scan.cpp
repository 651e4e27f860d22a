#include "hies/data/json_scan.h"

#include <algorithm>

#include "hies/base/json.h"

namespace hies::data {
namespace {

// The string that begins at `at` with its quotes, which is moved behind it; nothing where there is none.
std::optional<std::string_view> quoted_at(std::string_view text, std::size_t& at) {
  if (at >= text.size() || text[at] != '"') return std::nullopt;
  for (std::size_t i = at + 1; i < text.size(); ++i) {
    if (text[i] == '\\') ++i;
    else if (text[i] == '"') {
      const std::string_view quoted = text.substr(at, i + 1 - at);
      at = i + 1;
      return quoted;
    }
  }
  return std::nullopt;
}

}  // namespace

std::size_t end_of(std::string_view text, std::size_t begin, Until until) {
  const char closing = until == Until::element_ends ? ']' : '}';
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = begin; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (depth > 0 && (c == '}' || c == ']')) {
      if (--depth == 0 && until == Until::object_is_closed) return i + 1;
    } else if (depth == 0 && until != Until::object_is_closed && (c == ',' || c == closing)) {
      return i;
    }
  }
  return std::string_view::npos;
}

std::size_t next_text(std::string_view text, std::size_t begin) {
  return std::min(text.find_first_not_of(" \t\r\n", begin), text.size());
}

std::optional<std::vector<JsonMember>> members_of(std::string_view text) {
  std::vector<JsonMember> members;
  std::size_t at = next_text(text, 0);
  if (at == text.size() || text[at] != '{') return std::nullopt;
  at = next_text(text, at + 1);
  bool more = at < text.size() && text[at] != '}';
  while (more) {
    const std::optional<std::string_view> quoted = quoted_at(text, at);
    if (!quoted) return std::nullopt;
    const Json name = Json::parse(*quoted, nullptr, false);
    at = next_text(text, at);
    if (!name.is_string() || at == text.size() || text[at] != ':') return std::nullopt;
    at = next_text(text, at + 1);
    const std::size_t end = end_of(text, at, Until::member_ends);
    if (end == std::string_view::npos) return std::nullopt;
    members.push_back({name.get<std::string>(), text.substr(at, end - at)});
    more = text[end] == ',';
    at = more ? next_text(text, end + 1) : end;
  }
  const bool is_whole = at < text.size() && next_text(text, at + 1) == text.size();
  return is_whole ? std::optional(std::move(members)) : std::nullopt;
}

}  // namespace hies::data
