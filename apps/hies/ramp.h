#pragma once

namespace hies::cli {

struct Rgb {
  int red, green, blue;  // 0…255
};

// Colours from dark blue (0) over grey to light yellow (1): lightness grows evenly, and blue against yellow is told apart with
// every common form of colour blindness.
Rgb ramp(double share);

// The nearest of the 216 colours of a terminal's 6×6×6 cube: 16…231.
int terminal_colour(Rgb colour);

// Whether black text reads better than white on it.
bool is_light(Rgb colour);

}  // namespace hies::cli
