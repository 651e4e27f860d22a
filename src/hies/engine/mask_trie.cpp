#include "hies/engine/mask_trie.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "hies/base/error.h"

namespace hies::engine {
namespace {

using model::UnitSet;

void collect(const std::vector<MaskTrie::Node>& nodes, std::vector<std::vector<std::size_t>>& leaves) {
  for (const MaskTrie::Node& node : nodes) {
    if (!node.masks.empty()) leaves.push_back(node.masks);
    collect(node.next, leaves);
  }
}

// Whether `a` keeps the first unit that only one of them removes.
bool keeps_first_difference(const UnitSet& a, const UnitSet& b) { return model::has_first_difference(b, a); }

}  // namespace

MaskTrie::MaskTrie(std::span<const UnitSet> masks, const model::Layout& layout) : layers_(layout.layer_count()) {
  std::vector<std::size_t> all(masks.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  for (const UnitSet& mask : masks)
    for (const auto& [site, units] : mask)
      for (const int unit : units) check(layout.at(site).position_of(unit) >= 0, "a mask removes a unit that is not there");
  if (layers_ > 0 && !masks.empty()) first_ = grow(masks, all, 0);
}

std::vector<MaskTrie::Node> MaskTrie::grow(std::span<const UnitSet> masks, const std::vector<std::size_t>& which, int layer) {
  std::map<UnitSet, std::vector<std::size_t>, decltype(&keeps_first_difference)> choices(&keeps_first_difference);
  for (const std::size_t mask : which) choices[masks[mask].of_layer(layer)].push_back(mask);
  std::vector<Node> nodes;
  for (auto& [removed, chosen] : choices) {
    const bool last = layer + 1 == layers_;
    auto next = last ? std::vector<Node>() : grow(masks, chosen, layer + 1);
    nodes.push_back({removed, std::move(next), last ? std::move(chosen) : std::vector<std::size_t>()});
    ++node_count_;
  }
  return nodes;
}

std::vector<std::vector<std::size_t>> MaskTrie::leaves() const {
  std::vector<std::vector<std::size_t>> all;
  collect(first_, all);
  return all;
}

}  // namespace hies::engine
