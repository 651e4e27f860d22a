#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <limits>

#include "hies/base/error.h"
#include "hies/formats/safetensors_writer.h"

namespace hies::formats {

std::uint64_t parse_byte_size(std::string_view text, std::string_view option) {
  struct Unit {
    std::string_view name;
    std::uint64_t bytes;
  };
  constexpr std::array kUnits = {
      Unit{"kb", 1000},
      Unit{"mb", 1000'000},
      Unit{"gb", 1000'000'000},
      Unit{"tb", 1000'000'000'000},
      Unit{"kib", std::uint64_t{1} << 10},
      Unit{"mib", std::uint64_t{1} << 20},
      Unit{"gib", std::uint64_t{1} << 30},
      Unit{"tib", std::uint64_t{1} << 40},
  };
  std::uint64_t count = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  std::string unit(rest, text.data() + text.size());
  std::transform(unit.begin(), unit.end(), unit.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto known = std::find_if(kUnits.begin(), kUnits.end(), [&](const Unit& u) { return u.name == unit; });
  if (error != std::errc() || known == kUnits.end() || count == 0 ||
      count > std::numeric_limits<std::uint64_t>::max() / known->bytes)
    throw Error(ErrorKind::bad_input, fmt::format("{} is '{}', which is not a size", option, printable(text)),
                "write a whole number and a unit: 200KB, 500MB, 5GB");
  return count * known->bytes;
}

}  // namespace hies::formats
