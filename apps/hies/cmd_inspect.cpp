#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>

#include "arguments.h"
#include "commands.h"
#include "common_options.h"
#include "console_progress.h"
#include "hies/arch/checkpoint.h"
#include "hies/arch/known_model_types.h"
#include "hies/base/error.h"
#include "hies/formats/dtype.h"
#include "hies/model/cost.h"
#include "hies/prune/zeroed.h"
#include "human.h"
#include "terminal.h"
#include "text_layout.h"

namespace hies::cli {
namespace {

using arch::Checkpoint;
using model::SiteLayout;

std::vector<int> missing_heads(const SiteLayout& layer) {
  std::vector<int> gone;
  for (int head = 0; head < layer.original_units; ++head)
    if (layer.position_of(head) < 0) gone.push_back(head);
  return gone;
}

// Returns the width of the widest feed-forward network.
int widest_ffn(const model::ModelSpec& spec) {
  int widest = 0;
  for (const model::Site site : spec.layout.sites(model::SiteKind::ffn)) widest = std::max(widest, spec.layout.at(site).count());
  return widest;
}

// Returns the width of the feed-forward networks, or the least and the greatest one.
std::string ffn_widths(const model::ModelSpec& spec) {
  std::vector<int> widths;
  for (const model::Site site : spec.layout.sites(model::SiteKind::ffn)) widths.push_back(spec.layout.at(site).count());
  const auto [least, greatest] = std::minmax_element(widths.begin(), widths.end());
  return *least == *greatest ? fmt::to_string(*least) : fmt::format("{}–{}", *least, *greatest);
}

struct LayerCost {
  std::int64_t parameters = 0;
  double flops_per_token = 0;
};

// Of all tensors of each layer, feed-forward included; what the layers do not have (embeddings, task head) is the rest to the
// total.
std::vector<LayerCost> layer_costs(const Checkpoint& checkpoint, double tokens) {
  const model::ModelSpec& spec = checkpoint.spec();
  std::vector<LayerCost> costs(spec.layers.size());
  for (const Checkpoint::Bound& tensor : checkpoint.tensors()) {
    if (tensor.decl.layer < 0) continue;
    const std::int64_t elements = tensor.decl.elements();
    LayerCost& cost = costs[static_cast<std::size_t>(tensor.decl.layer)];
    cost.parameters += elements;
    if (tensor.decl.use == model::TensorUse::per_token) cost.flops_per_token += 2.0 * static_cast<double>(elements);
  }
  for (const model::Site site : spec.layout.sites(model::SiteKind::attention)) {
    const SiteLayout& heads = spec.layout.at(site);
    costs[static_cast<std::size_t>(site.layer)].flops_per_token += 4.0 * tokens * heads.unit_size * heads.count();
  }
  return costs;
}

// "float16", or "float16, float32 in 3 tensors" where they differ.
std::string dtypes(const Checkpoint& checkpoint) {
  std::map<std::string, int> count;
  for (const Checkpoint::Bound& tensor : checkpoint.tensors())
    if (tensor.view != nullptr) ++count[std::string(formats::display_name(tensor.view->dtype))];
  std::vector<std::pair<int, std::string>> order;
  order.reserve(count.size());
  for (const auto& [name, tensors] : count) order.emplace_back(-tensors, name);
  std::sort(order.begin(), order.end());
  std::string text = order.empty() ? "none" : order.front().second;
  for (std::size_t i = 1; i < order.size(); ++i) text += fmt::format(", {} in {} tensors", order[i].second, -order[i].first);
  return text;
}

Json to_json(const Checkpoint& checkpoint, double tokens, const model::ModelCost& total) {
  const model::ModelSpec& spec = checkpoint.spec();
  Json layers = Json::array();
  const std::vector<LayerCost> costs = layer_costs(checkpoint, tokens);
  const model::UnitSet zeroed = prune::zeroed_units(checkpoint);
  for (std::size_t i = 0; i < costs.size(); ++i) {
    const SiteLayout& layer = spec.layout.attention(static_cast<int>(i));
    layers.push_back({{"heads", layer.units},
                      {"kv_heads", layer.kv_heads},
                      {"original_heads", layer.original_units},
                      {"original_kv_heads", layer.original_kv_heads},
                      {"head_dim", layer.unit_size},
                      {"neurons", spec.layout.ffn(static_cast<int>(i)).count()},
                      {"original_neurons", spec.layout.ffn(static_cast<int>(i)).original_units},
                      {"pruned", missing_heads(layer)},
                      {"dead", layer.padding},
                      {"zeroed", zeroed.at(model::attention_site(static_cast<int>(i)))},
                      {"parameters", costs[i].parameters},
                      {"flops_per_token", costs[i].flops_per_token}});
  }
  return {{"schema", "hies.inspect/1"},
          {"path", checkpoint.folder().string()},
          {"model_type", spec.model_type},
          {"hash", checkpoint.hash()},
          {"dtype", dtypes(checkpoint)},
          {"hidden", spec.hidden},
          {"intermediate", widest_ffn(spec)},
          {"vocabulary", spec.text.vocabulary},
          {"positions", spec.positions},
          {"problem", model::problem_name(spec.problem)},
          {"labels", spec.labels},
          {"task_head", checkpoint.has_task_head()},
          {"other_head", spec.other_head.empty() ? Json() : Json(spec.other_head)},
          {"tokens", tokens},
          {"heads", spec.layout.count(model::SiteKind::attention)},
          {"parameters", total.parameters},
          {"attention_parameters", total.attention_parameters},
          {"flops_per_token", total.flops_per_token},
          {"attention_flops_per_token", total.attention_flops_per_token},
          {"bytes", checkpoint.weight_bytes()},
          {"layers", layers},
          {"unused_tensors", checkpoint.unused()}};
}

std::string layer_table(const Checkpoint& checkpoint, double tokens, const model::ModelCost& total) {
  const model::ModelSpec& spec = checkpoint.spec();
  TextTable table({"layer", "heads", "of", "KV heads", "head size", "neurons", "parameters", "FLOPs/token", "pruned heads"}, {8});
  const std::vector<LayerCost> costs = layer_costs(checkpoint, tokens);
  int original = 0;
  LayerCost rest{total.parameters, total.flops_per_token};
  for (std::size_t i = 0; i < costs.size(); ++i) {
    const SiteLayout& layer = spec.layout.attention(static_cast<int>(i));
    original += layer.original_units;
    rest.parameters -= costs[i].parameters;
    rest.flops_per_token -= costs[i].flops_per_token;
    table.row({fmt::to_string(i), fmt::to_string(layer.count()), fmt::to_string(layer.original_units),
               fmt::to_string(layer.kv_count()), fmt::to_string(layer.unit_size),
               fmt::to_string(spec.layout.ffn(static_cast<int>(i)).count()),
               human_count(static_cast<double>(costs[i].parameters)), human_count(costs[i].flops_per_token),
               fmt::format("{}", fmt::join(missing_heads(layer), " "))});
  }
  table.row({"rest", "", "", "", "", "", human_count(static_cast<double>(rest.parameters)), human_count(rest.flops_per_token)});
  table.rule();
  table.row({"total", fmt::to_string(spec.layout.count(model::SiteKind::attention)), fmt::to_string(original), "", "",
             fmt::to_string(spec.layout.count(model::SiteKind::ffn)), human_count(static_cast<double>(total.parameters)),
             human_count(total.flops_per_token)});
  return table.text();
}

// "1: 3 5; 2: 0"
std::string by_layer(const model::UnitSet& heads) {
  std::vector<std::string> layers;
  for (const auto& [site, mine] : heads) layers.push_back(fmt::format("{}: {}", site.layer, fmt::join(mine, " ")));
  return fmt::format("{}", fmt::join(layers, "; "));
}

std::string absent_head(const Checkpoint& checkpoint) {
  const model::ModelSpec& spec = checkpoint.spec();
  if (spec.causal) return "none: the model cannot be scored without one";
  const std::string what = spec.other_head.empty() ? "none" : fmt::format("not read: a {}", spec.other_head);
  return fmt::format("{}; scored by what needs none (--task {})", what,
                     spec.reads_images() ? "image-feature-extraction" : "feature-extraction");
}

std::string describe(const Checkpoint& checkpoint, double tokens, const model::ModelCost& total) {
  const model::ModelSpec& spec = checkpoint.spec();
  const bool bare = spec.problem == model::Problem::hidden_states;
  const arch::ModelType* type = bare ? arch::find_model_type(spec.model_type) : nullptr;
  const std::string what =
      type == nullptr ? std::string(checkpoint.family().description) : fmt::format("{}, its encoder", type->display);
  std::string text = fmt::format("{}: {}\n\n", printable(checkpoint.folder().string(), 200), what);
  text += layer_table(checkpoint, tokens, total) + "\n";
  const auto line = [&](std::string_view name, const std::string& value) { text += fmt::format("{:15} {}\n", name, value); };
  line("of attention",
       fmt::format("{} parameters, {} FLOPs per token", human_count(static_cast<double>(total.attention_parameters)),
                   human_count(total.attention_flops_per_token)));
  line("FLOPs are for", fmt::format("sequences of {:g} tokens (--tokens); a multiply-add counts as two", tokens));
  line("weights", fmt::format("{} on disk, {}", human_bytes(static_cast<double>(checkpoint.weight_bytes())), dtypes(checkpoint)));
  const model::VisionSpec& vision = spec.vision;
  const std::string reads = spec.reads_images() ? fmt::format("images of {}×{} pixels in patches of {}×{}", vision.height,
                                                              vision.width, vision.patch_height, vision.patch_width)
                                                : fmt::format("vocabulary {}", spec.text.vocabulary);
  line("size", fmt::format("hidden {}, feed-forward {}, {}, positions {}", spec.hidden, ffn_widths(spec), reads, spec.positions));
  if (!checkpoint.has_task_head()) line("task head", absent_head(checkpoint));
  else if (spec.problem == model::Problem::regression) line("task head", "regression (one number)");
  else if (spec.problem == model::Problem::causal_lm)
    line("task head", fmt::format("next token{}", spec.head.tied ? " (the embedding table)" : ""));
  else line("task head", printable(fmt::format("classification: {}", fmt::join(spec.labels, ", ")), 200));
  if (const auto zeroed = prune::zeroed_units(checkpoint).of(model::SiteKind::attention); !zeroed.empty())
    line("zeroed heads",
         fmt::format("{}, still stored and computed (--keep-shapes), by layer: {}", zeroed.count(), by_layer(zeroed)));
  if (const std::int64_t padding = spec.layout.padding_count(model::SiteKind::attention); padding > 0)
    line("padding heads", fmt::format("{}, zeros that keep the groups of each layer equal; no plan counts them", padding));
  line("hash", checkpoint.hash());
  if (!checkpoint.unused().empty()) line("unused tensors", fmt::format("{} (--json lists them)", checkpoint.unused().size()));
  return text;
}

}  // namespace

void run_inspect(Words words) {
  Arguments arguments({"hies inspect",
                       "what a checkpoint holds: heads, parameters, FLOPs, what is pruned already",
                       {"hies inspect MODEL"},
                       {"hies inspect examples/demo-sst2 --tokens 64"}},
                      words);
  std::string folder;
  double tokens = 0;
  bool json = false;
  arguments.positional("MODEL", folder, kModelHelp);
  arguments("tokens", tokens, "sequence length that FLOPs are counted for");
  arguments.describe("tokens", {.default_value = "128, or the longest that the model takes"});
  arguments("json", json, "one JSON document on standard output instead of a table");
  if (!arguments.parse()) return;
  if (arguments.given("tokens") && !(tokens >= 1 && tokens <= 1e9))
    bad_input("--tokens is {}, but it must be at least 1", tokens);

  ConsoleProgress progress(false);
  const Checkpoint checkpoint = Checkpoint::open(folder, progress);
  if (!arguments.given("tokens")) tokens = std::min(128, checkpoint.spec().positions);
  const model::ModelCost total = model::model_cost(checkpoint.spec(), tokens);
  Progress::throw_if_cancelled();
  if (json) return print_json(to_json(checkpoint, tokens, total));
  print_out(describe(checkpoint, tokens, total));
}

}  // namespace hies::cli
