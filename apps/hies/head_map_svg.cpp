#include <fmt/format.h>

#include <algorithm>

#include "head_map.h"
#include "ramp.h"
#include "text_layout.h"

namespace hies::cli {
namespace {

constexpr int kCell = 26, kGap = 2, kLeft = 58, kTop = 78, kLegend = 74;

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') out += "&amp;";
    else if (c == '<') out += "&lt;";
    else if (c == '>') out += "&gt;";
    else if (c == '"') out += "&quot;";
    else if (static_cast<unsigned char>(c) < 0x20) out += ' ';
    else out += c;
  }
  return out;
}

std::string hex(Rgb colour) { return fmt::format("#{:02x}{:02x}{:02x}", colour.red, colour.green, colour.blue); }

std::string cross(int x, int y) {
  constexpr int kInset = 6;
  const int size = kCell - kGap;
  return fmt::format(R"(<path class="cross" d="M{} {}L{} {}M{} {}L{} {}"/>)", x + kInset, y + kInset, x + size - kInset,
                     y + size - kInset, x + size - kInset, y + kInset, x + kInset, y + size - kInset);
}

std::string square(int x, int y, std::string_view attributes, std::string_view inside) {
  return fmt::format(R"(<rect x="{}" y="{}" width="{}" height="{}" rx="3" {}>{}</rect>)", x, y, kCell - kGap, kCell - kGap,
                     attributes, inside);
}

std::string draw(const MapCell& cell, int x, int y, std::size_t layer, std::size_t head) {
  const std::string place = fmt::format("layer {}, head {}", layer, head);
  switch (cell.kind) {
    case MapCell::none: return {};
    case MapCell::absent: return square(x, y, R"(class="absent")", fmt::format("<title>{}: not there</title>", place)) + "\n";
    case MapCell::pruned:
      return square(x, y, fmt::format(R"(fill="{}" fill-opacity="0.35")", hex(ramp(cell.share))),
                    fmt::format("<title>{}: {:.4g}, pruned</title>", place, cell.value)) +
             cross(x, y) + "\n";
    case MapCell::kept: break;
  }
  return square(x, y, fmt::format(R"(fill="{}")", hex(ramp(cell.share))),
                fmt::format("<title>{}: {:.4g}</title>", place, cell.value)) +
         "\n";
}

constexpr std::string_view kStyle =
    "<style>\n"
    ".page{fill:#ffffff}text{fill:#1f2328;font:12px system-ui,sans-serif}.title{font-size:15px;font-weight:600}\n"
    ".cross{stroke:#1f2328;stroke-width:2.5;stroke-linecap:round;fill:none}\n"
    ".absent{fill:none;stroke:#8c959f;stroke-dasharray:3 3}\n"
    "@media (prefers-color-scheme:dark){.page{fill:#0d1117}text{fill:#e6edf3}.cross{stroke:#e6edf3}.absent{stroke:#6e7681}}\n"
    "</style>\n";

std::string legend(const HeadMap& map, const MapCells& cells, int y) {
  constexpr int kBar = 120;
  std::string stops;
  for (int i = 0; i <= 4; ++i) stops += fmt::format(R"(<stop offset="{}%" stop-color="{}"/>)", i * 25, hex(ramp(i / 4.0)));
  std::string svg = fmt::format(R"(<defs><linearGradient id="ramp">{}</linearGradient></defs>)", stops) + "\n";
  svg += fmt::format(R"(<text x="{}" y="{}">{}</text>)", kLeft, y, escaped(map.quantity)) + "\n";
  svg += fmt::format(R"_(<rect x="{}" y="{}" width="{}" height="12" rx="3" fill="url(#ramp)"/>)_", kLeft, y + 9, kBar) + "\n";
  svg += fmt::format(R"(<text x="{}" y="{}">{:.3g}</text>)", kLeft, y + 35, cells.least);
  svg += fmt::format(R"(<text x="{}" y="{}" text-anchor="end">{:.3g}</text>)", kLeft + kBar, y + 35, cells.greatest) + "\n";
  int x = kLeft + kBar + 24;
  if (cells.any_pruned) {
    svg += square(x, y + 4, R"(fill="#7c8084" fill-opacity="0.35")", "") + cross(x, y + 4);
    svg += fmt::format(R"(<text x="{}" y="{}">pruned</text>)", x + kCell + 4, y + 20) + "\n";
    x += 82;
  }
  if (cells.any_absent) {
    svg += square(x, y + 4, R"(class="absent")", "");
    svg += fmt::format(R"(<text x="{}" y="{}">not there</text>)", x + kCell + 4, y + 20) + "\n";
  }
  return svg;
}

}  // namespace

std::string head_map_svg(const HeadMap& map) {
  const MapCells cells = map_cells(map);
  const int rows = static_cast<int>(cells.rows.size());
  const int width = std::max({kLeft + map.columns() * kCell + 20, 400, 40 + 9 * display_width(map.title)});
  const int height = kTop + rows * kCell + kLegend;
  std::string svg = fmt::format(
      R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {1}" width="{0}" height="{1}" role="img" aria-label="{2}">)",
      width, height, escaped(map.title));
  svg += fmt::format("\n<title>{}</title>\n", escaped(map.title));
  svg += kStyle;
  svg += "<rect class=\"page\" width=\"100%\" height=\"100%\"/>\n";
  svg += fmt::format(R"(<text class="title" x="20" y="28">{}</text>)", escaped(map.title)) + "\n";
  svg +=
      fmt::format(R"(<text x="{}" y="{}" text-anchor="middle">head</text>)", kLeft + map.columns() * kCell / 2, kTop - 26) + "\n";
  svg += fmt::format(R"_(<text transform="translate(18 {}) rotate(-90)" text-anchor="middle">layer</text>)_",
                     kTop + rows * kCell / 2) +
         "\n";
  for (int head = 0; head < map.columns(); ++head)
    svg += fmt::format(R"(<text x="{}" y="{}" text-anchor="middle">{}</text>)", kLeft + head * kCell + (kCell - kGap) / 2,
                       kTop - 8, head);
  svg += "\n";
  for (std::size_t layer = 0; layer < cells.rows.size(); ++layer) {
    const int y = kTop + static_cast<int>(layer) * kCell;
    svg += fmt::format(R"(<text x="{}" y="{}" text-anchor="end">{}</text>)", kLeft - 8, y + 17, layer) + "\n";
    for (std::size_t head = 0; head < cells.rows[layer].size(); ++head)
      svg += draw(cells.rows[layer][head], kLeft + static_cast<int>(head) * kCell, y, layer, head);
  }
  return svg + legend(map, cells, kTop + rows * kCell + 24) + "</svg>\n";
}

}  // namespace hies::cli
