#include "hies/sweep/mask_chunks.h"

#include <algorithm>

#include "hies/eval/cost.h"

namespace hies::sweep {
namespace {

// Turns the progress of predict_masks(), which counts answers, into a number of masks.
class MaskProgress : public Progress {
 public:
  MaskProgress(Progress& outer, std::int64_t answers_per_mask) : outer_(outer), answers_per_mask_(answers_per_mask) {}
  void warn(std::string_view message) override { outer_.warn(message); }

 protected:
  void advanced(std::int64_t done) override {
    if (Progress::cancelled() && !warned_)
      outer_.warn("stopping when the masks in progress are done; a second signal stops at once");
    warned_ = warned_ || Progress::cancelled();
    answers_ += done;
    outer_.advance(answers_ / answers_per_mask_ - reported_);
    reported_ = answers_ / answers_per_mask_;
  }

 private:
  Progress& outer_;
  std::int64_t answers_per_mask_, answers_ = 0, reported_ = 0;
  bool warned_ = false;
};

}  // namespace

eval::MaskStats run_chunks(const MaskWork& work, std::string_view stage, Progress& progress) {
  eval::MaskStats stats;
  if (work.masks.empty()) return stats;
  MaskProgress masks(progress, work.dataset.size());
  progress.begin(stage, static_cast<std::int64_t>(work.masks.size()), "masks");
  for (std::size_t begin = 0; begin < work.masks.size();) {
    const std::size_t end = std::min(work.masks.size(), begin + static_cast<std::size_t>(work.chunk));
    {
      const DelayedCancellation until_kept;
      const auto sink = [&](std::span<const std::size_t> places, const eval::Predictions& predictions) {
        for (const std::size_t place : places) work.take(begin + place, predictions);
      };
      stats.add(eval::predict_masks(work.model, work.dataset, work.masks.subspan(begin, end - begin), work.objective,
                                    {work.batch_tokens, work.chunk}, sink, masks));
      work.keep(begin, end);
    }
    Progress::throw_if_cancelled();
    begin = end;
  }
  progress.end();
  return stats;
}

eval::MaskStats count_chunks(std::span<const model::UnitSet> masks, const model::Layout& layout, std::int64_t chunk) {
  eval::MaskStats stats;
  const auto step = static_cast<std::size_t>(chunk);
  for (std::size_t begin = 0; begin < masks.size(); begin += step)
    stats.add(eval::count_mask_work(masks.subspan(begin, std::min(step, masks.size() - begin)), layout, chunk));
  return stats;
}

std::int64_t chunk_size(std::int64_t requested, const arch::Checkpoint& checkpoint, const data::Dataset& dataset) {
  constexpr double kFlops = 4e12;
  constexpr double kMost = 256;
  if (requested > 0) return requested;
  const eval::Cost cost = eval::cost(checkpoint, checkpoint.spec().layout, eval::lengths(dataset));
  const double one = cost.flops_per_example * static_cast<double>(std::max<std::int64_t>(dataset.size(), 1));
  return static_cast<std::int64_t>(std::clamp(kFlops / one, 1.0, kMost));
}

}  // namespace hies::sweep
