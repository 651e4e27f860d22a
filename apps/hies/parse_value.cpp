#include "parse_value.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <limits>

#include "hies/base/error.h"
#include "hies/sweep/number_list.h"

namespace hies::cli {
namespace {

template <class T>
T parse_number(const std::string& text, std::string_view flag, std::string_view wanted) {
  T value{};
  const char* const end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, value);
  if (code == std::errc::result_out_of_range) bad_input("{} {}: too large a number", flag, printable(text));
  if (code != std::errc() || stop != end) bad_input("{} {}: not {}", flag, text.empty() ? "''" : printable(text), wanted);
  return value;
}

}  // namespace

void set_value(std::string& value, const std::string& text, std::string_view /*flag*/) { value = text; }
void set_value(bool& value, const std::string& /*text*/, std::string_view /*flag*/) { value = true; }
void set_value(std::int64_t& value, const std::string& text, std::string_view flag) {
  value = parse_number<std::int64_t>(text, flag, "a whole number");
}
void set_value(std::uint64_t& value, const std::string& text, std::string_view flag) {
  value = parse_number<std::uint64_t>(text, flag, "a whole number of 0 or more");
}
void set_value(int& value, const std::string& text, std::string_view flag) {
  value = parse_number<int>(text, flag, "a whole number");
}
void set_value(double& value, const std::string& text, std::string_view flag) {
  value = parse_number<double>(text, flag, "a number");
}
void set_value(std::vector<std::string>& value, const std::string& text, std::string_view /*flag*/) {
  value.clear();
  std::size_t begin = 0;
  for (std::size_t comma = 0; comma != std::string::npos; begin = comma + 1) {
    comma = text.find(',', begin);
    if (std::string part = text.substr(begin, comma - begin); !part.empty()) value.push_back(std::move(part));
  }
}
void set_value(std::vector<double>& value, const std::string& text, std::string_view flag) {
  value = sweep::parse_numbers(text, flag);
}
void set_value(std::vector<std::int64_t>& value, const std::string& text, std::string_view flag) {
  value = sweep::parse_counts(text, flag);
}

std::string shown_default(const std::string& value) { return value; }
std::string shown_default(bool /*value*/) { return {}; }
std::string shown_default(std::int64_t value) { return fmt::to_string(value); }
std::string shown_default(std::uint64_t value) { return fmt::to_string(value); }
std::string shown_default(int value) { return fmt::to_string(value); }
std::string shown_default(double value) { return fmt::format("{:g}", value); }
std::string shown_default(const std::vector<std::string>& value) { return fmt::format("{}", fmt::join(value, ",")); }
std::string shown_default(const std::vector<double>& value) { return fmt::format("{}", fmt::join(value, ",")); }
std::string shown_default(const std::vector<std::int64_t>& value) { return fmt::format("{}", fmt::join(value, ",")); }

}  // namespace hies::cli
