#include "gpu_bench.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <vector>

#include "hies/base/clock.h"
#include "hies/base/error.h"
#include "hies/base/rng.h"
#include "hies/model/device.h"
#include "hies/model/model.h"
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
    for (std::int64_t t = 0; t < options.tokens; ++t) tokens.push_back(token_at(b, t, spec.vocabulary));
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
void take_scores(const model::AttentionProbe& probe, const model::ModelSpec& spec, const GpuBenchOptions& options,
                 GpuBench& bench) {
  bench.his.clear(), bench.ae.clear();
  for (std::size_t layer = 0; layer < probe.layers.size(); ++layer) {
    const model::AttentionProbe::Layer& notes = probe.layers[layer];
    const auto heads = static_cast<std::size_t>(spec.layers[layer].count());
    std::vector<double>&his = bench.his.emplace_back(heads), &ae = bench.ae.emplace_back(heads);
    for (std::size_t i = 0; i < notes.inner.size(); ++i) {
      his[i % heads] += std::abs(notes.inner[i]) / static_cast<double>(options.tokens * options.sequences);
      ae[i % heads] +=
          notes.entropy[i] / static_cast<double>(std::max<std::int64_t>(1, notes.entropy_queries[i / heads]) * options.sequences);
    }
  }
}

// Three tenths of the heads left out.
model::HeadGates random_mask(const model::HeadLayout& layout, Rng& rng) {
  model::HeadGates gates;
  for (const model::LayerHeads& layer : layout) {
    std::vector<double>& row = gates.emplace_back();
    for (int head = 0; head < layer.count(); ++head) row.push_back(rng.uniform() < 0.3 ? 0 : 1);
  }
  return gates;
}

// Every run ends with its results on the host, so the host's clock tells.
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

void evaluate_masks(const model::Model& model, const model::Batch& batch, std::int64_t count, GpuBench& bench) {
  Rng rng(1);
  std::vector<model::HeadGates> masks;
  for (std::int64_t i = 0; i < count; ++i) masks.push_back(random_mask(model.spec().layers, rng));
  const auto together = [&](std::span<const model::HeadGates> some) {
    model.run_masks(batch, model::MaskTrie(some), nullptr, [](std::span<const std::size_t>, model::RunResult&&) {});
  };
  together({masks.data(), 1});
  Stopwatch watch;
  together(masks);
  bench.masks_together = static_cast<double>(count) / watch.elapsed_ms() * 1000;
  watch.restart();
  for (const model::HeadGates& mask : masks) model.run(batch, {.gates = &mask, .objective = nullptr, .probe = nullptr});
  bench.masks_alone = static_cast<double>(count) / watch.elapsed_ms() * 1000;
}

Json to_json(const GpuTiming& timing) {
  return {{"median_ms", timing.median_ms}, {"least_ms", timing.least_ms}, {"most_ms", timing.most_ms}};
}

}  // namespace

GpuBench bench_gpu(const std::filesystem::path& folder, const std::string& dtype, const GpuBenchOptions& options,
                   Progress& progress) {
  if (options.sequences < 1 || options.tokens < 1 || options.repeats < 1 || options.masks < 0)
    bad_input("--sequences, --tokens and --repeats must be at least 1, --masks at least 0");
  const auto checkpoint = std::make_shared<const model::Checkpoint>(model::Checkpoint::open(folder));
  if (checkpoint->spec().reads_images()) unsupported("{} reads images: the bench draws tokens at random", folder.string());
  const model::Model model = model::Model::load(checkpoint, model::parse_compute_type(dtype));
  const model::Batch batch = made_batch(model.spec(), options);
  const std::vector<double> labels(static_cast<std::size_t>(options.sequences), 0);
  const auto objective = score::make_objective(score::default_objective(model.spec()).name, model.spec(), labels);

  GpuBench bench;
  progress.begin("bench", 2 * (options.repeats + 2), "passes");
  const auto score = [&] {
    model::AttentionProbe probe;
    probe.want_inner = probe.want_entropy = true;
    model.run(batch, {.gates = nullptr, .objective = objective.get(), .probe = &probe});
    take_scores(probe, model.spec(), options, bench);
  };
  score();  // brings the weights onto the GPU
  bench.weights_bytes = static_cast<std::int64_t>(model::gpu_bytes());
  model::restart_gpu_peak();
  bench.score = timed(options.repeats, progress, score);
  bench.peak_bytes = static_cast<std::int64_t>(model::gpu_peak_bytes());
  bench.forward =
      timed(options.repeats, progress, [&] { model.run(batch, {.gates = nullptr, .objective = nullptr, .probe = nullptr}); });
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
