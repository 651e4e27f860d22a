#include "human.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace hies::cli {
namespace {

// Three significant digits without exponent: 1.07, 11.2, 853.
std::string three_digits(double value) {
  const double size = std::abs(value);
  if (size < 9.995) return fmt::format("{:.2f}", value);
  if (size < 99.95) return fmt::format("{:.1f}", value);
  return fmt::format("{:.0f}", value);
}

std::string with_prefix(double value, std::string_view unit) {
  constexpr std::array kPrefixes = {"", "k", "M", "G", "T", "P"};
  std::size_t step = 0;
  while (std::abs(value) >= 999.5 && step + 1 < kPrefixes.size()) {
    value /= 1000;
    ++step;
  }
  const std::string number = step == 0 && value == std::floor(value) ? fmt::format("{:.0f}", value) : three_digits(value);
  const std::string suffix = kPrefixes[step] + std::string(unit);
  return suffix.empty() ? number : number + " " + suffix;
}

}  // namespace

std::string human_count(double value) { return with_prefix(value, ""); }
std::string human_bytes(double bytes) { return with_prefix(bytes, "B"); }

std::string human_seconds(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

std::string human_ms(double milliseconds) { return three_digits(milliseconds); }

std::string percent(double share) { return fmt::format("{:.1f} %", share * 100); }

std::string change(double before, double after) {
  if (before == 0) return {};
  return fmt::format("{:+.1f} %", (after - before) / std::abs(before) * 100);
}

}  // namespace hies::cli
