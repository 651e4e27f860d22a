#include "hies/sweep/number_list.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "hies/base/error.h"

namespace hies::sweep {
namespace {

constexpr int kMostDecimals = 6;
constexpr std::int64_t kMostNumbers = 100'000;

// digits · 10^-decimals, exactly.
struct Decimal {
  std::int64_t digits = 0;
  int decimals = 0;

  std::int64_t scaled(int to) const {
    std::int64_t value = digits;
    for (int i = decimals; i < to; ++i) value *= 10;
    return value;
  }
};

// Returns the double nearest to the decimal: both parts of the quotient are exact.
double nearest_double(std::int64_t digits, int decimals) {
  double scale = 1;
  for (int i = 0; i < decimals; ++i) scale *= 10;
  return static_cast<double>(digits) / scale;
}

[[noreturn]] void refuse(std::string_view name, std::string_view text, std::string_view why) {
  throw Error(ErrorKind::bad_input, fmt::format("{} '{}': {}", name, printable(text), why),
              "write numbers like 0.1,0.3 or a range like 0:1:0.1 (from, to, step)");
}

Decimal parse_decimal(std::string_view text, std::string_view name) {
  Decimal decimal;
  std::string digits;
  bool after_point = false;
  for (const char c : text) {
    if (c == '.' && !after_point) {
      after_point = true;
    } else if ((c >= '0' && c <= '9') || (c == '-' && digits.empty() && !after_point)) {
      digits += c;
      decimal.decimals += after_point;
    } else {
      refuse(name, text, "not a number");
    }
  }
  if (decimal.decimals > kMostDecimals) refuse(name, text, fmt::format("more than {} decimals", kMostDecimals));
  const char* const end = digits.data() + digits.size();
  const auto [stop, code] = std::from_chars(digits.data(), end, decimal.digits);
  if (code != std::errc() || stop != end) refuse(name, text, "not a number");
  if (std::abs(decimal.digits) > 1'000'000'000'000) refuse(name, text, "too large a number");
  return decimal;
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  for (std::size_t end = text.find(at); end != std::string_view::npos; begin = end + 1, end = text.find(at, begin))
    parts.push_back(text.substr(begin, end - begin));
  parts.push_back(text.substr(begin));
  return parts;
}

void add_range(std::string_view text, const std::vector<std::string_view>& parts, std::string_view name,
               std::vector<double>& numbers) {
  if (parts.size() != 3) refuse(name, text, "a range is from:to:step");
  const Decimal from = parse_decimal(parts[0], name), to = parse_decimal(parts[1], name), step = parse_decimal(parts[2], name);
  const int decimals = std::max({from.decimals, to.decimals, step.decimals});
  const std::int64_t first = from.scaled(decimals), last = to.scaled(decimals), by = step.scaled(decimals);
  if (by <= 0) refuse(name, text, "the step must be above 0");
  if (last < first) refuse(name, text, "the range ends before it begins");
  if ((last - first) / by >= kMostNumbers) refuse(name, text, "too many numbers");
  for (std::int64_t value = first; value <= last; value += by) numbers.push_back(nearest_double(value, decimals));
}

}  // namespace

std::vector<double> parse_numbers(std::string_view text, std::string_view name) {
  std::vector<double> numbers;
  if (text.empty()) return numbers;
  for (const std::string_view part : split(text, ',')) {
    if (const auto ends = split(part, ':'); ends.size() > 1) {
      add_range(part, ends, name, numbers);
    } else {
      const Decimal decimal = parse_decimal(part, name);
      numbers.push_back(nearest_double(decimal.digits, decimal.decimals));
    }
    if (static_cast<std::int64_t>(numbers.size()) > kMostNumbers) refuse(name, text, "too many numbers");
  }
  return numbers;
}

std::vector<std::int64_t> parse_counts(std::string_view text, std::string_view name) {
  std::vector<std::int64_t> counts;
  for (const double number : parse_numbers(text, name)) {
    if (number != std::floor(number)) refuse(name, text, "not a whole number");
    counts.push_back(static_cast<std::int64_t>(number));
  }
  return counts;
}

}  // namespace hies::sweep
