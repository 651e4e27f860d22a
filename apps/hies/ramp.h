#pragma once

namespace hies::cli {

struct Rgb {
  int red, green, blue;  // 0…255
};

// Returns colours from dark blue (0) over grey to light yellow (1): lightness grows evenly, and blue and yellow differ for
// every common form of colour blindness.
Rgb ramp(double share);

// Returns the nearest of the 216 colours of a terminal's 6×6×6 cube: 16…231.
int terminal_colour(Rgb colour);

// Returns whether black text is easier to read on it than white.
bool is_light(Rgb colour);

}  // namespace hies::cli
