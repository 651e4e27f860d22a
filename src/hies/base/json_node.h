#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "hies/base/error.h"
#include "hies/base/json.h"

namespace hies {

// A value inside a file that is being read and checked, with the words that an error needs: every failure is bad_input that names
// the file, the dotted key and what was found. Refers to the JSON and to `where`; both outlive it.
class JsonNode {
 public:
  JsonNode(const Json& json, std::string_view where, std::string key = {}) : json_(json), where_(where), key_(std::move(key)) {}

  // The member, which must be there (it may be null).
  JsonNode member(std::string_view name) const;
  bool has(std::string_view name) const { return find_member(object(), name, where_) != nullptr; }
  // The member is there and not null.
  bool holds(std::string_view name) const { return has(name) && !member(name).is_null(); }
  const Json& object() const;
  bool is_null() const { return json_.is_null(); }
  bool is_text(std::string_view text) const { return json_.is_string() && json_.get_ref<const std::string&>() == text; }
  // Returns the name of the file that it stands in.
  std::string_view where() const noexcept { return where_; }

  bool flag() const { return detail::json_as<bool>(json_, key_, where_); }
  std::string text() const { return detail::json_as<std::string>(json_, key_, where_); }
  // An integer 0 … most.
  std::int64_t count(std::int64_t most = std::numeric_limits<std::int64_t>::max()) const;
  // Finite.
  double number() const;
  // Finite, 0 or more.
  double not_negative() const;
  std::size_t list_size() const;
  // Visits every element, as (index, node), of a list that must have `length` of them: as many as there are `of`.
  template <class Visit>
  void each(std::size_t length, std::string_view of, const Visit& visit) const {
    if (list_size() != length) bad_input("{}: '{}' has {} entries, but there are {} {}", where_, key_, list_size(), length, of);
    for (std::size_t i = 0; i < length; ++i) visit(i, JsonNode(json_[i], where_, fmt::format("{}[{}]", key_, i)));
  }
  [[noreturn]] void fail(std::string_view reason) const { bad_input("{}: '{}' {}", where_, key_, reason); }

 private:
  const Json& json_;
  std::string_view where_;
  std::string key_;
};

// Checks the member "schema" of a file: `wanted` is "hies.scores/1". Throws unsupported for another version of it, with the hint
// `if_older`; bad_input for anything else, with the hint `if_other`.
void check_schema(const JsonNode& root, std::string_view wanted, std::string_view where, std::string_view if_older,
                  std::string_view if_other);
// Returns the version 1 … `latest` of a file whose member "schema" is "NAME/VERSION", as "hies.scores/2". Throws as check_schema
// does.
int schema_version(const JsonNode& root, std::string_view name, int latest, std::string_view where, std::string_view if_older,
                   std::string_view if_other);

}  // namespace hies
