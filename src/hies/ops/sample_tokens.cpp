#include "hies/ops/sample_tokens.h"

#include "hies/base/rng.h"
#include "hies/ops/tensors.h"

namespace hies::ops {
namespace {

// Returns a number in [0, 1) for each target row.
std::vector<double> uniform_numbers(const model::Batch& batch, const model::Draw& draw) {
  const std::vector<std::size_t> sequences = TargetShares(batch).sequence;
  std::vector<double> numbers;
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    const std::int64_t place = batch.target_rows[i] - batch.offsets[sequences[i]];
    numbers.push_back(rng_of(draw.seed, {draw.index, batch.examples[sequences[i]], place}).uniform());
  }
  return numbers;
}

}  // namespace

std::vector<std::int32_t> sample_tokens(const Linear& vocabulary, const at::Tensor& states, const model::Batch& batch,
                                        const model::Draw& draw, std::int64_t rows_at_once) {
  const at::ScalarType type = states.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  const at::Tensor numbers =
      to_device(at::tensor(uniform_numbers(batch, draw), at::TensorOptions().dtype(at::kDouble)).to(type), states.device());
  std::vector<std::int32_t> tokens;
  const auto count = std::ssize(batch.target_rows);
  for_logit_parts(
      vocabulary, states, count, rows_at_once, nullptr, [&](const at::Tensor& logits, std::int64_t first, std::int64_t real) {
        const at::Tensor sums = at::softmax(logits.narrow(0, 0, real), 1, type).cumsum(1);
        // Rounding may leave the last sum below 1.
        const at::Tensor wanted = numbers.narrow(0, first, real).unsqueeze(1) * sums.narrow(1, sums.size(1) - 1, 1);
        const at::Tensor drawn = at::searchsorted(sums, wanted, /*out_int32=*/true, /*right=*/true).clamp_max(sums.size(1) - 1);
        const at::Tensor on_host = drawn.to(at::kCPU).contiguous();
        tokens.insert(tokens.end(), on_host.const_data_ptr<std::int32_t>(), on_host.const_data_ptr<std::int32_t>() + real);
        return at::Tensor();
      });
  return tokens;
}

}  // namespace hies::ops
