#pragma once

#include <string>

#include "hies/model/unit_set.h"

namespace hies::cli {

// A map of one number per head: layers down, original head indices across. Shades run from the lowest to the highest number.
struct HeadMap {
  std::string title;
  std::string quantity;  // what the numbers are: "HIES, higher = keep"
  const model::Layout& layout;
  const model::UnitTable<double>& values;
  model::UnitSet removed;  // crossed out

  // Columns that the widest layer had before any pruning.
  int columns() const;
};

// One place of the map.
struct MapCell {
  enum Kind { none, absent, pruned, kept } kind = none;  // none: the layer never had so many heads
  double value = 0;
  double share = 0;  // 0…1 between the lowest and the highest value; ½ where all are equal
};
// [layer][original head], rows of HeadMap::columns() cells; and the range.
struct MapCells {
  std::vector<std::vector<MapCell>> rows;
  double least = 0, greatest = 0;
  bool any_pruned = false, any_absent = false;
};
MapCells map_cells(const HeadMap& map);

// Returns the map for a terminal of `width` columns: a block character and a digit 0…9 per head, readable without colour; ×
// pruned, · not there.
std::string head_map_text(const HeadMap& map, int width, bool colour);

// Returns one SVG document, self-contained, for light and dark pages.
std::string head_map_svg(const HeadMap& map);

}  // namespace hies::cli
