#include "hies/prune/zeroed.h"

#include <fmt/format.h>

#include "hies/base/json_node.h"

namespace hies::prune {
namespace {

// Of "hies": the lists by layer, "zeroed": {"0": [1, 3]}.
ZeroedHeads read(const JsonNode& zeroed, const model::HeadLayout& layout) {
  ZeroedHeads heads;
  for (std::size_t layer = 0; layer < layout.size(); ++layer) {
    const std::string key = std::to_string(layer);
    if (!zeroed.has(key)) continue;
    const JsonNode list = zeroed.member(key);
    list.each(list.list_size(), "heads", [&](std::size_t, const JsonNode& node) {
      const auto head = static_cast<int>(node.count(layout[layer].original_heads - 1));
      if (layout[layer].position_of(head) < 0) node.fail(fmt::format("is {}, a head that the layer does not have", head));
      std::vector<int>& mine = heads[static_cast<int>(layer)];
      if (!mine.empty() && head <= mine.back()) node.fail("is not greater than the head before it");
      mine.push_back(head);
    });
  }
  if (heads.size() != zeroed.object().size()) zeroed.fail("names layers that the model does not have, or that zero nothing");
  return heads;
}

}  // namespace

ZeroedHeads zeroed_heads(const model::Checkpoint& checkpoint) {
  const std::string where = (checkpoint.folder() / "config.json").string();
  const JsonNode config(checkpoint.config(), where);
  if (!config.holds("hies") || !config.member("hies").holds("zeroed")) return {};
  return read(config.member("hies").member("zeroed"), checkpoint.spec().layers);
}

int count(const ZeroedHeads& heads) noexcept {
  std::size_t sum = 0;
  for (const auto& [layer, mine] : heads) sum += mine.size();
  return static_cast<int>(sum);
}

}  // namespace hies::prune
