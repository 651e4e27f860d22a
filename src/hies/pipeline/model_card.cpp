#include "hies/pipeline/model_card.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "hies/model/cost.h"

namespace hies::pipeline {
namespace {

std::string removed_heads(const prune::Plan& plan) {
  std::string lines;
  for (const auto& [site, heads] : plan.removed)
    if (site.kind == model::SiteKind::attention) lines += fmt::format("* layer {}: {}\n", site.layer, fmt::join(heads, ", "));
  return lines;
}

std::int64_t parameters(const arch::Checkpoint& source, const model::Layout& layout) {
  model::ModelSpec spec = source.spec();
  spec.layout = layout;
  return model::model_cost(spec, 1).parameters;
}

// Returns the text in a code block whose fence is longer than any run of backticks in the text.
std::string fenced(const std::string& text) {
  std::size_t run = 0, longest = 2;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  const std::string fence(longest + 1, '`');
  return fmt::format("{}sh\n{}\n{}\n\n", fence, text, fence);
}

std::string measured_rows(const eval::Result& result) {
  const eval::Measurements &before = *result.reference, &after = result.model;
  std::string rows = fmt::format("| MFLOPs per example | {:.2f} | {:.2f} |\n", before.cost.flops_per_example / 1e6,
                                 after.cost.flops_per_example / 1e6);
  for (std::size_t i = 0; i < after.metrics.size(); ++i)
    rows += fmt::format("| {} | {:.4f} | {:.4f} |\n", after.metrics[i].first, before.metrics[i].second, after.metrics[i].second);
  if (before.loss && after.loss) rows += fmt::format("| loss | {:.4f} | {:.4f} |\n", *before.loss, *after.loss);
  if (result.stability) rows += fmt::format("| same answers as before | | {:.4f} |\n", *result.stability);
  return rows;
}

}  // namespace

std::string markdown(const ModelCard& card) {
  const model::Layout& before = card.source.spec().layout;
  const model::Layout left = prune::pruned_layout(card.plan, before);
  const model::Layout& stored = card.keep_shapes ? before : left;
  const std::int64_t neurons = card.plan.removed.count(model::SiteKind::ffn);
  std::string text = fmt::format("## Attention heads{} removed by hies\n\n", neurons > 0 ? " and neurons" : "");
  if (!card.command.empty()) text += fenced(card.command);
  text += "| | before | after |\n|---|---|---|\n";
  text += fmt::format("| heads | {} | {} |\n", before.active_count(model::SiteKind::attention),
                      left.active_count(model::SiteKind::attention));
  if (neurons > 0)
    text += fmt::format("| neurons | {} | {} |\n", before.count(model::SiteKind::ffn), left.count(model::SiteKind::ffn));
  text += fmt::format("| parameters | {} | {} |\n", parameters(card.source, before), parameters(card.source, stored));
  if (card.result != nullptr) text += measured_rows(*card.result);
  if (card.result != nullptr)
    text += fmt::format("\nMeasured on the {} examples of `{}` (task {}).\n", card.result->examples,
                        std::filesystem::path(card.result->data_file).filename().string(), card.result->task);
  if (card.refit != nullptr)
    text += fmt::format("\nRefitted: {} output matrices, by least squares on {} rows ({} tokens) of `{}`, damping {:g}.\n",
                        card.refit->gains.size(), card.refit->examples, card.refit->tokens,
                        std::filesystem::path(card.calibration).filename().string(), card.refit->damping);
  if (card.keep_shapes) text += "\nShapes are kept: the removed heads' columns of the output projections are zero.\n";
  if (const std::int64_t padding = left.padding_count(model::SiteKind::attention); padding > 0 && !card.keep_shapes)
    text +=
        fmt::format("\n{} removed heads are kept as zeros, so that each KV head of a layer has as many query heads.\n", padding);
  text += fmt::format("\nRemoved heads, by their numbers in the original model:\n\n{}", removed_heads(card.plan));
  return text;
}

}  // namespace hies::pipeline
