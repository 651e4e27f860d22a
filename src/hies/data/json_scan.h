#pragma once

// Places in JSON text, for files that are too large to be held as one value: members of a large object would be looked up one
// by one.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hies::data {

enum class Until { object_is_closed, element_ends, member_ends };

// Returns where the value that begins at `begin` ends: behind the bracket that closes it, or at the comma or closing bracket of the
// array, or of the object, that it is in. Brackets and commas inside strings and nested values do not count. Returns npos where it
// does not end.
std::size_t end_of(std::string_view text, std::size_t begin, Until until);

// Returns the position of the first byte from `begin` on that is not white space of JSON; the size where there is none.
std::size_t next_text(std::string_view text, std::size_t begin);

struct JsonMember {
  std::string name;
  std::string_view value;  // as it stands in the text, not checked
};

// Returns the members of the object that `text` is, in order; nothing where it is no well-formed object, as far as that shows
// between its members.
std::optional<std::vector<JsonMember>> members_of(std::string_view text);

}  // namespace hies::data
