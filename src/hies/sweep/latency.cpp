#include "hies/sweep/latency.h"

#include <map>

#include "hies/base/files.h"
#include "hies/eval/timing.h"
#include "hies/prune/surgery.h"
#include "hies/sweep/grid.h"
#include "hies/sweep/journal.h"

namespace hies::sweep {
namespace {

constexpr std::string_view kLatencySchema = "hies.latency/1";
constexpr std::string_view kLatencyFile = "latency.jsonl";

using Latencies = std::map<std::string, evidence::Record::Latency>;  // by mask

evidence::Record::Latency measure(const RunData& data, const SweepOptions& options, const model::Model& whole,
                                  const evidence::Record& record, const std::filesystem::path& folder) {
  prune::Plan plan;
  plan.model_hash = record.model_hash;
  plan.pruned = record.pruned;
  const AtomicDirectory temporary(folder / "latency", false);  // never committed
  prune::write_pruned(*data.checkpoint, plan, {}, "", temporary.folder(), silent_progress());
  auto checkpoint = std::make_shared<const model::Checkpoint>(model::Checkpoint::open(temporary.folder()));
  const model::Model pruned = model::Model::load(std::move(checkpoint), model::parse_compute_type(options.dtype));
  const eval::Side mine{.model = pruned, .dataset = data.evaluation.dataset};
  const eval::Side reference{.model = whole, .dataset = data.evaluation.dataset};
  eval::LatencyOptions time;
  time.latency_seconds = options.latency_seconds;
  const auto timing = eval::time_models(mine, &reference, time, options.batch_tokens, silent_progress());
  const eval::Spread& ms = timing->model.latency_ms;
  return {ms.median, ms.p25, ms.p75, timing->reference->latency_ms.median, timing->speedup->latency.median, ms.count};
}

Json line(const evidence::Record& record, const evidence::Record::Latency& latency) {
  evidence::Record measured = record;
  measured.latency_ms = latency;
  return {{"schema", kLatencySchema},
          {"run", record.run},
          {"mask", record.mask},
          {"latency_ms", evidence::to_json(measured)["latency_ms"]}};
}

// The record that a line of the journal is about has the same mask; only its latency is read.
evidence::Record::Latency read_latency(const Json& json, const evidence::Record& record, std::string_view where) {
  Json whole = evidence::to_json(record);
  whole["latency_ms"] = require<Json>(json, "latency_ms", where);
  return evidence::record_from_json(whole, where).latency_ms.value();
}

}  // namespace

bool wants_latency(const evidence::Record& record, const SweepOptions& options) {
  if (record.method == "none" || record.seed.value_or(0) != 0) return false;
  // With another number of examples than --examples the file's name goes on after the seed.
  if (record.examples && !record.scores.ends_with("-0.json")) return false;
  if (!record.alpha) return true;
  return options.alpha == "auto" ? !record.alpha_from.empty() : record.alpha == usual_alpha(options);
}

void measure_latencies(const RunData& data, const SweepOptions& options, const model::Model& model,
                       const std::filesystem::path& folder, std::vector<evidence::Record>& records, Progress& progress) {
  Journal journal(folder / kLatencyFile);
  std::map<std::string, const evidence::Record*> wanted;  // by mask
  for (const evidence::Record& record : records)
    if (wants_latency(record, options)) wanted.emplace(record.mask, &record);
  Latencies known;
  for (const std::string& text : journal.lines()) {
    const std::string where = journal.file().string();
    const Json json = parse_json(text, where);
    const auto found = wanted.find(require<std::string>(json, "mask", where));
    if (found != wanted.end() && require<std::string>(json, "run", where) == data.run.name)
      known[found->first] = read_latency(json, *found->second, where);
  }
  progress.begin(data.run.name + " latency", static_cast<std::int64_t>(wanted.size()), "masks");
  for (const auto& [mask, record] : wanted) {
    if (!known.contains(mask)) {
      known[mask] = measure(data, options, model, *record, folder);
      journal.append({line(*record, known[mask]).dump()});
    }
    progress.advance(1);
  }
  progress.end();
  for (evidence::Record& record : records)
    if (wants_latency(record, options)) record.latency_ms = known.at(record.mask);
}

}  // namespace hies::sweep
