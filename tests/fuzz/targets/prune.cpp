// A plan for a checkpoint, both of strangers: what is written must open again.
#include "hies/prune/surgery.h"

#include "../outcome.h"
#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/base/json.h"
#include "models.h"

namespace hies::fuzz {
namespace {

// Removes the first head of each layer, and the first neurons.
prune::Plan plan_of(const arch::Checkpoint& checkpoint) {
  prune::Plan plan;
  plan.model = checkpoint.hashes();
  const model::Layout& layout = checkpoint.spec().layout;
  for (const model::Site site : layout.sites(model::SiteKind::attention))
    if (!layout.at(site).active().empty()) plan.removed.insert(site, layout.at(site).active().front());
  for (const model::Site site : layout.sites(model::SiteKind::ffn))
    if (layout.at(site).count() > 2) plan.removed.insert(site, layout.at(site).units[1]);
  return plan;
}

std::vector<Bundle> prune_seeds() {
  std::vector<Bundle> seeds;
  for (const Bundle& model : golden_models(60 << 10)) {
    Bundle seed;
    BundleFolder folder(new_root());
    folder.hold(model);
    seed["plan.json"] = pretty(prune::to_json(plan_of(arch::Checkpoint::open(folder.input()))));
    for (const auto& [name, content] : model) seed["model/" + name] = content;
    seed["model/README.md"] = "A model.\n";
    seed["model/vocab/words.txt"] = "a\n";
    seeds.push_back(std::move(seed));
  }
  return seeds;
}

void read_prune(const std::filesystem::path& input, const std::filesystem::path& output) {
  const arch::Checkpoint source = arch::Checkpoint::open(input / "model");
  prune::Plan plan = prune::read_plan(input / "plan.json");
  plan.model = source.hashes();  // a changed checkpoint would be refused here, and nothing behind it be seen
  for (const bool keep_shapes : {false, true}) {
    const std::filesystem::path folder = output / (keep_shapes ? "zeroed" : "smaller");
    prune::SurgeryOptions options;
    options.keep_shapes = keep_shapes;
    AtomicDirectory directory(folder, false);
    prune::check_plan(plan, source.hashes(), source.spec().layout, "plan.json");
    prune::write_pruned(source, plan, options, "note", directory.folder(), silent_progress());
    directory.commit();
    try {
      arch::Checkpoint::open(folder);
    } catch (const Error& error) {
      check(false, fmt::format("what was written does not open: {}", error.what()));
    }
  }
}

}  // namespace

Target prune_target() { return {"prune", prune_seeds, read_prune}; }

}  // namespace hies::fuzz
