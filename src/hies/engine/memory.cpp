#include "hies/engine/memory.h"

#include <algorithm>
#include <map>

#include <unistd.h>

#include "hies/base/error.h"
#include "hies/engine/gpu.h"
#include "hies/model/tensors.h"

namespace hies::engine {
namespace {

// What every run takes besides: a part of the logits, the memory of the kernels and of the program.
constexpr std::uint64_t kOverhead = std::uint64_t{512} << 20;

// Tokens of a forward pass that keep a GPU busy; more make it no quicker.
constexpr std::int64_t kBusyTokens = 16384;

std::uint64_t machine_memory() {
  const long pages = ::sysconf(_SC_PHYS_PAGES), page = ::sysconf(_SC_PAGESIZE);
  return pages > 0 && page > 0 ? static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page) : std::uint64_t{8} << 30;
}

std::string amount(std::uint64_t bytes) {
  const bool many = bytes >= std::uint64_t{1} << 30;
  return fmt::format("{:.1f} {}", static_cast<double>(bytes) / (many ? 1 << 30 : 1 << 20), many ? "GiB" : "MiB");
}

// Returns the numbers that the tape of the largest layer keeps of a token: the state before each block, queries, keys, values, outputs
// of attention, and the inside of the feed-forward network (twice where it is gated).
std::uint64_t kept_numbers(const model::ModelSpec& spec) {
  std::uint64_t heads = 0, neurons = 0;
  for (const auto& [site, units] : spec.layout) {
    if (site.kind == model::SiteKind::ffn) neurons = std::max(neurons, static_cast<std::uint64_t>(units.width()));
    else heads = std::max(heads, static_cast<std::uint64_t>(2 * units.width() + 2 * units.kv_width()));
  }
  return heads + 3 * static_cast<std::uint64_t>(spec.hidden) + 2 * neurons;
}

// Bytes of an output matrix that is the embedding table, which stands on a GPU twice.
std::uint64_t tied_bytes(const model::ModelSpec& spec, std::uint64_t size) {
  return spec.head.tied ? static_cast<std::uint64_t>(spec.text.vocabulary) * static_cast<std::uint64_t>(spec.hidden) * size : 0;
}

// Fills in what is streamed: all matrices of products. The GPU holds those of one layer and what is prefetched: another layer, or
// the output matrix.
void plan_offload(MemoryPlan& plan, const model::ModelSpec& spec, std::uint64_t size) {
  std::map<int, std::uint64_t> layers;
  std::uint64_t outside = plan.streamed = tied_bytes(spec, size);
  for (const model::TensorDecl& decl : model::tensors(spec)) {
    if (decl.use == model::TensorUse::lookup || decl.shape.size() != 2) continue;
    const std::uint64_t bytes = static_cast<std::uint64_t>(decl.elements()) * size;
    plan.streamed += bytes;
    if (decl.layer < 0) outside = std::max(outside, bytes);
    else layers[decl.layer] += bytes;
  }
  std::uint64_t widest = 0;
  for (const auto& [layer, bytes] : layers) widest = std::max(widest, bytes);
  plan.window = std::min(plan.streamed, widest + std::max(widest, outside));
  if (const std::uint64_t most = machine_memory() / 5 * 4; plan.streamed > most)
    throw Error(ErrorKind::bad_input,
                fmt::format("`offload` keeps {} of weights in the machine's memory, of which {} may be used",
                            amount(plan.streamed), amount(most)),
                "try `dtype` bfloat16, or `device` cpu");
}

}  // namespace

MemoryPlan plan_memory(const model::ModelSpec& spec, const Execution& execution) {
  MemoryPlan plan;
  const std::uint64_t budget = execution.memory;
  plan.one_copy = execution.device.is_cuda();
  plan.budget = budget > 0 ? budget : plan.one_copy ? free_memory(execution.device) / 10 * 9 : machine_memory() / 5 * 4;
  const auto size = static_cast<std::uint64_t>(bytes_of(execution.type));
  for (const model::TensorDecl& decl : model::tensors(spec)) {
    if (decl.use == model::TensorUse::lookup && !plan.one_copy) continue;
    const std::uint64_t bytes = static_cast<std::uint64_t>(decl.elements()) * size;
    plan.weights += bytes;
    plan.largest_weight = std::max(plan.largest_weight, bytes);
  }
  plan.token_in_layer = kept_numbers(spec) * size;
  // Beside a layer at work, a state before each of those above it.
  plan.token_of_mask = 2 * plan.token_in_layer + static_cast<std::uint64_t>(spec.hidden) * spec.layers.size() * size;
  if (plan.one_copy) {
    plan.weights += tied_bytes(spec, size);
    if (execution.offload) plan_offload(plan, spec, size);
    if (const std::uint64_t least = plan.besides_activations(); least > plan.budget)
      throw Error(ErrorKind::bad_input,
                  fmt::format("the weights need {} of the GPU's memory, but {} may be used", amount(least), amount(plan.budget)),
                  execution.offload
                      ? (budget > 0 ? "raise `memory`, or try `dtype` bfloat16" : "try `dtype` bfloat16, or `device` cpu")
                      : (budget > 0 ? "try `offload`, which streams them from the machine's memory, or raise `memory`"
                                    : "try `offload`, which streams them from the machine's memory, or `dtype` bfloat16"));
    return plan;
  }
  // A quarter is for activations.
  const std::uint64_t room = plan.budget > kOverhead ? (plan.budget - kOverhead) / 4 * 3 : 0;
  plan.keep_forward = plan.weights <= room;
  plan.keep_backward = 2 * plan.weights <= room;
  return plan;
}

std::uint64_t MemoryPlan::besides_activations() const {
  const std::uint64_t kept = one_copy ? weights - streamed + window : keep_backward ? 2 * weights : 0;
  // A weight that is prepacked for one product is in memory three times meanwhile, and may be two that are joined.
  const std::uint64_t passing = keep_backward ? 0 : 6 * largest_weight;
  return kept + passing + kOverhead;
}

int MemoryPlan::layers_at_once(std::int64_t tokens, int layers) const {
  const std::uint64_t one = token_in_layer * static_cast<std::uint64_t>(std::max<std::int64_t>(tokens, 1));
  if (const std::uint64_t least = besides_activations() + one; least > budget)
    throw Error(
        ErrorKind::bad_input,
        fmt::format("scoring {} tokens at once needs {} of memory, but `memory` allows {}", tokens, amount(least),
                    amount(budget)),
        besides_activations() >= budget
            ? "raise `memory`: so much is needed whatever the number of tokens"
            : fmt::format("raise `memory`, or lower `batch_tokens` or the length of the texts: {} are for one layer's tokens",
                          amount(one)));
  return static_cast<int>(std::min<std::uint64_t>((budget - besides_activations()) / one, static_cast<std::uint64_t>(layers)));
}

std::int64_t MemoryPlan::masks_at_once(std::int64_t tokens) const {
  if (!one_copy || tokens == 0) return 1;
  const std::uint64_t room = budget > besides_activations() ? budget - besides_activations() : 0;
  const auto fit = static_cast<std::int64_t>(room / token_of_mask / static_cast<std::uint64_t>(tokens));
  return std::clamp<std::int64_t>(std::min(fit, kBusyTokens / tokens), 1, 64);
}

std::string MemoryPlan::hint_where_full(std::int64_t tokens) const {
  std::string hint = fmt::format("try `batch_tokens` {}", std::max<std::int64_t>(1, tokens / 2));
  // Twice what one layer needs leaves room for what no plan counts.
  const std::uint64_t little = besides_activations() + 2 * token_in_layer * static_cast<std::uint64_t>(tokens);
  if (little < budget)
    hint += fmt::format(", or `memory` {}MiB, which keeps fewer layers, or masks, at a time", (little >> 20) + 1);
  if (streamed == 0) hint += ", or `offload`, which keeps the weights in the machine's memory";
  return hint;
}

std::string MemoryPlan::text(std::int64_t tokens, int layers) const {
  const int at_once = layers_at_once(tokens, layers);
  std::string text;
  if (!keep_backward)
    text += fmt::format(", weights ({} for each direction) are read from the file again for every pass", amount(weights));
  if (at_once < layers) text += fmt::format(", activations are recomputed, {} of {} layers at a time", at_once, layers);
  return text.empty() ? text : fmt::format("memory {}{} (`memory`)", amount(budget), text);
}

}  // namespace hies::engine
