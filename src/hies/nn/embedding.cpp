#include "hies/nn/embedding.h"

#include "hies/model/tensors.h"

namespace hies::nn {
namespace {

// Cuts pixels [B, C, height, width] into patches, one row each: [B·patches padded, C·ph·pw], numbers in the order of a patch's weight.
at::Tensor cut(const at::Tensor& pixels, const model::VisionSpec& vision, at::ScalarType type) {
  const std::int64_t ph = vision.patch_height, pw = vision.patch_width;
  const std::int64_t down = pixels.size(2) / ph, across = pixels.size(3) / pw, count = pixels.size(0) * down * across;
  at::Tensor rows = at::empty({ops::padded_tokens(count), pixels.size(1) * ph * pw}, at::TensorOptions().dtype(type));
  rows.narrow(0, count, rows.size(0) - count).zero_();
  const at::Tensor patches = pixels.narrow(2, 0, down * ph)
                                 .narrow(3, 0, across * pw)
                                 .unflatten(2, {down, ph})
                                 .unflatten(4, {across, pw})
                                 .permute({0, 2, 4, 1, 3, 5});
  rows.narrow(0, 0, count).view(patches.sizes()).copy_(patches);
  return rows;
}

}  // namespace

Embedding::Embedding(const model::ModelSpec& spec, const WeightSource& weights)
    : spec_(spec), projection_(weights.projection(model::kEmbeddingProjection)) {
  if (!spec.reads_images()) {
    word_ = weights.table(spec.text.word);
    if (!spec.text.position.empty()) position_ = weights.table(spec.text.position);
    if (!spec.text.token_type.empty()) token_type_ = weights.table(spec.text.token_type);
    if (spec.text.norm) norm_ = weights.norm(*spec.text.norm);
    return;
  }
  const model::VisionSpec& vision = spec.vision;
  const at::Tensor filters = weights.tensor(vision.patches.name + ".weight").flatten(1);
  patches_ = ops::Linear([weight = filters] { return weight; }, weights.tensor(vision.patches.name + ".bias"));
  std::vector<at::Tensor> leading;
  for (const std::string& token : vision.leading) leading.push_back(weights.tensor(token).view({1, spec.hidden}));
  leading_ = at::cat(leading);
  positions_ = weights.tensor(vision.position).squeeze(0);
}

at::Tensor Embedding::operator()(const model::Batch& batch, const BatchRows& rows) const {
  return spec_.reads_images() ? of_images(batch, rows) : of_tokens(batch, rows);
}

at::Tensor Embedding::of_tokens(const model::Batch& batch, const BatchRows& rows) const {
  std::vector<std::int32_t> tokens = batch.tokens, types = batch.token_types, positions = rows.positions;
  for (auto* indices : {&tokens, &types}) indices->resize(positions.size());
  for (std::int32_t& position : positions) position += spec_.text.position_offset;
  at::Tensor sum = word_.rows(ops::index_tensor(tokens));
  if (position_.stored.defined()) sum += position_.rows(ops::index_tensor(positions));
  // A family whose type table has one row (RoBERTa) adds that row to every token, whatever the tokenizer says.
  if (spec_.text.token_types == 1) types = {0};
  if (token_type_.stored.defined()) sum += token_type_.rows(ops::index_tensor(types));
  if (projection_.defined()) sum = at::mm(sum, projection_);
  return norm_.weight.defined() ? norm_.forward(sum) : sum;
}

// Positions are interpolated as transformers does: bicubic, corners not aligned, the tokens before the patches as they are; never in
// bfloat16.
at::Tensor Embedding::positions_for(const model::ImageLoader::Shape& shape) const {
  const model::VisionSpec& vision = spec_.vision;
  if (shape.height == vision.height && shape.width == vision.width) return positions_;
  const std::int64_t down = vision.height / vision.patch_height, across = vision.width / vision.patch_width;
  const std::int64_t leading = std::ssize(vision.leading);
  const at::Tensor own = positions_.narrow(0, 0, leading);
  const at::Tensor grid = positions_.narrow(0, leading, down * across);
  const bool exact = grid.scalar_type() == at::kDouble && !vision.any_size;
  const at::Tensor source = (exact ? grid : grid.to(at::kFloat)).view({1, down, across, -1}).permute({0, 3, 1, 2});
  const at::Tensor made =
      at::upsample_bicubic2d(source, {shape.height / vision.patch_height, shape.width / vision.patch_width}, false);
  return at::cat({own, made.permute({0, 2, 3, 1}).flatten(0, 2).to(own.scalar_type())});
}

at::Tensor Embedding::of_images(const model::Batch& batch, const BatchRows& rows) const {
  const model::ImageLoader& source = *batch.images.front().from;
  const model::ImageLoader::Shape shape = source.shape();
  std::vector<std::int64_t> indices;
  for (const model::ImageRef& image : batch.images) indices.push_back(image.index);
  const std::int64_t count = batch.size(), leading = std::ssize(spec_.vision.leading);
  const at::Tensor pixels = at::empty({count, shape.channels, shape.height, shape.width}, at::TensorOptions().dtype(at::kFloat));
  source.write(indices, {pixels.data_ptr<float>(), static_cast<std::size_t>(pixels.numel())});
  const at::Tensor patches = patches_(ops::to_device(cut(pixels, spec_.vision, positions_.scalar_type()), positions_.device()));

  const at::Tensor positions = positions_for(shape);
  const std::int64_t tokens = positions.size(0);
  at::Tensor hidden = at::empty({std::ssize(rows.positions), spec_.hidden}, positions.options());
  hidden.narrow(0, count * tokens, hidden.size(0) - count * tokens).zero_();
  at::Tensor sequences = hidden.narrow(0, 0, count * tokens).view({count, tokens, spec_.hidden});
  sequences.narrow(1, 0, leading).copy_(leading_ + positions.narrow(0, 0, leading));
  at::Tensor rest = sequences.narrow(1, leading, tokens - leading);
  at::add_out(rest, patches.narrow(0, 0, count * (tokens - leading)).view({count, tokens - leading, spec_.hidden}),
              positions.narrow(0, leading, tokens - leading));
  return projection_.defined() ? at::mm(hidden, projection_) : hidden;
}

}  // namespace hies::nn
