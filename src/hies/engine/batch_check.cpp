#include "hies/engine/batch_check.h"

#include <algorithm>
#include <span>

#include "hies/base/error.h"

namespace hies::engine {
namespace {

void check_continuations(const model::Batch& batch, const model::ModelSpec& spec) {
  if (batch.continues.empty()) return;
  check(spec.causal && std::ssize(batch.continues) == batch.size(), "continuations that no decoder can read");
  for (std::int64_t b = 0; b < batch.size(); ++b) {
    const std::int64_t before = batch.continues[b];
    check(before < b && (before < 0 || batch.continues[before] < 0), "a sequence continues one that is no beginning");
  }
}

void check_vocabulary(std::span<const std::int32_t> tokens, const model::ModelSpec& spec) {
  for (const std::int32_t token : tokens)
    if (token < 0 || token >= spec.text.vocabulary)
      bad_input("token id {} is outside the model's vocabulary of {}", token, spec.text.vocabulary);
}

void check_targets(const model::Batch& batch, const model::ModelSpec& spec) {
  const auto& rows = batch.target_rows;
  check(rows.size() == batch.target_tokens.size() && std::is_sorted(rows.begin(), rows.end()), "target rows out of order");
  check(rows.empty() || (rows.front() >= 0 && rows.back() < batch.token_count()), "a target row outside the batch");
  check_vocabulary(batch.target_tokens, spec);
}

void check_images(const model::Batch& batch, const model::ModelSpec& spec) {
  check(std::ssize(batch.images) == batch.size(), "a batch of some images and some texts");
  if (batch.images.empty()) return;
  const model::ImageLoader& source = *batch.images.front().from;
  const model::ImageLoader::Shape shape = source.shape();
  const model::VisionSpec& vision = spec.vision;
  if (shape.channels != vision.channels)
    bad_input("images have {} channels, but the model reads {}", shape.channels, vision.channels);
  if (shape.height < vision.patch_height || shape.width < vision.patch_width)
    bad_input("images of {}×{} pixels are smaller than the model's patches of {}×{}", shape.height, shape.width,
              vision.patch_height, vision.patch_width);
  for (std::int64_t b = 0; b < batch.size(); ++b) {
    check(batch.images[b].from.get() == &source, "images of several sources in a batch");
    check(batch.length(b) == vision.tokens(shape.height, shape.width), "an image with another number of tokens");
  }
}

}  // namespace

void check_batch(const model::Batch& batch, const model::ModelSpec& spec) {
  if (spec.reads_images()) return check_images(batch, spec);
  check(batch.images.empty(), "images for a model that reads texts");
  check_continuations(batch, spec);
  for (std::int64_t b = 0; b < batch.size(); ++b) {
    check(batch.length(b) > 0, "a sequence without tokens");
    if (const std::int64_t tokens = batch.tokens_before(b) + batch.length(b); tokens > spec.positions)
      bad_input("an example has {} tokens, but the model has {} positions", tokens, spec.positions);
  }
  check_vocabulary(batch.tokens, spec);
  if (spec.problem == model::Problem::causal_lm) check_targets(batch, spec);
  if (spec.text.token_types < 2) return;  // with one row, or none, no token is looked up by its type
  for (const std::int32_t type : batch.token_types)
    if (type < 0 || type >= spec.text.token_types)
      bad_input("token type {} is outside the model's {} token types", type, spec.text.token_types);
}

void check_gates(const model::Gates& gates, const model::Layout& layout) {
  for (const auto& [site, row] : gates) check(row.size() == layout.at(site).units.size(), "gates for another number of units");
}

}  // namespace hies::engine
