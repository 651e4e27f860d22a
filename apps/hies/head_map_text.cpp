#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "head_map.h"
#include "hies/base/printable.h"
#include "ramp.h"
#include "text_layout.h"

namespace hies::cli {
namespace {

int digit_of(double share) { return std::min(9, static_cast<int>(share * 10)); }

// A cell of `columns` (1…3) columns.
class CellStyle {
 public:
  CellStyle(int columns, bool colour) : columns_(columns), colour_(colour) {}

  std::string draw(const MapCell& cell) const {
    switch (cell.kind) {
      case MapCell::none: return std::string(static_cast<std::size_t>(columns_), ' ');
      case MapCell::absent: return padded("·");
      case MapCell::pruned: return padded("×");
      case MapCell::kept: break;
    }
    return shaded(cell.share);
  }
  std::string shaded(double share) const {
    static constexpr std::array kBlocks = {" ", "░", "▒", "▓", "█"};
    const int digit = digit_of(share);
    if (!colour_) {
      if (columns_ < 3) return padded(fmt::to_string(digit));
      return fmt::format(" {}{}", kBlocks[static_cast<std::size_t>(digit / 2)], digit);
    }
    const Rgb background = ramp(share);
    return fmt::format("\x1b[48;5;{};38;5;{}m{}\x1b[0m", terminal_colour(background), is_light(background) ? 16 : 231,
                       padded(fmt::to_string(digit)));
  }
  // `text`, one column wide, at the cell's right end, where digits stand.
  std::string padded(const std::string& text) const { return std::string(static_cast<std::size_t>(columns_ - 1), ' ') + text; }

 private:
  int columns_;
  bool colour_;
};

std::string heading(int margin, int heads, int columns) {
  std::string line(static_cast<std::size_t>(margin), ' ');
  const int every = columns == 3 ? 1 : 5;
  for (int head = 0; head < heads; head += every) line += fmt::format("{:>{}}{:{}}", head, columns, "", columns * (every - 1));
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

}  // namespace

std::string head_map_text(const HeadMap& map, int width, bool colour) {
  const MapCells cells = map_cells(map);
  constexpr int kMargin = 9;  // "layer 12 "
  const int columns = std::clamp((width - kMargin) / std::max(1, map.columns()), 1, 3);
  const CellStyle style(columns, colour);

  std::string text = printable(map.title, 200) + "\n" + heading(kMargin, map.columns(), columns) + "  head\n";
  for (std::size_t layer = 0; layer < cells.rows.size(); ++layer) {
    std::string line = fmt::format("{:8} ", fmt::format("layer {}", layer));
    for (const MapCell& cell : cells.rows[layer]) line += style.draw(cell);
    while (line.ends_with(' ')) line.pop_back();
    text += line + "\n";
  }
  const CellStyle legend(3, colour);
  text += fmt::format("{}: {:.3g}", printable(map.quantity, 200), cells.least);
  for (int digit = 0; digit < 10; digit += 3) text += legend.shaded(digit / 10.0 + 0.05);
  text += fmt::format(" {:.3g}", cells.greatest);
  if (cells.any_pruned) text += "   × pruned";
  if (cells.any_absent) text += "   · not there";
  return text + "\n";
}

}  // namespace hies::cli
