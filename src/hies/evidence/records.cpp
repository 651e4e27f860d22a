#include "hies/evidence/records.h"

#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/base/json_node.h"
#include "hies/eval/number_json.h"

namespace hies::evidence {
namespace {

using eval::finite;
using eval::number_json;

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

Json text_json(const std::string& text) { return text.empty() ? Json() : Json(text); }

Json pruned_json(const std::map<int, std::vector<int>>& pruned) {
  Json json = Json::object();
  for (const auto& [layer, heads] : pruned) json[std::to_string(layer)] = heads;
  return json;
}

Json cost_json(const Record::Cost& cost) {
  return {{"parameters", cost.parameters},
          {"flops_per_example", cost.flops_per_example},
          {"removed", {{"heads", cost.heads_removed}, {"parameters", cost.parameters_removed}, {"flops", cost.flops_removed}}}};
}

Json bound_json(const Record::Bound& bound) {
  return {{"loss", text_json(bound.loss)},
          {"first_order", number_json(bound.first_order, "the bound's first-order term")},
          {"second_order", number_json(bound.second_order, "the bound's second-order term")},
          {"second_order_heads", number_json(bound.second_order_heads, "the bound's second-order term by heads")},
          {"loss_increase", number_json(bound.loss_increase, "the loss increase")},
          {"scores", text_json(bound.scores)}};
}

Json latency_json(const std::optional<Record::Latency>& latency) {
  if (!latency) return {};
  return {{"median", latency->median},   {"p25", latency->p25},
          {"p75", latency->p75},         {"unpruned_median", latency->unpruned_median},
          {"speedup", latency->speedup}, {"pairs", latency->pairs}};
}

double share(const JsonNode& node) {
  const double value = node.number();
  if (!(value >= 0 && value <= 1)) node.fail(fmt::format("is {}, but it is a share 0 … 1", value));
  return value;
}

std::optional<double> number_or_none(const JsonNode& parent, std::string_view name) {
  return parent.holds(name) ? std::optional(parent.member(name).number()) : std::nullopt;
}

std::optional<std::int64_t> count_or_none(const JsonNode& parent, std::string_view name) {
  return parent.holds(name) ? std::optional(parent.member(name).count()) : std::nullopt;
}

std::string text_or_empty(const JsonNode& parent, std::string_view name) {
  return parent.holds(name) ? parent.member(name).text() : std::string();
}

std::map<int, std::vector<int>> read_pruned(const JsonNode& node) {
  constexpr int kMost = 1 << 20;
  std::map<int, std::vector<int>> pruned;
  for (const auto& [key, list] : node.object().items()) {
    const JsonNode heads = node.member(key);
    if (key.empty() || key.size() > 6 || key.find_first_not_of("0123456789") != std::string::npos)
      node.fail(fmt::format("has '{}' in the place of a layer's number", printable(key)));
    std::vector<int>& mine = pruned[std::stoi(key)];
    heads.each(heads.list_size(), "heads", [&](std::size_t, const JsonNode& head) {
      mine.push_back(static_cast<int>(head.count(kMost)));
      if (mine.size() > 1 && mine.back() <= mine[mine.size() - 2]) head.fail("is not greater than the head before it");
    });
  }
  return pruned;
}

Record::Cost read_cost(const JsonNode& node) {
  const JsonNode removed = node.member("removed");
  return {node.member("parameters").count(), node.member("flops_per_example").number(), share(removed.member("heads")),
          share(removed.member("parameters")), share(removed.member("flops"))};
}

Record::Bound read_bound(const JsonNode& node) {
  return {text_or_empty(node, "loss"),           number_or_none(node, "first_order"),
          number_or_none(node, "second_order"),  number_or_none(node, "second_order_heads"),
          number_or_none(node, "loss_increase"), text_or_empty(node, "scores")};
}

Record::Latency read_latency(const JsonNode& node) {
  return {node.member("median").number(),          node.member("p25").number(),     node.member("p75").number(),
          node.member("unpruned_median").number(), node.member("speedup").number(), node.member("pairs").count()};
}

}  // namespace

Json to_json(const Record& r) {
  Json json;
  json["schema"] = kRecordSchema;
  json["run"] = r.run;
  json["task"] = r.task;
  json["model"] = r.model_hash;
  json["method"] = r.method;
  json["uniform"] = r.uniform;
  json["alpha"] = number_json(r.alpha, "alpha");
  json["alpha_from"] = text_json(r.alpha_from);
  json["loss"] = or_null(r.loss);
  json["loss_from"] = text_json(r.loss_from);
  json["seed"] = or_null(r.seed);
  json["examples"] = or_null(r.examples);
  json["ratio"] = finite(r.ratio, "the ratio");
  json["mask"] = r.mask;
  json["pruned"] = pruned_json(r.pruned);
  json["heads"] = r.heads;
  json["heads_removed"] = r.heads_removed;
  json["metrics"] = Json::object();
  for (const auto& [name, value] : r.metrics) json["metrics"][name] = finite(value, name);
  json["stability"] = finite(r.stability, "stability");
  json["mean_loss"] = number_json(r.mean_loss, "the mean loss");
  json["cost"] = cost_json(r.cost);
  json["bound"] = bound_json(r.bound);
  json["scores"] = text_json(r.scores);
  json["latency_ms"] = latency_json(r.latency_ms);
  return json;
}

Record record_from_json(const Json& json, std::string_view where) {
  const JsonNode root(json, where);
  check_schema(root, kRecordSchema, where, "run the sweep again with this version", "give a records.jsonl that hies sweep wrote");
  Record r;
  r.run = root.member("run").text();
  r.task = root.member("task").text();
  r.model_hash = root.member("model").text();
  r.method = root.member("method").text();
  r.uniform = require<bool>(json, "uniform", where);
  if (root.holds("alpha")) r.alpha = share(root.member("alpha"));
  r.alpha_from = text_or_empty(root, "alpha_from");
  if (root.holds("loss")) r.loss = root.member("loss").text();
  r.loss_from = text_or_empty(root, "loss_from");
  r.seed = count_or_none(root, "seed");
  r.examples = count_or_none(root, "examples");
  r.ratio = share(root.member("ratio"));
  r.mask = root.member("mask").text();
  r.pruned = read_pruned(root.member("pruned"));
  r.heads = root.member("heads").count();
  r.heads_removed = root.member("heads_removed").count();
  const JsonNode metrics = root.member("metrics");
  for (const auto& [name, value] : metrics.object().items()) r.metrics.emplace_back(name, metrics.member(name).number());
  r.stability = share(root.member("stability"));
  r.mean_loss = number_or_none(root, "mean_loss");
  r.cost = read_cost(root.member("cost"));
  r.bound = read_bound(root.member("bound"));
  r.scores = text_or_empty(root, "scores");
  if (root.holds("latency_ms")) r.latency_ms = read_latency(root.member("latency_ms"));
  return r;
}

std::string record_line(const Record& record) { return to_json(record).dump(); }

std::vector<Record> read_records(const std::filesystem::path& file) {
  const MappedFile mapped(file);
  const std::string_view text(reinterpret_cast<const char*>(mapped.bytes().data()), mapped.bytes().size());
  std::vector<Record> records;
  std::size_t begin = 0;
  for (std::size_t end = text.find('\n'); end != std::string_view::npos; begin = end + 1, end = text.find('\n', begin)) {
    const std::string where = fmt::format("{}: line {}", file.string(), records.size() + 1);
    records.push_back(record_from_json(parse_json(text.substr(begin, end - begin), where), where));
  }
  return records;
}

}  // namespace hies::evidence
