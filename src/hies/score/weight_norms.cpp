#include "hies/score/weight_norms.h"

#include <cmath>
#include <map>
#include <string>

#include "hies/base/error.h"
#include "hies/model/head_weights.h"
#include "hies/score/spectral_norm.h"

namespace hies::score {
namespace {

using model::Checkpoint;
using model::HeadSlice;
using model::Matrix;

// The slices of matrices that a query head needs: its own and those of the KV head that it reads.
std::vector<HeadSlice> matrices_of_head(const Checkpoint& checkpoint, int layer, int position) {
  const model::ModelSpec& spec = checkpoint.spec();
  std::vector<HeadSlice> slices = checkpoint.arch().head_slices(spec, layer, position);
  const auto kv_positions = spec.heads(layer).kv_positions();
  for (HeadSlice& slice : checkpoint.arch().kv_slices(spec, layer, kv_positions[static_cast<std::size_t>(position)]))
    slices.push_back(std::move(slice));
  std::erase_if(slices, [&](const HeadSlice& slice) { return !model::is_matrix_slice(checkpoint, slice); });
  return slices;
}

double sum_of_squares(const Matrix& matrix) {
  double sum = 0;
  for (const double value : matrix.values) sum += value * value;
  return sum;
}

// The matrices of one layer, each read once.
class LayerMatrices {
 public:
  explicit LayerMatrices(const Checkpoint& checkpoint) : checkpoint_(checkpoint) {}
  const Matrix& get(const std::string& name) {
    const auto found = read_.find(name);
    return found != read_.end() ? found->second : read_.emplace(name, model::read_matrix(checkpoint_, name)).first->second;
  }

 private:
  const Checkpoint& checkpoint_;
  std::map<std::string, Matrix> read_;
};

}  // namespace

model::HeadTable<double> weight_l2(const Checkpoint& checkpoint) {
  model::HeadTable<double> table = model::make_head_table<double>(checkpoint.spec().layers);
  for (std::size_t layer = 0; layer < table.size(); ++layer) {
    LayerMatrices matrices(checkpoint);
    for (std::size_t position = 0; position < table[layer].size(); ++position) {
      double squares = 0;
      for (const HeadSlice& slice : matrices_of_head(checkpoint, static_cast<int>(layer), static_cast<int>(position)))
        squares += sum_of_squares(model::cut(matrices.get(slice.tensor), slice));
      table[layer][position] = std::sqrt(squares);
    }
  }
  return table;
}

OutputNorms output_norms(const Checkpoint& checkpoint) {
  OutputNorms norms{std::vector<double>(checkpoint.spec().layers.size()),
                    model::make_head_table<double>(checkpoint.spec().layers)};
  for (std::size_t layer = 0; layer < norms.head.size(); ++layer) {
    LayerMatrices matrices(checkpoint);
    for (std::size_t position = 0; position < norms.head[layer].size(); ++position) {
      auto slices = matrices_of_head(checkpoint, static_cast<int>(layer), static_cast<int>(position));
      std::erase_if(slices, [](const HeadSlice& slice) { return slice.role != model::SliceRole::output; });
      check(slices.size() == 1, "a head has one output projection");
      const Matrix& whole = matrices.get(slices[0].tensor);
      const Matrix part = model::cut(whole, slices[0]);
      norms.head[layer][position] = spectral_norm(part.values, part.rows, part.columns);
      if (position == 0) norms.layer[layer] = spectral_norm(whole.values, whole.rows, whole.columns);
    }
  }
  return norms;
}

}  // namespace hies::score
