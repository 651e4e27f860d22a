#include "hies/engine/output_inputs.h"

#include "hies/engine/batch_check.h"
#include "hies/engine/execution_scope_torch.h"
#include "hies/engine/network_torch.h"

namespace hies::engine {
namespace {

void add_to(std::vector<double>& sums, const at::Tensor& more) {
  const at::Tensor values = more.to(at::kCPU).to(at::kDouble).contiguous();
  const double* first = values.const_data_ptr<double>();
  sums.resize(static_cast<std::size_t>(values.numel()));
  for (double& sum : sums) sum += *first++;
}

// Adds what x [T, W] of `units` gives. `matrix`: [E, W].
void add_site(const at::Tensor& x, const model::SiteLayout& units, const at::Tensor& matrix, const at::Tensor& scale,
              const model::Batch& batch, OutputInputs& sums) {
  // Sums of many small squares lose digits in float32.
  const at::Tensor exact = x.narrow(0, 0, batch.token_count()).to(at::kDouble);
  add_to(sums.squares, exact.square().sum(0));
  at::Tensor means = at::zeros({exact.size(1)}, exact.options());
  for (std::int64_t b = 0; b < batch.size(); ++b)
    means.add_(exact.narrow(0, batch.offsets[static_cast<std::size_t>(b)], batch.length(b)).abs().mean(0).square());
  add_to(sums.mean_squares, means);
  // ‖x V‖² = Σ (xᵀx) ⊙ (V Vᵀ), so that no [T, E] of each unit is needed.
  const std::int64_t U = units.count(), D = units.unit_size;
  const at::Tensor of_unit = exact.unflatten(1, {U, D}).transpose(0, 1);  // [U, T, D]
  at::Tensor rows = matrix.to(at::kDouble);
  if (scale.defined()) rows = rows * scale.to(at::kDouble).unsqueeze(1);
  rows = rows.t().unflatten(0, {U, D});  // [U, D, E]
  const at::Tensor products = at::bmm(of_unit.transpose(1, 2), of_unit).mul(at::bmm(rows, rows.transpose(1, 2)));
  add_to(sums.contributions, products.sum({1, 2}));
  sums.tokens += batch.token_count();
  sums.sequences += batch.size();
}

}  // namespace

void add_output_inputs(const Model& model, const model::Batch& batch, std::map<model::Site, OutputInputs>& sums) {
  if (batch.size() == 0) return;
  const ExecutionScope scope(model.execution());
  check_batch(batch, model.spec());
  const nn::Network& network = network_of(model);
  const model::Layout& layout = model.spec().layout;
  nn::RunContext run(model.spec(), batch, nullptr, nullptr, device_of(model), attention_options(model));
  run.keep_all_rows();
  at::Tensor state = network.embed(run);
  for (int layer = 0; layer < model.spec().layer_count(); ++layer) {
    const nn::Block& block = network.block(layer);
    const model::SiteLayout &heads = layout.attention(layer), &neurons = layout.ffn(layer);
    at::Tensor outputs;
    if (heads.count() > 0) {
      outputs = block.heads(heads, state, run, nn::HeadProducts::joint, nullptr);
      add_site(outputs, heads, block.attention_output().weight(), block.attention_scale(), batch,
               sums[model::attention_site(layer)]);
      block.attention_output().release();
    }
    const nn::Block::FfnInputs inputs = block.ffn_inputs(block.add_attention(heads, state, outputs));
    if (neurons.count() > 0) {
      add_site(inputs.active, neurons, block.ffn_output().weight(), block.ffn_scale(), batch, sums[model::ffn_site(layer)]);
      block.ffn_output().release();
    }
    state = block.leave(block.add_ffn(inputs));
  }
}

}  // namespace hies::engine
