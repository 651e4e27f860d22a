#pragma once

// For tests: tables and layouts of attention heads, a row or a site for each layer.

#include <vector>

#include "hies/model/units.h"

namespace hies::score {

inline model::UnitTable<double> table_of(const std::vector<std::vector<double>>& rows) {
  model::UnitTable<double> table;
  for (std::size_t layer = 0; layer < rows.size(); ++layer) table[model::attention_site(static_cast<int>(layer))] = rows[layer];
  return table;
}

inline model::UnitGroups groups_of(const std::vector<std::vector<std::vector<int>>>& rows) {
  model::UnitGroups groups;
  for (std::size_t layer = 0; layer < rows.size(); ++layer) groups[model::attention_site(static_cast<int>(layer))] = rows[layer];
  return groups;
}

inline model::Layout layout_of(const std::vector<model::SiteLayout>& layers) {
  model::Layout layout;
  for (std::size_t layer = 0; layer < layers.size(); ++layer)
    layout[model::attention_site(static_cast<int>(layer))] = layers[layer];
  return layout;
}

}  // namespace hies::score
