#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hies::cli {

// Sets `value` to what the text of an option says. Throws bad_input: "--ratio abc: not a number".
void set_value(std::string& value, const std::string& text, std::string_view flag);
void set_value(bool& value, const std::string& text, std::string_view flag);  // a flag: `text` is ignored
void set_value(std::int64_t& value, const std::string& text, std::string_view flag);
void set_value(std::uint64_t& value, const std::string& text, std::string_view flag);
void set_value(int& value, const std::string& text, std::string_view flag);
void set_value(double& value, const std::string& text, std::string_view flag);                    // NaN is a number here
void set_value(std::vector<std::string>& value, const std::string& text, std::string_view flag);  // comma separated
// Grids: numbers with commas, ranges (hies/sweep/number_list.h).
void set_value(std::vector<double>& value, const std::string& text, std::string_view flag);
void set_value(std::vector<std::int64_t>& value, const std::string& text, std::string_view flag);

template <class T>
void set_value(std::optional<T>& value, const std::string& text, std::string_view flag) {
  T parsed{};
  set_value(parsed, text, flag);
  value = parsed;
}

// Returns what stands for the value in --help; nothing for a flag.
inline std::string placeholder_of(const std::string&) { return "NAME"; }
inline std::string placeholder_of(bool) { return ""; }
inline std::string placeholder_of(std::int64_t) { return "N"; }
inline std::string placeholder_of(std::uint64_t) { return "N"; }
inline std::string placeholder_of(int) { return "N"; }
inline std::string placeholder_of(double) { return "X"; }
inline std::string placeholder_of(const std::vector<std::string>&) { return "A,B,…"; }
inline std::string placeholder_of(const std::vector<double>&) { return "FROM:TO:STEP"; }
inline std::string placeholder_of(const std::vector<std::int64_t>&) { return "N,N,…"; }
template <class T>
std::string placeholder_of(const std::optional<T>&) {
  return placeholder_of(T{});
}

// Returns the default as --help shows it; nothing where there is none.
std::string shown_default(const std::string& value);
std::string shown_default(bool value);
std::string shown_default(std::int64_t value);
std::string shown_default(std::uint64_t value);
std::string shown_default(int value);
std::string shown_default(double value);
std::string shown_default(const std::vector<std::string>& value);
std::string shown_default(const std::vector<double>& value);
std::string shown_default(const std::vector<std::int64_t>& value);
template <class T>
std::string shown_default(const std::optional<T>& value) {
  return value ? shown_default(*value) : std::string();
}

}  // namespace hies::cli
