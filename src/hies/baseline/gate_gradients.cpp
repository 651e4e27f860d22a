#include "hies/baseline/gate_gradients.h"

#include "hies/baseline/judged.h"
#include "hies/data/packing.h"

namespace hies::baseline {
namespace {

// Appends the rows of a run: of each sequence the gradients of units, from those of heads or neurons [B, present].
void append(const std::vector<double>& of_present, const model::SiteLayout& present, const std::vector<std::vector<int>>& groups,
            std::int64_t sequences, std::vector<double>& rows) {
  const std::size_t width = present.units.size();
  for (std::size_t b = 0; b < static_cast<std::size_t>(sequences); ++b)
    for (const std::vector<int>& members : groups) {
      double sum = 0;
      for (const int member : members) sum += of_present[b * width + static_cast<std::size_t>(present.position_of(member))];
      rows.push_back(sum);
    }
}

}  // namespace

GateGradients gate_gradients(const Work& work, const model::UnitGroups& units, Progress& progress) {
  const Judged judged(work);
  GateGradients gradients;
  const std::vector<model::Batch> batches = data::pack(judged.rows, work.score.batch_tokens);
  progress.begin("gradients of gates", judged.rows.size(), "examples");
  for (std::int64_t draw = 0; draw < (judged.kind.drawn ? work.score.draws : 1); ++draw) {
    const auto objective = judged.objective(draw);
    for (const model::Batch& batch : batches) {
      Progress::throw_if_cancelled();
      model::Recorder recorder;
      recorder.want_inner = recorder.want_neurons = recorder.want_neuron_examples = true;
      work.model.run(batch, {.gates = nullptr, .objective = objective.get(), .recorder = &recorder});
      for (const auto& [site, groups] : units) {
        const model::Recorder::Layer& layer = recorder.layers[static_cast<std::size_t>(site.layer)];
        append(site.kind == model::SiteKind::ffn ? layer.neuron_inner : layer.inner, work.model.spec().layout.at(site), groups, batch.size(),
               gradients.of_site[site]);
      }
      gradients.examples += batch.size();
      progress.advance(batch.size());
    }
  }
  progress.end();
  return gradients;
}

}  // namespace hies::baseline
