#include "hies/model/arch/vision_torch.h"

#include "hies/model/arch/gated_torch.h"

namespace hies::model {
namespace {

// Pixels [B, C, height, width] cut into patches, one row each: [B·patches padded, C·ph·pw], numbers in the order of a patch's weight.
at::Tensor cut(const at::Tensor& pixels, const VisionSpec& vision, at::ScalarType type) {
  const std::int64_t ph = vision.patch_height, pw = vision.patch_width;
  const std::int64_t down = pixels.size(2) / ph, across = pixels.size(3) / pw, count = pixels.size(0) * down * across;
  at::Tensor rows = at::empty({padded_tokens(count), pixels.size(1) * ph * pw}, at::TensorOptions().dtype(type));
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

VisionNetwork::VisionNetwork(const ModelSpec& spec, const VisionArch& arch, const Weights& weights)
    : spec_(spec), norm_(weights.norm(arch.final_norm(), spec.norm_epsilon)) {
  const VisionNames n = arch.names(spec);
  const std::string patches = arch.embedding("patch_embeddings.projection");
  const at::Tensor filters = weights.get(patches + ".weight").flatten(1);
  patches_ = Linear([weight = filters] { return weight; }, weights.get(patches + ".bias"));
  std::vector<at::Tensor> leading;
  for (const std::string& token : arch.leading_tokens(spec)) leading.push_back(weights.get(token).view({1, spec.hidden}));
  leading_ = at::cat(leading);
  positions_ = weights.get(arch.embedding("position_embeddings")).squeeze(0);
  for (int i = 0; i < spec.layer_count(); ++i) {
    const auto linear = [&](const std::string& part) { return weights.linear(arch.in_layer(i, part)); };
    const auto norm = [&](const std::string& part) { return weights.norm(arch.in_layer(i, part), spec.norm_epsilon); };
    Layer layer;
    layer.some_rows = i + 1 == spec.layer_count() && spec.read_tokens > 0;
    if (spec.heads(i).count() > 0)
      layer.heads = EncoderHeads(spec.heads(i), layer.some_rows, linear(n.query), linear(n.key), linear(n.value));
    layer.attention_norm = norm(n.attention_norm);
    layer.mlp_norm = norm(n.mlp_norm);
    layer.output = linear(n.output);
    layer.up = linear(n.up);
    layer.down = linear(n.down);
    if (spec.vision.layer_scale) {
      layer.attention_scale = weights.get(arch.in_layer(i, n.attention_scale));
      layer.mlp_scale = weights.get(arch.in_layer(i, n.mlp_scale));
    }
    layers_.push_back(std::move(layer));
  }
}

// As transformers interpolates them: bicubic, corners not aligned, the tokens before the patches as they are; never in bfloat16.
at::Tensor VisionNetwork::positions_for(const ImageLoader::Shape& shape) const {
  const VisionSpec& vision = spec_.vision;
  if (shape.height == vision.height && shape.width == vision.width) return positions_;
  const std::int64_t down = vision.height / vision.patch_height, across = vision.width / vision.patch_width;
  const at::Tensor own = positions_.narrow(0, 0, vision.leading);
  const at::Tensor grid = positions_.narrow(0, vision.leading, down * across);
  const bool exact = grid.scalar_type() == at::kDouble && !vision.any_size;
  const at::Tensor source = (exact ? grid : grid.to(at::kFloat)).view({1, down, across, -1}).permute({0, 3, 1, 2});
  const at::Tensor made =
      at::upsample_bicubic2d(source, {shape.height / vision.patch_height, shape.width / vision.patch_width}, false);
  return at::cat({own, made.permute({0, 2, 3, 1}).flatten(0, 2).to(own.scalar_type())});
}

at::Tensor VisionNetwork::embed(const Batch& batch, const BatchRows& rows) const {
  const ImageLoader& source = *batch.images.front().from;
  const ImageLoader::Shape shape = source.shape();
  std::vector<std::int64_t> indices;
  for (const ImageRef& image : batch.images) indices.push_back(image.index);
  const std::int64_t count = batch.size(), leading = spec_.vision.leading;
  const at::Tensor pixels = at::empty({count, shape.channels, shape.height, shape.width}, at::TensorOptions().dtype(at::kFloat));
  source.write(indices, {pixels.data_ptr<float>(), static_cast<std::size_t>(pixels.numel())});
  const at::Tensor patches = patches_(brought(cut(pixels, spec_.vision, positions_.scalar_type()), positions_.device()));

  const at::Tensor positions = positions_for(shape);
  const std::int64_t tokens = positions.size(0);
  at::Tensor hidden = at::empty({std::ssize(rows.positions), spec_.hidden}, positions.options());
  hidden.narrow(0, count * tokens, hidden.size(0) - count * tokens).zero_();
  at::Tensor sequences = hidden.narrow(0, 0, count * tokens).view({count, tokens, spec_.hidden});
  sequences.narrow(1, 0, leading).copy_(leading_ + positions.narrow(0, 0, leading));
  at::Tensor rest = sequences.narrow(1, leading, tokens - leading);
  at::add_out(rest, patches.narrow(0, 0, count * (tokens - leading)).view({count, tokens - leading, spec_.hidden}),
              positions.narrow(0, leading, tokens - leading));
  return hidden;
}

at::Tensor VisionNetwork::heads(int index, const LayerHeads& heads, const at::Tensor& hidden, AttentionRun& run,
                                HeadProducts products) const {
  const Layer& layer = layers_[static_cast<std::size_t>(index)];
  return layer.heads(index, heads, layer.attention_norm(hidden), run, products);
}

at::Tensor VisionNetwork::finish(int index, const LayerHeads& heads, const at::Tensor& hidden, const at::Tensor& outputs,
                                 const AttentionRun& run) const {
  const Layer& layer = layers_[static_cast<std::size_t>(index)];
  const at::Tensor residual = layer.some_rows ? hidden.index_select(0, run.rows().asked) : hidden;
  const at::Tensor added = project_outputs(layer.output, spec_.heads(index), heads, outputs, residual.size(0));
  const at::Tensor attended = scaled(added, layer.attention_scale).add_(residual);
  const at::Tensor inner = layer.up(layer.mlp_norm(attended));
  const at::Tensor active = spec_.vision.gated ? gated_activation(Activation::silu, inner) : activate(spec_.activation, inner);
  return scaled(layer.down(active), layer.mlp_scale).add_(attended);
}

}  // namespace hies::model
