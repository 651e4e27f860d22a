// A Hugging Face directory of each family: config.json most of all. What opens is described and run.
#include "hies/base/error.h"
#include "hies/model/cost.h"
#include "hies/prune/zeroed.h"
#include "models.h"

namespace hies::fuzz {
namespace {

std::vector<Bundle> checkpoint_seeds() { return golden_models(1 << 20); }

void read_checkpoint(const std::filesystem::path& input, const std::filesystem::path& /*output*/) {
  const auto checkpoint = std::make_shared<const arch::Checkpoint>(arch::Checkpoint::open(input));
  const model::ModelCost cost = model::model_cost(checkpoint->spec(), 7);
  check(cost.parameters >= cost.attention_parameters && cost.attention_parameters >= 0, "costs that are none");
  for (const model::SiteKind kind : {model::SiteKind::attention, model::SiteKind::ffn})
    model::unit_costs(checkpoint->spec(), kind, 7);
  prune::zeroed_units(*checkpoint);
  run_model(checkpoint);
}

}  // namespace

Target checkpoint_target() { return {"checkpoint", checkpoint_seeds, read_checkpoint}; }

}  // namespace hies::fuzz
