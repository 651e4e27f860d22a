#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "hies/base/error.h"
#include "hies/base/json.h"

namespace hies {

// A value in a file that is read and checked, with its file and dotted key for errors. Every failure is bad_input that names the
// file, the key and the value found. Refers to the JSON and to `where`, which have to outlive it.
class JsonNode {
 public:
  JsonNode(const Json& json, std::string_view where, std::string key = {}) : json_(json), where_(where), key_(std::move(key)) {}

  // Returns the member. It has to exist, but may be null.
  JsonNode member(std::string_view name) const;
  bool has(std::string_view name) const { return find_member(object(), name, where_) != nullptr; }
  // Returns true if the member exists and is not null.
  bool holds(std::string_view name) const { return has(name) && !member(name).is_null(); }
  const Json& object() const;
  bool is_null() const { return json_.is_null(); }
  bool is_text(std::string_view text) const { return json_.is_string() && json_.get_ref<const std::string&>() == text; }
  // Returns the name of the file that it stands in.
  std::string_view where() const noexcept { return where_; }
  // Returns the dotted key of the value; empty for the whole file.
  const std::string& key() const noexcept { return key_; }

  bool flag() const { return detail::json_as<bool>(json_, key_, where_); }
  std::string text() const { return detail::json_as<std::string>(json_, key_, where_); }
  // Returns an integer 0 … max.
  std::int64_t count(std::int64_t max = std::numeric_limits<std::int64_t>::max()) const;
  // Returns a finite number.
  double number() const;
  // Returns a finite number that is not negative.
  double not_negative() const;
  std::size_t list_size() const;
  // Calls visit(index, node) for each element of a list that has to have `length` elements, as many as there are `of`.
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

// Checks the member "schema" of a file, for example "hies.scores/1". Throws unsupported with the hint `if_older` for another
// version of it, and bad_input with the hint `if_other` for anything else.
void check_schema(const JsonNode& root, std::string_view wanted, std::string_view where, std::string_view if_older,
                  std::string_view if_other);
// Returns the version 1 … `latest` of a file whose member "schema" is "NAME/VERSION", as "hies.scores/2". Throws as check_schema
// does.
int schema_version(const JsonNode& root, std::string_view name, int latest, std::string_view where, std::string_view if_older,
                   std::string_view if_other);

}  // namespace hies
