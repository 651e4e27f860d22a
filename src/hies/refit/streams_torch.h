#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "hies/data/dataset.h"
#include "hies/engine/network_torch.h"
#include "hies/model/unit_set.h"
#include "hies/refit/gram_torch.h"
#include "hies/refit/solve_torch.h"

namespace hies::refit {

// Calibration rows on their way through the layers, side by side: as the dense model sees them, and as pruned models do, which have
// lost the same units but are fitted anew in different ways. All rows of all layers are computed, those too that no task head reads.
class Streams {
 public:
  // `fitted`: rows that sums are taken of; `judged`: rows that only go along. The model outlives the streams.
  Streams(const engine::Model& model, const model::UnitSet& removed, const data::Dataset& fitted, const data::Dataset& judged,
          std::size_t count, std::int64_t batch_tokens);

  // Compute what the output matrix of a site reads in every stream, and where the dense model's stream goes at its addition. The sites of
  // all layers in their order; leave_layer after each feed-forward network.
  void enter(model::Site site);
  void leave_layer(int layer);

  // Returns the sums of stream `index` for the fit of the site at hand to where the dense model goes. `scale`: the layer scale [E] that
  // multiplies what is fitted, or undefined.
  Gram sums(std::size_t index, const at::Tensor& scale) const;
  // Lets stream `index` pass the site with this output matrix.
  void pass(std::size_t index, const Affine& affine, const at::Tensor& scale);

  // One batch of judged rows after all layers: what the task head gives in the dense model and in each stream, without padding.
  struct Answers {
    at::Tensor dense;
    std::vector<at::Tensor> streams;
  };
  std::vector<Answers> answers() const;
  // Returns the tokens of the fitted rows.
  std::int64_t fitted_tokens() const noexcept;

 private:
  struct Piece {
    model::Batch batch;
    bool fitted = true;
    std::unique_ptr<nn::RunContext> run;
    at::Tensor dense;                          // state before the layer at hand; at a site the stream after its addition
    std::vector<at::Tensor> states;            // likewise, of each stream
    std::vector<at::Tensor> inputs, residual;  // of the site at hand, each stream: [T, W], [T, E]
  };
  void add(const data::Dataset& dataset, bool fitted, std::int64_t batch_tokens);
  void start(Piece& piece) const;
  void enter_attention(Piece& piece, int layer) const;
  void enter_ffn(Piece& piece, int layer) const;
  at::Tensor result(const Piece& piece, const at::Tensor& state) const;

  const engine::Model& model_;
  const nn::Network& network_;
  const model::UnitSet& removed_;
  std::size_t count_;
  std::vector<Piece> pieces_;
};

}  // namespace hies::refit
