#include "ramp.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace hies::cli {

Rgb ramp(double share) {
  constexpr std::array<Rgb, 5> kAnchors = {{{16, 34, 94}, {66, 84, 128}, {124, 128, 132}, {192, 178, 108}, {252, 230, 84}}};
  const double place = std::clamp(share, 0.0, 1.0) * (kAnchors.size() - 1);
  const auto low = std::min(static_cast<std::size_t>(place), kAnchors.size() - 2);
  const double part = place - static_cast<double>(low);
  const auto between = [&](int Rgb::*channel) {
    return static_cast<int>(std::lround(kAnchors[low].*channel * (1 - part) + kAnchors[low + 1].*channel * part));
  };
  return {between(&Rgb::red), between(&Rgb::green), between(&Rgb::blue)};
}

int terminal_colour(Rgb colour) {
  // Levels of the cube are 0, 95, 135, 175, 215, 255.
  const auto level = [](int value) { return value < 48 ? 0 : value < 115 ? 1 : (value - 35) / 40; };
  return 16 + 36 * level(colour.red) + 6 * level(colour.green) + level(colour.blue);
}

bool is_light(Rgb colour) { return 0.299 * colour.red + 0.587 * colour.green + 0.114 * colour.blue > 130; }

}  // namespace hies::cli
