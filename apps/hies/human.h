#pragma once

#include <cstdint>
#include <string>

namespace hies::cli {

// Return three significant digits and a decimal prefix ("11.2 M", "8.53 MB", "1.07 G").
std::string human_count(double value);
std::string human_bytes(double bytes);
std::string human_seconds(double seconds);  // "6 s", "4 min 10 s", "2 h 5 min"
std::string human_ms(double milliseconds);  // without unit, three significant digits
// Returns "84.6 %" for a share 0…1.
std::string percent(double share);
// Returns "-25.0 %": how `after` differs from `before`; "" when `before` is 0.
std::string change(double before, double after);

}  // namespace hies::cli
