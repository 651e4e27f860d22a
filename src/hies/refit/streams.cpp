#include <numeric>

#include "hies/data/packing.h"
#include "hies/ops/tensors.h"
#include "hies/refit/fitted_site_torch.h"
#include "hies/refit/streams_torch.h"

namespace hies::refit {

using model::Site;

Streams::Streams(const engine::Model& model, const model::UnitSet& removed, const data::Dataset& fitted,
                 const data::Dataset& judged, std::size_t count, std::int64_t batch_tokens)
    : model_(model), network_(engine::network_of(model)), removed_(removed), count_(count) {
  add(fitted, true, batch_tokens);
  add(judged, false, batch_tokens);
  for (Piece& piece : pieces_) start(piece);  // contexts refer to batches, which no longer move
}

void Streams::add(const data::Dataset& dataset, bool fitted, std::int64_t batch_tokens) {
  for (model::Batch& batch : data::pack(dataset, batch_tokens)) {
    Piece& piece = pieces_.emplace_back();
    piece.batch = std::move(batch);
    piece.fitted = fitted;
  }
}

void Streams::start(Piece& piece) const {
  piece.run = std::make_unique<nn::RunContext>(network_.spec(), piece.batch, nullptr, nullptr, engine::device_of(model_),
                                               engine::attention_options(model_));
  piece.run->keep_all_rows();
  piece.dense = network_.embed(*piece.run);
  piece.states.assign(count_, piece.dense);
  piece.inputs.resize(count_);
  piece.residual.resize(count_);
}

void Streams::enter(Site site) {
  for (Piece& piece : pieces_)
    site.kind == model::SiteKind::ffn ? enter_ffn(piece, site.layer) : enter_attention(piece, site.layer);
}

void Streams::enter_attention(Piece& piece, int layer) const {
  const Site site = model::attention_site(layer);
  const nn::Block& block = network_.block(layer);
  const model::SiteLayout& all = network_.spec().layout.at(site);
  const model::SiteLayout kept = kept_units(all, removed_.at(site));
  const bool on_cpu = engine::device_of(model_).is_cpu();
  const at::Tensor outputs =
      all.count() == 0 ? at::Tensor() : block.heads(all, piece.dense, *piece.run, nn::HeadProducts::joint, nullptr);
  const at::Tensor columns = ops::to_device(kept_inputs(all, removed_.at(site)), piece.dense.device());
  for (std::size_t i = 0; i < count_; ++i) {
    if (i > 0 && piece.states[i].is_same(piece.states[0])) {  // before the first site that is fitted
      piece.inputs[i] = piece.inputs[0];
    } else if (kept.count() == 0) {
      piece.inputs[i] = piece.dense.narrow(1, 0, 0);
    } else if (on_cpu) {
      piece.inputs[i] = block.heads(kept, piece.states[i], *piece.run, nn::HeadProducts::apart, nullptr);
    } else {
      piece.inputs[i] = block.heads(all, piece.states[i], *piece.run, nn::HeadProducts::joint, nullptr).index_select(1, columns);
    }
    piece.residual[i] = piece.states[i];
  }
  piece.dense = block.add_attention(all, piece.dense, outputs);
}

void Streams::enter_ffn(Piece& piece, int layer) const {
  const Site site = model::ffn_site(layer);
  const nn::Block& block = network_.block(layer);
  const model::SiteLayout& all = network_.spec().layout.at(site);
  const at::Tensor columns = ops::to_device(kept_inputs(all, removed_.at(site)), piece.dense.device());
  for (std::size_t i = 0; i < count_; ++i) {
    const nn::Block::FfnInputs inputs = block.ffn_inputs(piece.states[i]);
    piece.inputs[i] = columns.size(0) == all.count() ? inputs.active : inputs.active.index_select(1, columns);
    piece.residual[i] = inputs.residual;
  }
  piece.dense = block.add_ffn(block.ffn_inputs(piece.dense));
}

void Streams::leave_layer(int layer) {
  for (Piece& piece : pieces_) {
    piece.dense = network_.block(layer).leave(piece.dense);
    for (at::Tensor& state : piece.states) state = network_.block(layer).leave(state);
  }
}

Gram Streams::sums(std::size_t index, const at::Tensor& scale) const {
  Gram gram(pieces_.front().inputs[index].size(1), network_.spec().hidden, engine::device_of(model_));
  for (const Piece& piece : pieces_) {
    if (!piece.fitted) continue;
    const std::int64_t tokens = piece.batch.token_count();
    at::Tensor wanted = piece.dense.narrow(0, 0, tokens) - piece.residual[index].narrow(0, 0, tokens);
    if (scale.defined()) wanted = at::where(scale == 0, at::zeros({}, wanted.options()), wanted / scale);
    gram.add(piece.inputs[index].narrow(0, 0, tokens), wanted);
  }
  return gram;
}

void Streams::pass(std::size_t index, const Affine& affine, const at::Tensor& scale) {
  for (Piece& piece : pieces_) {
    const at::TensorOptions& options = piece.dense.options();
    at::Tensor result = at::mm(piece.inputs[index], affine.matrix.to(options));
    if (affine.bias.defined()) result.add_(affine.bias.to(options));
    piece.states[index] = nn::times_scale(result, scale).add(piece.residual[index]);
    piece.inputs[index] = piece.residual[index] = at::Tensor();
  }
}

at::Tensor Streams::result(const Piece& piece, const at::Tensor& state) const {
  const nn::BatchRows rows(network_.spec(), piece.batch, engine::device_of(model_));
  const at::Tensor asked = rows.asked.defined() ? state.index_select(0, rows.asked) : state;
  return network_.head().forward(asked, rows, nullptr).narrow(0, 0, network_.head().answers(piece.batch));
}

std::vector<Streams::Answers> Streams::answers() const {
  std::vector<Answers> all;
  for (const Piece& piece : pieces_) {
    if (piece.fitted) continue;
    Answers& answers = all.emplace_back();
    answers.dense = result(piece, piece.dense);
    for (const at::Tensor& state : piece.states) answers.streams.push_back(result(piece, state));
  }
  return all;
}

std::int64_t Streams::fitted_tokens() const noexcept {
  return std::accumulate(pieces_.begin(), pieces_.end(), std::int64_t{0}, [](std::int64_t sum, const Piece& piece) {
    return sum + (piece.fitted ? piece.batch.token_count() : 0);
  });
}

}  // namespace hies::refit
