#include "gpu_bench.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <vector>

#include "hies/base/clock.h"
#include "hies/base/error.h"
#include "hies/base/rng.h"
#include "hies/engine/gpu.h"
#include "hies/engine/model.h"
#include "hies/score/objectives/objectives.h"

namespace hies::cli {
namespace {

// Tokens that tools/bench/gpu_reference.py can draw as well.
std::int32_t token_at(std::int64_t sequence, std::int64_t place, int vocabulary) {
  return static_cast<std::int32_t>((sequence * 7919 + place * 104729 + 17) % (vocabulary - 1));
}

model::Batch made_batch(const model::ModelSpec& spec, const GpuBenchOptions& options) {
  model::Batch batch;
  for (std::int64_t b = 0; b < options.sequences; ++b) {
    std::vector<std::int32_t> tokens;
    for (std::int64_t t = 0; t < options.tokens; ++t) tokens.push_back(token_at(b, t, spec.text.vocabulary));
    batch.add(b, tokens, std::vector<std::int32_t>(tokens.size(), 0));
    if (spec.problem != model::Problem::causal_lm) continue;
    for (std::int64_t t = 0; t + 1 < options.tokens; ++t) {
      batch.target_rows.push_back(b * options.tokens + t);
      batch.target_tokens.push_back(tokens[static_cast<std::size_t>(t + 1)]);
    }
  }
  return batch;
}

// Means over the batch's examples, [L][H]: |inner product| a token, and entropy a query.
void take_scores(const model::Recorder& recorder, const model::ModelSpec& spec, const GpuBenchOptions& options, GpuBench& bench) {
  bench.his.clear(), bench.ae.clear();
  for (std::size_t layer = 0; layer < recorder.layers.size(); ++layer) {
    const model::Recorder::Layer& records = recorder.layers[layer];
    const auto heads = static_cast<std::size_t>(spec.layout.attention(static_cast<int>(layer)).count());
    std::vector<double>&his = bench.his.emplace_back(heads), &ae = bench.ae.emplace_back(heads);
    for (std::size_t i = 0; i < records.inner.size(); ++i) {
      his[i % heads] += std::abs(records.inner[i]) / static_cast<double>(options.tokens * options.sequences);
      ae[i % heads] += records.entropy[i] /
                       static_cast<double>(std::max<std::int64_t>(1, records.entropy_queries[i / heads]) * options.sequences);
    }
  }
}

// Returns a mask without three tenths of the heads.
model::UnitSet random_mask(const model::Layout& layout, Rng& rng) {
  model::UnitSet mask;
  for (const model::Site site : layout.sites(model::SiteKind::attention))
    for (const int head : layout.at(site).units)
      if (rng.uniform() < 0.3) mask.insert(site, head);
  return mask;
}

// Every run ends with its results on the host, so the host's clock measures all of it.
GpuTiming timed(std::int64_t repeats, Progress& progress, const std::function<void()>& run) {
  std::vector<double> times;
  for (std::int64_t i = 0; i < repeats + 2; ++i) {
    Progress::throw_if_cancelled();
    Stopwatch watch;
    run();
    if (i >= 2) times.push_back(watch.elapsed_ms());
    progress.advance(1);
  }
  std::sort(times.begin(), times.end());
  return {times[times.size() / 2], times.front(), times.back()};
}

void evaluate_masks(const engine::Model& model, const model::Batch& batch, std::int64_t count, GpuBench& bench) {
  Rng rng(1);
  std::vector<model::UnitSet> masks;
  for (std::int64_t i = 0; i < count; ++i) masks.push_back(random_mask(model.spec().layout, rng));
  const auto together = [&](std::span<const model::UnitSet> some) {
    model.run_masks(batch, engine::MaskTrie(some, model.spec().layout), nullptr,
                    [](std::span<const std::size_t>, model::RunResult&&) {});
  };
  together({masks.data(), 1});
  Stopwatch watch;
  together(masks);
  bench.masks_together = static_cast<double>(count) / watch.elapsed_ms() * 1000;
  watch.restart();
  for (const model::UnitSet& mask : masks) together({&mask, 1});
  bench.masks_alone = static_cast<double>(count) / watch.elapsed_ms() * 1000;
}

Json to_json(const GpuTiming& timing) {
  return {{"median_ms", timing.median_ms}, {"least_ms", timing.least_ms}, {"most_ms", timing.most_ms}};
}

}  // namespace

GpuBench bench_gpu(const std::filesystem::path& folder, const engine::ExecutionOptions& execution, const GpuBenchOptions& options,
                   Progress& progress) {
  if (options.sequences < 1 || options.tokens < 1 || options.repeats < 1 || options.masks < 0)
    bad_input("--sequences, --tokens and --repeats must be at least 1, --masks at least 0");
  const auto checkpoint = std::make_shared<const arch::Checkpoint>(arch::Checkpoint::open(folder));
  if (checkpoint->spec().reads_images()) unsupported("{} reads images: the bench draws tokens at random", folder.string());
  const engine::Model model = engine::Model::load(checkpoint, execution);
  const engine::Device gpu = model.execution().device;
  const model::Batch batch = made_batch(model.spec(), options);
  const std::vector<double> labels(static_cast<std::size_t>(options.sequences), 0);
  const auto objective = score::make_objective(score::default_objective(model.spec()).name, model.spec(), labels);

  GpuBench bench;
  progress.begin("bench", 2 * (options.repeats + 2), "passes");
  const auto score = [&] {
    model::Recorder recorder;
    recorder.want_inner = recorder.want_entropy = true;
    model.run(batch, {.gates = nullptr, .objective = objective.get(), .recorder = &recorder});
    take_scores(recorder, model.spec(), options, bench);
  };
  score();  // brings the weights onto the GPU
  bench.weights_bytes = static_cast<std::int64_t>(engine::tensor_bytes(gpu));
  engine::restart_peak(gpu);
  bench.score = timed(options.repeats, progress, score);
  bench.peak_bytes = static_cast<std::int64_t>(engine::peak_tensor_bytes(gpu));
  bench.forward =
      timed(options.repeats, progress, [&] { model.run(batch, {.gates = nullptr, .objective = nullptr, .recorder = nullptr}); });
  progress.end();
  if (options.masks > 0) evaluate_masks(model, batch, options.masks, bench);
  return bench;
}

Json to_json(const GpuBench& bench) {
  Json json = {{"weights_bytes", bench.weights_bytes},
               {"peak_bytes", bench.peak_bytes},
               {"score", to_json(bench.score)},
               {"forward", to_json(bench.forward)},
               {"his", bench.his},
               {"ae", bench.ae}};
  if (bench.masks_together) json["masks_per_second"] = {{"together", *bench.masks_together}, {"one_by_one", *bench.masks_alone}};
  return json;
}

}  // namespace hies::cli
