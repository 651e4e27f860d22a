#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "hies/data/test_golden.h"

namespace hies::score {

using data::golden_names;
using data::rows_of;
using data::unit_table;
using Table = data::HeadRows;

// A tiny model with its scores in float64.
struct Golden : data::GoldenModel {
  using GoldenModel::GoldenModel;
  std::string task_loss() const { return json["task_loss"].get<std::string>(); }
  // Losses that the golden holds scores for.
  std::vector<std::string> losses() const {
    std::vector<std::string> names;
    for (const auto& [name, values] : json["his"].items()) names.push_back(name);
    return names;
  }
  Table table(const std::string& key) const { return json.at(key).get<Table>(); }
  Table table(const std::string& key, const std::string& loss) const { return json.at(key).at(loss).get<Table>(); }
};

inline double largest(const Table& table) {
  double greatest = 0;
  for (const auto& row : table)
    for (const double value : row) greatest = std::max(greatest, std::abs(value));
  return greatest;
}

// Returns the largest difference over the largest wanted value; infinite for tables of another form.
inline double relative_error(const Table& got, const Table& wanted) {
  if (got.size() != wanted.size()) return HUGE_VAL;
  double greatest = 0;
  for (std::size_t layer = 0; layer < got.size(); ++layer) {
    if (got[layer].size() != wanted[layer].size()) return HUGE_VAL;
    for (std::size_t head = 0; head < got[layer].size(); ++head)
      greatest = std::max(greatest, std::abs(got[layer][head] - wanted[layer][head]));
  }
  return greatest / largest(wanted);
}
inline double relative_error(const model::UnitTable<double>& got, const Table& wanted) {
  return relative_error(rows_of(got), wanted);
}
inline double relative_error(const model::UnitTable<double>& got, const model::UnitTable<double>& wanted) {
  return relative_error(rows_of(got), rows_of(wanted));
}

}  // namespace hies::score
