#include <algorithm>
#include <cmath>
#include <cstring>

#include "hies/baseline/asked_share.h"
#include "hies/baseline/baseline.h"
#include "hies/data/packing.h"
#include "hies/engine/execution_scope_torch.h"
#include "hies/engine/network_torch.h"
#include "hies/formats/float_conversion.h"
#include "hies/model/tensors.h"

namespace hies::baseline {
namespace {

// What the norms of a family do to a state before they scale it.
at::Tensor centred(const at::Tensor& x, model::NormKind kind) {
  return kind == model::NormKind::layer_norm ? x - x.mean(1, true) : x;
}
at::Tensor normalised(const at::Tensor& x, model::NormKind kind) {
  const at::Tensor own = centred(x.to(at::kDouble), kind);
  return own / own.square().mean(1, true).sqrt().clamp_min(1e-12);
}

formats::StoredTensor stored(const at::Tensor& matrix) {
  const at::Tensor values = matrix.to(at::kCPU).to(at::kDouble).contiguous();
  formats::StoredTensor tensor{formats::DType::float64, values.sizes().vec(), {}};
  tensor.bytes.resize(values.nbytes());
  std::memcpy(tensor.bytes.data(), values.const_data_ptr(), tensor.bytes.size());
  return tensor;
}

at::Tensor vector_of(const arch::Checkpoint& checkpoint, const std::string& name) {
  const std::vector<double> values = formats::to_double(*checkpoint.find(name));
  return at::tensor(values, at::TensorOptions().dtype(at::kDouble));
}

// The calibration rows on their way through the layers of the model as it is sliced so far.
class Slicing {
 public:
  Slicing(const Work& work, std::int64_t kept, Progress& progress)
      : work_(work), network_(engine::network_of(work.model)), kept_(kept), progress_(progress) {
    const model::ModelSpec& spec = work.model.spec();
    kind_ = spec.layer(0).attention.norm.kind;
    // Batches no longer move once contexts refer to them.
    for (model::Batch& batch : data::pack(data::right_answers_only(work.fitted), data::kBatchTokens))
      pieces_.push_back({std::move(batch), nullptr, {}});
    for (Piece& piece : pieces_) {
      piece.run = std::make_unique<nn::RunContext>(spec, piece.batch, nullptr, nullptr, engine::device_of(work.model),
                                                   engine::attention_options(work.model));
      piece.run->keep_all_rows();
    }
  }

  refit::Refit run() {
    const model::ModelSpec& spec = work_.model.spec();
    progress_.begin("slicing", spec.layer_count(), "layers");
    embed();
    for (int layer = 0; layer < spec.layer_count(); ++layer) {
      Progress::throw_if_cancelled();
      const nn::Block& block = network_.block(layer);
      const model::SiteLayout& heads = spec.layout.attention(layer);
      for (Piece& piece : pieces_) {
        const at::Tensor outputs =
            heads.count() == 0 ? at::Tensor() : block.heads(heads, piece.state, *piece.run, nn::HeadProducts::joint, nullptr);
        piece.state = block.add_attention(heads, piece.state, outputs);
      }
      slice(model::stream_projection(model::attention_site(layer)));
      for (Piece& piece : pieces_) piece.state = block.add_ffn(block.ffn_inputs(piece.state));
      slice(model::stream_projection(model::ffn_site(layer)));
      for (Piece& piece : pieces_) piece.state = block.leave(piece.state);
      progress_.advance(1);
    }
    progress_.end();
    return std::move(result_);
  }

 private:
  struct Piece {
    model::Batch batch;
    std::unique_ptr<nn::RunContext> run;
    at::Tensor state;
  };

  // The embedding's norm, where there is one, has been applied to what is rotated: the scale of a token does not matter to it, so that the
  // state before its affine part serves as well.
  void embed() {
    const auto& norm = work_.model.spec().text.norm;
    at::Tensor weight, bias;
    if (norm && !work_.model.spec().reads_images()) {
      weight = vector_of(*work_.checkpoint, norm->name + ".weight").to(engine::device_of(work_.model));
      if (norm->kind == model::NormKind::layer_norm)
        bias = vector_of(*work_.checkpoint, norm->name + ".bias").to(engine::device_of(work_.model));
    }
    for (Piece& piece : pieces_) {
      piece.state = network_.embed(*piece.run);
      if (!weight.defined()) continue;
      at::Tensor own = piece.state.to(at::kDouble);
      if (bias.defined()) own = own - bias;
      piece.state = own / at::where(weight == 0, at::ones_like(weight), weight);
    }
    slice(model::kEmbeddingProjection);
    for (Piece& piece : pieces_) {
      if (!weight.defined()) continue;
      at::Tensor own = normalised(piece.state, norm->kind) * weight;
      if (bias.defined()) own = own + bias;
      piece.state = own.to(type());
    }
  }

  at::ScalarType type() const { return engine::torch_type(work_.model.execution().type); }

  // Projects the states on the leading directions of their normalised forms.
  void slice(const std::string& name) {
    const std::int64_t E = work_.model.spec().hidden;
    const at::TensorOptions options = at::TensorOptions().dtype(at::kDouble).device(engine::device_of(work_.model));
    at::Tensor products = at::zeros({E, E}, options);
    for (const Piece& piece : pieces_) {
      const at::Tensor own = normalised(piece.state.narrow(0, 0, piece.batch.token_count()), kind_);
      products.addmm_(own.t(), own);
    }
    const at::Tensor directions = std::get<1>(at::linalg_eigh(products)).narrow(1, E - kept_, kept_);
    // The mean is taken off before, as by the norm that reads the stream.
    const at::Tensor projection = centred(at::eye(E, options), kind_).matmul(directions).matmul(directions.t());
    result_.whole[name] = stored(projection);
    for (Piece& piece : pieces_) piece.state = at::mm(piece.state.to(at::kDouble), projection).to(type());
  }

  const Work& work_;
  const nn::Network& network_;
  std::int64_t kept_;
  Progress& progress_;
  model::NormKind kind_;
  std::vector<Piece> pieces_;
  refit::Refit result_;
};

refit::Refit fit_slicegpt(const Work& work, const model::UnitSet&, Progress& progress) {
  if (work.fitted.size() == 0) bad_input("{}: no rows to rotate by", work.fitted.source.string());
  const engine::ExecutionScope scope(work.model.execution());
  const std::int64_t E = work.model.spec().hidden;
  const auto kept = static_cast<std::int64_t>(std::llround((1 - asked_share(work.budget, "slicegpt")) * static_cast<double>(E)));
  return Slicing(work, std::clamp<std::int64_t>(kept, 1, E), progress).run();
}

}  // namespace

// SliceGPT (Ashkboos et al. 2024, arXiv 2401.15024), untuned: after each addition the residual stream is rotated to the principal directions
// of its normalised form, and all but the leading ones are cut off. Evaluated as the projection on these, which gives the same answers: the
// stream of the whole size, without what the cut directions held. The projections are of the model as sliced so far. LayerNorm is RMSNorm
// with the mean taken off before (the authors' conversion). Between the two norms of a post-norm block, the affine part of a norm cannot be
// folded into one matrix, since the residual reads it, too: it stays with the norm, applied to the projected state.
Baseline slicegpt_baseline() {
  return {.name = "slicegpt",
          .description = "principal directions of the residual stream, the others cut off, untuned; evaluated as projections",
          .scorer = "l2",
          .removes_units = false,
          .narrower = [](const model::ModelSpec&, const prune::BudgetOptions& budget) -> Baseline::Narrower {
            return {.channels = 0, .hidden = asked_share(budget, "slicegpt")};
          },
          .fit = fit_slicegpt};
}

}  // namespace hies::baseline
