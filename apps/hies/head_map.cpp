#include "head_map.h"

#include <algorithm>
#include <limits>

namespace hies::cli {

int HeadMap::columns() const {
  int most = 0;
  for (const model::Site site : layout.sites(model::SiteKind::attention)) most = std::max(most, layout.at(site).original_units);
  return most;
}

MapCells map_cells(const HeadMap& map) {
  MapCells cells;
  double least = std::numeric_limits<double>::infinity(), greatest = -least;
  for (const auto& [site, row] : map.values) {
    for (const double value : row) {
      least = std::min(least, value);
      greatest = std::max(greatest, value);
    }
  }
  const bool any = least <= greatest;
  cells.least = any ? least : 0;
  cells.greatest = any ? greatest : 0;
  for (const model::Site site : map.layout.sites(model::SiteKind::attention)) {
    const model::SiteLayout& heads = map.layout.at(site);
    auto& row = cells.rows.emplace_back(static_cast<std::size_t>(map.columns()));
    for (int head = 0; head < heads.original_units; ++head) {
      MapCell& cell = row[static_cast<std::size_t>(head)];
      const int position = heads.position_of(head);
      if (position < 0) {
        cell.kind = MapCell::absent;
        cells.any_absent = true;
        continue;
      }
      cell.kind = map.removed.contains(site, head) ? MapCell::pruned : MapCell::kept;
      cells.any_pruned |= cell.kind == MapCell::pruned;
      cell.value = map.values.at(site)[static_cast<std::size_t>(position)];
      cell.share = greatest > least ? (cell.value - least) / (greatest - least) : 0.5;
    }
  }
  return cells;
}

}  // namespace hies::cli
