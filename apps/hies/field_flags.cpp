#include "field_flags.h"

#include <algorithm>
#include <array>
#include <utility>

#include "arguments.h"

namespace hies::cli {
namespace {

// Fields whose options have other names.
constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kOtherNames = {
    {{"calibration", "calib"}, {"evaluation", "eval"}}};

bool is_field(std::string_view word) {
  return !word.empty() && std::all_of(word.begin(), word.end(), [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
}

std::string flag(std::string_view field) {
  const auto other =
      std::find_if(kOtherNames.begin(), kOtherNames.end(), [&](const auto& names) { return names.first == field; });
  return "--" + flag_of(other == kOtherNames.end() ? field : other->second);
}

}  // namespace

std::string with_flags(std::string_view text) {
  std::string result;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t open = text.find('`', begin);
    const std::size_t close = open == std::string_view::npos ? open : text.find('`', open + 1);
    if (close == std::string_view::npos) return result.append(text.substr(begin));
    result.append(text.substr(begin, open - begin));
    const std::string_view word = text.substr(open + 1, close - open - 1);
    if (is_field(word)) result.append(flag(word));
    else result.append(text.substr(open, close - open + 1));
    begin = close + 1;
  }
  return result;
}

}  // namespace hies::cli
