#include "hies/baseline/rearrange.h"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace hies::baseline {
namespace {

// Gradients unit by unit: a unit's examples side by side.
class Columns {
 public:
  Columns(std::span<const double> gradients, std::size_t units) : examples_(units == 0 ? 0 : gradients.size() / units) {
    values_.resize(gradients.size());
    for (std::size_t x = 0; x < examples_; ++x)
      for (std::size_t unit = 0; unit < units; ++unit) values_[unit * examples_ + x] = gradients[x * units + unit];
  }
  std::span<const double> of(std::size_t unit) const { return {values_.data() + unit * examples_, examples_}; }
  std::size_t examples() const { return examples_; }

 private:
  std::size_t examples_;
  std::vector<double> values_;
};

double product(std::span<const double> a, std::span<const double> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

}  // namespace

std::vector<std::size_t> rearranged(std::span<const double> gradients, std::size_t units, std::size_t count) {
  std::vector<std::size_t> order(units);
  std::iota(order.begin(), order.end(), std::size_t{0});
  const Columns columns(gradients, units);
  std::vector<double> squares(units);
  for (std::size_t unit = 0; unit < units; ++unit) squares[unit] = product(columns.of(unit), columns.of(unit));
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return std::tuple(squares[a], a) < std::tuple(squares[b], b); });
  std::vector<std::size_t> removed(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(std::min(count, units)));
  if (!removed.empty() && count < units) {
    std::vector<double> sum(columns.examples(), 0);
    const auto add = [&](std::size_t unit, double sign) {
      const std::span<const double> own = columns.of(unit);
      for (std::size_t x = 0; x < sum.size(); ++x) sum[x] += sign * own[x];
    };
    for (const std::size_t unit : removed) add(unit, 1);
    for (std::size_t i = count; i < units; ++i) {
      removed.push_back(order[i]);
      add(order[i], 1);
      // ‖s − g‖² = ‖s‖² − 2⟨s, g⟩ + ‖g‖², of which the first is the same for all.
      const auto without = [&](std::size_t unit) { return squares[unit] - 2 * product(sum, columns.of(unit)); };
      std::vector<double> values(removed.size());
      std::transform(removed.begin(), removed.end(), values.begin(), without);
      const auto leaves = std::min_element(values.begin(), values.end()) - values.begin();
      add(removed[static_cast<std::size_t>(leaves)], -1);
      removed.erase(removed.begin() + leaves);
    }
  }
  std::sort(removed.begin(), removed.end());
  return removed;
}

double joint_square(std::span<const double> gradients, std::size_t units, std::span<const std::size_t> removed) {
  double total = 0;
  for (std::size_t first = 0; first + units <= gradients.size(); first += units) {
    double sum = 0;
    for (const std::size_t unit : removed) sum += gradients[first + unit];
    total += sum * sum;
  }
  return total;
}

}  // namespace hies::baseline
