#include "head_map.h"

#include <gtest/gtest.h>

#include <cmath>

#include "ramp.h"

namespace hies::cli {
namespace {

model::Layout layout_of(const std::vector<model::SiteLayout>& layers) {
  model::Layout layout;
  for (std::size_t layer = 0; layer < layers.size(); ++layer)
    layout[model::attention_site(static_cast<int>(layer))] = layers[layer];
  return layout;
}

model::UnitTable<double> table_of(const std::vector<std::vector<double>>& rows) {
  model::UnitTable<double> table;
  for (std::size_t layer = 0; layer < rows.size(); ++layer) table[model::attention_site(static_cast<int>(layer))] = rows[layer];
  return table;
}

// Three layers of four, the second has lost two heads, the third all; one head of the first is to be removed.
struct Example {
  model::Layout layout = layout_of({{{0, 1, 2, 3}, {0, 1, 2, 3}, 4, 4, 8}, {{1, 3}, {1, 3}, 4, 4, 8}, {{}, {}, 4, 4, 8}});
  model::UnitTable<double> values = table_of({{0, 0.5, 1, 0.25}, {2, 1.5}, {}});
  HeadMap map{"Heads of <a> & \"b\"", "score", layout, values, model::UnitSet::parse("attention.0:2")};
};

TEST(HeadMap, Cells) {
  const Example example;
  const MapCells cells = map_cells(example.map);
  EXPECT_EQ(cells.least, 0);
  EXPECT_EQ(cells.greatest, 2);
  ASSERT_EQ(cells.rows.size(), 3u);
  EXPECT_EQ(cells.rows[0][2].kind, MapCell::pruned);
  EXPECT_EQ(cells.rows[1][0].kind, MapCell::absent);
  EXPECT_EQ(cells.rows[1][1].kind, MapCell::kept);
  EXPECT_EQ(cells.rows[1][1].share, 1);
  EXPECT_EQ(cells.rows[1][3].share, 0.75);
  EXPECT_EQ(cells.rows[2][3].kind, MapCell::absent);
}

TEST(HeadMap, EqualValuesAreInTheMiddle) {
  const model::Layout layout = layout_of({{{0, 1}, {0, 1}, 2, 2, 8}});
  const model::UnitTable<double> values = table_of({{3, 3}});
  EXPECT_EQ(map_cells({"", "", layout, values, {}}).rows[0][0].share, 0.5);
}

TEST(HeadMap, TextWithoutColour) {
  const Example example;
  EXPECT_EQ(head_map_text(example.map, 80, false),
            "Heads of <a> & \"b\"\n"
            "           0  1  2  3  head\n"
            "layer 0    0 ░2  ×  1\n"
            "layer 1    · █9  · ▓7\n"
            "layer 2    ·  ·  ·  ·\n"
            "score: 0  0 ░3 ▓6 █9 2   × pruned   · not there\n");
}

TEST(HeadMap, NarrowTextKeepsItsWidth) {
  model::SiteLayout layer{{}, {}, 60, 60, 8};
  std::vector<double> row;
  for (int head = 0; head < 60; ++head) {
    layer.units.push_back(head);
    row.push_back(head);
  }
  const model::Layout layout = layout_of({layer});
  const model::UnitTable<double> values = table_of({row});
  const std::string text = head_map_text({"", "score", layout, values, {}}, 80, false);
  EXPECT_NE(text.find("\nlayer 0  000000111111"), std::string::npos) << text;
}

TEST(HeadMap, ColourHasTheSameDigits) {
  const Example example;
  const std::string text = head_map_text(example.map, 80, true);
  EXPECT_NE(text.find("\x1b[48;5;"), std::string::npos);
  EXPECT_NE(text.find("m  7\x1b[0m"), std::string::npos) << text;
}

TEST(HeadMap, SvgEscapesText) {
  const Example example;
  const std::string svg = head_map_svg(example.map);
  EXPECT_NE(svg.find("Heads of &lt;a&gt; &amp; &quot;b&quot;"), std::string::npos);
  EXPECT_EQ(svg.find("<a>"), std::string::npos);
  EXPECT_NE(svg.find("layer 1, head 3: 1.5"), std::string::npos);
  EXPECT_NE(svg.find("layer 0, head 2: 1, pruned"), std::string::npos);
  EXPECT_NE(svg.find("prefers-color-scheme:dark"), std::string::npos);
}

// Relative luminance of sRGB (WCAG 2).
double luminance(Rgb colour) {
  const auto linear = [](int value) {
    const double c = value / 255.0;
    return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
  };
  return 0.2126 * linear(colour.red) + 0.7152 * linear(colour.green) + 0.0722 * linear(colour.blue);
}

TEST(Ramp, GrowsLighterAndKeepsTextReadable) {
  double before = -1;
  for (int i = 0; i <= 100; ++i) {
    const Rgb colour = ramp(i / 100.0);
    const double light = luminance(colour);
    EXPECT_GT(light, before) << i;
    before = light;
    const double contrast = is_light(colour) ? (light + 0.05) / 0.05 : 1.05 / (light + 0.05);
    EXPECT_GT(contrast, 3.0) << i;
    const int place = terminal_colour(colour);
    EXPECT_TRUE(place >= 16 && place <= 231) << i;
  }
}

}  // namespace
}  // namespace hies::cli
