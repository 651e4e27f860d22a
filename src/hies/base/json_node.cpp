#include "hies/base/json_node.h"

#include <cmath>

#include "hies/base/stored.h"

namespace hies {

JsonNode JsonNode::member(std::string_view name) const {
  const Json* found = find_member(object(), name, where_);
  const std::string key = key_.empty() ? std::string(name) : key_ + "." + std::string(name);
  if (found == nullptr) json_type_error(Json(), key, "a value", where_);
  return {*found, where_, key};
}

const Json& JsonNode::object() const {
  if (!json_.is_object()) json_type_error(json_, key_.empty() ? "the file" : key_, "an object", where_);
  return json_;
}

std::int64_t JsonNode::count(std::int64_t max) const {
  // Numbers above the range of int64 are unsigned in the parser.
  const bool fits = json_.is_number_integer() && (!json_.is_number_unsigned() || json_.get<std::uint64_t>() <= INT64_MAX);
  if (!fits || json_.get<std::int64_t>() < 0 || json_.get<std::int64_t>() > max)
    json_type_error(json_, key_, max < std::numeric_limits<int>::max() ? fmt::format("an integer 0 … {}", max) : "an integer ≥ 0",
                    where_);
  return json_.get<std::int64_t>();
}

double JsonNode::number() const {
  const double value = detail::json_as<double>(json_, key_, where_);
  if (!std::isfinite(value)) json_type_error(json_, key_, "a finite number", where_);
  return value;
}

double JsonNode::not_negative() const {
  const double value = number();
  if (value < 0) fail(fmt::format("is {}, less than 0", value));
  return value;
}

std::size_t JsonNode::list_size() const {
  if (!json_.is_array()) json_type_error(json_, key_, "a list", where_);
  return json_.size();
}

void check_schema(const JsonNode& root, std::string_view wanted, std::string_view where, std::string_view if_older,
                  std::string_view if_other) {
  const std::string schema = root.member("schema").text();
  if (schema == wanted) return;
  if (schema.starts_with(wanted.substr(0, wanted.find('/') + 1)))
    throw Error(ErrorKind::unsupported, fmt::format("{}: schema '{}' is of another version", where, printable(schema)),
                fmt::format("this version reads '{}'; {}", wanted, if_older));
  throw Error(ErrorKind::bad_input, fmt::format("{}: schema is '{}', not '{}'", where, printable(schema), wanted),
              std::string(if_other));
}

int schema_version(const JsonNode& root, std::string_view name, int latest, std::string_view where, std::string_view if_older,
                   std::string_view if_other) {
  const std::string schema = root.member("schema").text();
  for (int version = 1; version <= latest; ++version)
    if (schema == fmt::format("{}/{}", name, version)) return version;
  if (schema.starts_with(fmt::format("{}/", name)))
    throw Error(ErrorKind::unsupported, fmt::format("{}: schema '{}' is of another version", where, printable(schema)),
                fmt::format("this version reads '{0}/1' to '{0}/{1}'; {2}", name, latest, if_older));
  throw Error(ErrorKind::bad_input, fmt::format("{}: schema is '{}', not '{}/{}'", where, printable(schema), name, latest),
              std::string(if_other));
}

double stored::finite(double value, const std::string& path) {
  if (!std::isfinite(value))
    throw Error(ErrorKind::bad_input, fmt::format("{} is {}", path, value), "the model's numbers overflow: try `dtype` float64");
  return value;
}

}  // namespace hies
