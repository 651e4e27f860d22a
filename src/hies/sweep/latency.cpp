#include "hies/sweep/latency.h"

#include <algorithm>
#include <map>

#include "hies/base/files.h"
#include "hies/eval/timing.h"
#include "hies/prune/surgery.h"
#include "hies/sweep/grid.h"
#include "hies/sweep/journal_entries.h"

namespace hies::sweep {
namespace {

constexpr std::string_view kLatencySchema = "hies.latency/1";
constexpr std::string_view kLatencyFile = "latency.jsonl";

evidence::Latency measure(const RunInputs& data, const SweepOptions& options, const engine::Model& whole,
                          const evidence::Record& record, const std::filesystem::path& folder) {
  prune::Plan plan;
  plan.model = record.key.model;
  plan.removed = record.mask.removed;
  const AtomicDirectory temporary(folder / "latency", false);  // never committed
  prune::write_pruned(*data.checkpoint, plan, {}, "", temporary.folder(), silent_progress());
  auto checkpoint = std::make_shared<const arch::Checkpoint>(arch::Checkpoint::open(temporary.folder()));
  const engine::Model pruned = engine::Model::load(std::move(checkpoint), options.execution);
  const eval::EvaluationSubject mine{.model = pruned, .dataset = data.evaluation.dataset};
  const eval::EvaluationSubject reference{.model = whole, .dataset = data.evaluation.dataset};
  const auto timing = eval::time_models(mine, &reference, options.eval.latency, options.eval.batch_tokens, silent_progress());
  const eval::Spread& ms = timing->model.latency_ms;
  return {ms.median, ms.p25, ms.p75, timing->reference->latency_ms.median, timing->speedup->latency.median, ms.count};
}

// One line of the journal.
struct MaskLatency {
  std::string run;
  std::string mask;
  evidence::Latency latency_ms;

  template <class V, class Self>
  static void fields(V& v, Self& self) {
    v("run", self.run);
    v("mask", self.mask);
    v("latency_ms", self.latency_ms);
  }
};

// Returns the usual number of calibration examples: a file may have fewer than the options say.
std::int64_t usual_examples(const RunInputs& data, const SweepOptions& options) {
  return std::min(options.examples, data.calibration.front().size());
}

}  // namespace

bool wants_latency(const evidence::RecordKey& key, const SweepOptions& options, std::int64_t examples) {
  if (key.method == evidence::kUnprunedMethod || key.seed.value_or(0) != 0) return false;
  if (key.examples.value_or(examples) != examples) return false;
  if (!key.alpha) return true;
  return options.alpha == "auto" ? !key.alpha_from.empty() : key.alpha == usual_alpha(options);
}

void measure_latencies(const RunInputs& data, const SweepOptions& options, const engine::Model& model,
                       const std::filesystem::path& folder, std::vector<evidence::Record>& records, Progress& progress) {
  Journal journal(folder / kLatencyFile);
  const std::int64_t examples = usual_examples(data, options);
  std::map<std::string, const evidence::Record*> wanted;  // by mask
  for (const evidence::Record& record : records)
    if (wants_latency(record.key, options, examples)) wanted.emplace(record.mask.hash, &record);
  std::map<std::string, evidence::Latency> known;  // by mask
  for (const MaskLatency& measured : journal_entries<MaskLatency>(journal, data.run.name))
    known[measured.mask] = measured.latency_ms;
  progress.begin(data.run.name + " latency", static_cast<std::int64_t>(wanted.size()), "masks");
  for (const auto& [mask, record] : wanted) {
    if (!known.contains(mask)) {
      known[mask] = measure(data, options, model, *record, folder);
      journal.append({journal_line(kLatencySchema, MaskLatency{data.run.name, mask, known[mask]})});
    }
    progress.advance(1);
  }
  progress.end();
  for (evidence::Record& record : records)
    if (wants_latency(record.key, options, examples)) record.measured.latency_ms = known.at(record.mask.hash);
}

}  // namespace hies::sweep
