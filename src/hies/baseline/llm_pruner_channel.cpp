#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

#include "hies/arch/weight_matrix.h"
#include "hies/baseline/asked_share.h"
#include "hies/baseline/baseline.h"
#include "hies/baseline/judged.h"
#include "hies/data/packing.h"
#include "hies/formats/dtype.h"
#include "hies/model/tensors.h"
#include "hies/score/statistics/taylor.h"

namespace hies::baseline {
namespace {

// One channel of a KV head and of the query heads that read it: an index of each of their slices.
struct Channel {
  double score = 0;
  std::size_t place = 0;  // in the order of layers, for ties
  std::vector<model::Slice> slices;
};

// Returns the channels of all heads, without scores.
std::vector<Channel> all_channels(const model::ModelSpec& spec) {
  std::vector<Channel> channels;
  for (const model::Site site : spec.layout.sites(model::SiteKind::attention)) {
    const model::SiteLayout& heads = spec.layout.at(site);
    const std::vector<std::int32_t> kv = heads.kv_positions();
    for (int k = 0; k < heads.kv_count(); ++k) {
      std::vector<model::Slice> whole = model::kv_slices(spec, site, k);
      for (int head = 0; head < heads.count(); ++head)
        if (kv[static_cast<std::size_t>(head)] == k)
          for (model::Slice& slice : model::unit_slices(spec, site, head)) whole.push_back(std::move(slice));
      for (int d = 0; d < heads.unit_size; ++d) {
        Channel& channel = channels.emplace_back();
        channel.place = channels.size();
        for (model::Slice slice : whole) {
          slice.begin += d;
          slice.end = slice.begin + 1;
          channel.slices.push_back(std::move(slice));
        }
      }
    }
  }
  return channels;
}

engine::WeightGradients gradients_of(const Work& work, Progress& progress) {
  const Judged judged(work);
  const auto objective = judged.objective();
  engine::WeightGradients gradients;
  progress.begin("gradients of weights", judged.rows.size(), "examples");
  for (const model::Batch& batch : data::pack(judged.rows, work.score.batch_tokens)) {
    Progress::throw_if_cancelled();
    model::Recorder recorder;
    recorder.want_inner = true;
    work.model.run(batch, {.gates = nullptr, .objective = objective.get(), .recorder = &recorder, .gradients = &gradients});
    progress.advance(batch.size());
  }
  progress.end();
  return gradients;
}

// Writes zeros at one index of an axis.
void zero_index(const model::Slice& slice, formats::StoredTensor& tensor) {
  const std::size_t element = formats::element_bytes(tensor.dtype);
  std::size_t inner = element, outer = 1;
  for (std::size_t axis = 0; axis < tensor.shape.size(); ++axis) {
    if (static_cast<int>(axis) > slice.axis) inner *= static_cast<std::size_t>(tensor.shape[axis]);
    if (static_cast<int>(axis) < slice.axis) outer *= static_cast<std::size_t>(tensor.shape[axis]);
  }
  const std::size_t step = inner * static_cast<std::size_t>(tensor.shape[static_cast<std::size_t>(slice.axis)]);
  for (std::size_t i = 0; i < outer; ++i)
    std::memset(tensor.bytes.data() + i * step + static_cast<std::size_t>(slice.begin) * inner, 0, inner);
}

Baseline::Narrower narrower_channels(const model::ModelSpec& spec, const prune::BudgetOptions& budget) {
  const double share = asked_share(budget, "llm-pruner-channel");
  if (budget.ratio) return {.channels = share};
  const model::ModelCost cost = model::model_cost(spec, 1);
  double matrices = 0;
  for (const model::SiteKind kind : {model::SiteKind::attention, model::SiteKind::ffn})
    for (const auto& [site, row] : model::unit_costs(spec, kind, 1))
      for (const model::UnitCost& unit : row) matrices += unit.matrix_flops_per_token;
  for (const auto& [site, row] : model::kv_head_costs(spec))
    for (const model::UnitCost& unit : row) matrices += unit.matrix_flops_per_token;
  const auto attention = static_cast<double>(cost.attention_parameters);
  const double whole = budget.params_ratio         ? static_cast<double>(cost.parameters)
                       : budget.matrix_flops_ratio ? matrices / 2
                                                   : cost.flops_per_token / 2;
  return {.channels = std::min(1.0, share * whole / attention)};
}

refit::Refit fit_channels(const Work& work, const model::UnitSet&, Progress& progress) {
  const engine::WeightGradients gradients = gradients_of(work, progress);
  std::vector<Channel> channels = all_channels(work.model.spec());
  std::map<std::pair<std::string, int>, std::vector<double>> known;
  for (Channel& channel : channels)
    for (const model::Slice& slice : channel.slices) {
      if (!arch::is_matrix_slice(*work.checkpoint, slice)) continue;
      const auto [sums, is_new] = known.try_emplace({slice.tensor, slice.axis});
      if (is_new) sums->second = score::taylor_along(*work.checkpoint, gradients, slice.tensor, slice.axis);
      channel.score += sums->second[static_cast<std::size_t>(slice.begin)];
    }
  std::sort(channels.begin(), channels.end(),
            [](const Channel& a, const Channel& b) { return std::tuple(a.score, a.place) < std::tuple(b.score, b.place); });
  const double share = narrower_channels(work.model.spec(), work.budget).channels;
  const auto count = static_cast<std::size_t>(std::floor(share * static_cast<double>(channels.size()) + 0.5));
  refit::Refit result;
  for (std::size_t i = 0; i < std::min(count, channels.size()); ++i)
    for (const model::Slice& slice : channels[i].slices) {
      const auto [tensor, is_new] = result.whole.try_emplace(slice.tensor);
      if (is_new) {
        const formats::TensorView& view = *work.checkpoint->find(slice.tensor);
        tensor->second = {view.dtype, view.shape, {view.bytes.begin(), view.bytes.end()}};
      }
      zero_index(slice, tensor->second);
    }
  return result;
}

}  // namespace

// LLM-Pruner, channel-wise (Ma et al. 2023, arXiv 2305.11627; HIES paper, baselines): |w·∂Loss/∂w| summed over the weights of one channel of a
// head: its rows of queries, keys and values and its column of the output. The lowest of all layers' channels are removed, inside heads.
// Where heads share keys, a channel is one of a KV head and of all its query heads.
Baseline llm_pruner_channel_baseline() {
  return {.name = "llm-pruner-channel",
          .description = "|weights times their gradients| of single channels inside heads; evaluated as zeros",
          .scorer = "taylor",
          .removes_units = false,
          .narrower = narrower_channels,
          .fit = fit_channels};
}

}  // namespace hies::baseline
