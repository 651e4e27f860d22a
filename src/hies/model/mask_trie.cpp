#include "hies/model/mask_trie.h"

#include <functional>
#include <map>
#include <numeric>

#include "hies/base/error.h"

namespace hies::model {
namespace {

std::vector<std::uint8_t> kept(const std::vector<double>& gates) {
  std::vector<std::uint8_t> keep;
  for (const double gate : gates) {
    check(gate == 0 || gate == 1, "a mask has a gate that is neither 0 nor 1");
    keep.push_back(gate == 1);
  }
  return keep;
}

void collect(const std::vector<MaskTrie::Node>& nodes, std::vector<std::vector<std::size_t>>& leaves) {
  for (const MaskTrie::Node& node : nodes) {
    if (!node.masks.empty()) leaves.push_back(node.masks);
    collect(node.next, leaves);
  }
}

}  // namespace

MaskTrie::MaskTrie(std::span<const HeadGates> masks) {
  std::vector<std::size_t> all(masks.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  for (const HeadGates& mask : masks)
    check(!mask.empty() && mask.size() == masks.front().size(), "masks for different numbers of layers");
  first_ = grow(masks, all, 0);
}

std::vector<MaskTrie::Node> MaskTrie::grow(std::span<const HeadGates> masks, const std::vector<std::size_t>& which,
                                           std::size_t layer) {
  std::map<std::vector<double>, std::vector<std::size_t>, std::greater<>> choices;
  for (const std::size_t mask : which) choices[masks[mask][layer]].push_back(mask);
  std::vector<Node> nodes;
  for (auto& [gates, chosen] : choices) {
    const bool last = layer + 1 == masks[chosen.front()].size();
    auto next = last ? std::vector<Node>() : grow(masks, chosen, layer + 1);
    nodes.push_back({kept(gates), std::move(next), last ? std::move(chosen) : std::vector<std::size_t>()});
    ++node_count_;
  }
  return nodes;
}

std::vector<std::vector<std::size_t>> MaskTrie::leaves() const {
  std::vector<std::vector<std::size_t>> all;
  collect(first_, all);
  return all;
}

}  // namespace hies::model
