#include "hies/refit/refit.h"

#include <algorithm>

#include "hies/base/error.h"
#include "hies/data/packing.h"
#include "hies/engine/execution_scope_torch.h"
#include "hies/prune/remaining.h"
#include "hies/refit/divergence_torch.h"
#include "hies/refit/fitted_site_torch.h"
#include "hies/refit/streams_torch.h"

namespace hies::refit {
namespace {

// The streams: the first keeps the old matrices, each of the others is fitted with a damping of its own.
class Job {
 public:
  Job(const engine::Model& model, const model::UnitSet& removed, const data::Dataset& fitted, const data::Dataset& heldout,
      const RefitOptions& options, Progress& progress)
      : model_(model),
        removed_(removed),
        left_(prune::remaining(model.spec().layout, removed)),
        sites_(parse_refit_sites(options.refit)),
        dampings_(damping_candidates(options)),
        progress_(progress),
        streams_(model, removed, fitted, heldout, dampings_.size() + 1, data::kBatchTokens),
        fits_(dampings_.size()) {
    result_.examples = fitted.size();
    result_.heldout = heldout.size();
    result_.tokens = streams_.fitted_tokens();
  }

  Refit run() {
    const int layers = model_.spec().layer_count();
    progress_.begin("refit", 2 * layers, "sites");
    for (int layer = 0; layer < layers; ++layer) {
      for (const model::Site site : {model::attention_site(layer), model::ffn_site(layer)}) {
        Progress::throw_if_cancelled();
        pass(site);
        progress_.advance(1);
      }
      streams_.leave_layer(layer);
    }
    progress_.end();
    choose();
    return std::move(result_);
  }

 private:
  // What one damping gives: tensors as they are stored, which take a fraction of float64.
  struct Fit {
    std::vector<Refit::Gain> gains;
    formats::TensorMap pruned, whole;
  };

  bool is_fitted(model::Site site) const {
    return sites_ == RefitSites::all || (sites_ == RefitSites::attention && site.kind == model::SiteKind::attention);
  }

  const at::Tensor& scale_of(model::Site site) const {
    const nn::Block& block = engine::network_of(model_).block(site.layer);
    return site.kind == model::SiteKind::ffn ? block.ffn_scale() : block.attention_scale();
  }

  void pass(model::Site site) {
    const FittedSite matrix(model_.checkpoint(), left_, removed_, site);
    const at::Tensor& scale = scale_of(site);
    const Affine before = on_device(matrix.before());
    streams_.enter(site);
    streams_.pass(0, before, scale);
    for (std::size_t i = 0; i < dampings_.size(); ++i) {
      if (!is_fitted(site)) {
        streams_.pass(i + 1, before, scale);
        continue;
      }
      const Affine fitted = matrix.rounded(fit(site, i, before, scale));
      streams_.pass(i + 1, on_device(fitted), scale);
      matrix.put_pruned(fitted, fits_[i].pruned);
      matrix.put_whole(fitted, fits_[i].whole);
    }
  }

  Affine fit(model::Site site, std::size_t i, const Affine& before, const at::Tensor& scale) {
    const Gram sums = streams_.sums(i + 1, scale);
    warn_of_few_rows(site, sums);
    Solution solution;
    try {
      solution = solve(sums, before, dampings_[i]);
    } catch (const Error& error) {
      throw Error(error.kind(), fmt::format("layer {}, {}: {}", site.layer, model::site_kind_name(site.kind), error.what()),
                  "try `dtype` float64, or another calibration file");
    }
    if (solution.damping > dampings_[i])
      progress_.warn(fmt::format("layer {}, {}: damping {} leaves the sums singular; {} was taken", site.layer,
                                 model::site_kind_name(site.kind), dampings_[i], solution.damping));
    if (scale.defined()) keep_where_zero(scale, before, solution.affine);
    const auto rows = static_cast<double>(std::max<std::int64_t>(sums.rows, 1));
    fits_[i].gains.push_back({site, residual_error(sums, before) / rows, residual_error(sums, solution.affine) / rows});
    return solution.affine;
  }

  void warn_of_few_rows(model::Site site, const Gram& sums) {
    if (warned_ || sums.rows >= sums.xx.size(0)) return;
    warned_ = true;
    progress_.warn(
        fmt::format("the refit has {} tokens, fewer than the {} inputs of layer {}'s {} matrix: the damping alone decides what "
                    "they do not",
                    sums.rows, sums.xx.size(0), site.layer, model::site_kind_name(site.kind)));
  }

  // A column that a layer scale of 0 multiplies changes nothing, so it stays.
  static void keep_where_zero(const at::Tensor& scale, const Affine& before, Affine& affine) {
    const at::Tensor zero = scale == 0;
    affine.matrix = at::where(zero, before.matrix, affine.matrix);
    if (affine.bias.defined()) affine.bias = at::where(zero, before.bias, affine.bias);
  }

  Affine on_device(const Affine& affine) const {
    const at::Device device = engine::device_of(model_);
    return {affine.matrix.to(device), affine.bias.defined() ? affine.bias.to(device) : at::Tensor()};
  }

  void choose() {
    const std::vector<double> all = divergences(model_, streams_.answers());
    std::size_t best = 0;
    if (!all.empty()) {
      best = static_cast<std::size_t>(std::min_element(all.begin() + 1, all.end()) - all.begin() - 1);
      result_.divergence_before = all.front();
      result_.divergence_after = all[best + 1];
      for (std::size_t i = 0; i < dampings_.size(); ++i) result_.candidates.push_back({dampings_[i], all[i + 1]});
      constexpr double kRounding = 1e-6;  // of float32 answers that are the same
      if (all[best + 1] > all.front() + kRounding)
        progress_.warn(fmt::format("the refit raised the divergence on held-out rows from {:.4g} to {:.4g}: it needs more rows or "
                                   "more damping, or is better left out",
                                   all.front(), all[best + 1]));
    }
    result_.damping = dampings_[best];
    result_.gains = std::move(fits_[best].gains);
    result_.pruned = std::move(fits_[best].pruned);
    result_.whole = std::move(fits_[best].whole);
  }

  const engine::Model& model_;
  const model::UnitSet& removed_;
  const model::Layout left_;
  const RefitSites sites_;
  const std::vector<double> dampings_;
  Progress& progress_;
  Streams streams_;
  std::vector<Fit> fits_;  // of each damping
  Refit result_;
  bool warned_ = false;
};

// Refuses what does not fit: every stream's states and inputs of all rows, and the sums of the widest site.
void check_memory(const engine::Model& model, std::int64_t tokens, std::size_t dampings) {
  std::int64_t widest = 0;
  for (const auto& [site, units] : model.spec().layout) widest = std::max(widest, units.width());
  const auto streams = static_cast<std::int64_t>(dampings) + 1, hidden = std::int64_t{model.spec().hidden};
  const std::int64_t element = model.execution().type == engine::ComputeType::float64 ? 8 : 4;
  const std::int64_t rows = tokens * element * ((streams + 2) * hidden + streams * (widest + hidden));
  // Weights that are read from the mapped file each time take no room of their own.
  const engine::MemoryPlan& memory = model.memory();
  const std::uint64_t resident = std::max(memory.besides_activations(), memory.keep_forward ? memory.weights : 0);
  const auto needed = static_cast<double>(rows + 4 * 8 * widest * widest) + static_cast<double>(resident);
  const auto budget = static_cast<double>(memory.budget);
  if (budget > 0 && needed > budget)
    throw Error(ErrorKind::bad_input,
                fmt::format("a refit with {} tokens needs about {:.2f} GiB, but {:.2f} may be used", tokens, needed / (1 << 30),
                            budget / (1 << 30)),
                "lower `refit_examples`, give one `damping`, or raise `memory`");
}

}  // namespace

Refit refit(const engine::Model& model, const model::UnitSet& removed, const data::Dataset& fitted, const data::Dataset& heldout,
            const RefitOptions& options, Progress& progress) {
  check_options(options);
  if (fitted.size() == 0) bad_input("{}: no rows to fit with", fitted.source.string());
  check_memory(model, fitted.token_count() + heldout.token_count(), damping_candidates(options).size());
  const engine::ExecutionScope scope(model.execution());
  return Job(model, removed, data::right_answers_only(fitted), data::right_answers_only(heldout), options, progress).run();
}

}  // namespace hies::refit
