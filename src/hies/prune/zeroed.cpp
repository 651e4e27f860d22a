#include "hies/prune/zeroed.h"

#include <fmt/format.h>

#include "hies/base/json_node.h"

namespace hies::prune {
namespace {

constexpr std::string_view kKey = "hies.zeroed";

// Reads the lists by layer of hies.pruned/1: {"0": [1, 3]}.
model::UnitSet read_version_1(const JsonNode& zeroed, const model::Layout& layout) {
  model::UnitSet units;
  std::size_t layers = 0;
  for (const model::Site site : layout.sites(model::SiteKind::attention)) {
    const std::string key = std::to_string(site.layer);
    if (!zeroed.has(key)) continue;
    const JsonNode list = zeroed.member(key);
    std::vector<int> heads;
    list.each(list.list_size(), "heads", [&](std::size_t, const JsonNode& node) {
      const auto head = static_cast<int>(node.count(layout.at(site).original_units - 1));
      if (!heads.empty() && head <= heads.back()) node.fail("is not greater than the head before it");
      heads.push_back(head);
    });
    units.insert(site, heads);
    layers += heads.empty() ? 0 : 1;
  }
  if (layers != zeroed.object().size()) zeroed.fail("names layers that the model does not have, or that zero nothing");
  return units;
}

}  // namespace

model::UnitSet zeroed_units(const arch::Checkpoint& checkpoint) {
  const std::string where = (checkpoint.folder() / "config.json").string();
  const JsonNode config(checkpoint.config(), where);
  if (!config.holds("hies") || !config.member("hies").holds("zeroed")) return {};
  const JsonNode block = config.member("hies");
  const model::Layout& layout = checkpoint.spec().layout;
  model::UnitSet units = block.member("schema").text() == "hies.pruned/1"
                             ? read_version_1(block.member("zeroed"), layout)
                             : model::unit_set_from_json(checkpoint.config()["hies"]["zeroed"], where, kKey);
  for (const auto& [site, listed] : units)
    for (const int unit : listed)
      if (!layout.contains(site) || layout.at(site).position_of(unit) < 0)
        bad_input("{}: '{}' names {} {} of layer {}, which is not there", where, kKey, model::unit_noun(site.kind), unit,
                  site.layer);
  return units;
}

}  // namespace hies::prune
