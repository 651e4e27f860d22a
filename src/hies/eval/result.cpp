#include "hies/eval/result.h"

#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/base/json_node.h"
#include "hies/eval/number_json.h"

namespace hies::eval {
namespace {

void add_measurements(const Measurements& measurements, Json& json) {
  json["model"] = {{"path", measurements.path}, {"hash", measurements.hash}, {"heads", measurements.heads}};
  json["loss"] = number_json(measurements.loss, "the mean loss");
  json["metrics"] = Json::object();
  for (const auto& [name, value] : measurements.metrics) json["metrics"][name] = finite(value, name);
  if (!measurements.groups.empty()) {
    json["groups"] = Json::object();
    for (const GroupQuality& group : measurements.groups) {
      Json& entry = json["groups"][group.name] = {{"examples", group.examples}, {"metrics", Json::object()}};
      for (const auto& [name, value] : group.metrics) entry["metrics"][name] = finite(value, name);
    }
  }
  json["cost"] = {{"parameters", measurements.cost.parameters},
                  {"attention_parameters", measurements.cost.attention_parameters},
                  {"flops_per_example", measurements.cost.flops_per_example},
                  {"attention_flops_per_example", measurements.cost.attention_flops_per_example},
                  {"bytes", measurements.cost.bytes},
                  {"latency_ms", measurements.speed ? spread_json(measurements.speed->latency_ms) : Json()},
                  {"tokens_per_second", measurements.speed ? spread_json(measurements.speed->tokens_per_second) : Json()}};
}

double share(const JsonNode& node) {
  const double value = node.not_negative();
  if (value > 1) node.fail(fmt::format("is {}, more than 1", value));
  return value;
}

Spread read_spread(const JsonNode& node) {
  const auto number = [&](std::string_view name) { return node.member(name).not_negative(); };
  const Spread s{number("median"), number("p25"), number("p75"), number("min"), number("max"), node.member("count").count()};
  if (!(s.least <= s.p25 && s.p25 <= s.median && s.median <= s.p75 && s.p75 <= s.most))
    node.fail("is not in order: min ≤ p25 ≤ median ≤ p75 ≤ max");
  return s;
}

Metrics read_metrics(const JsonNode& node) {
  Metrics metrics;
  for (const auto& [name, value] : node.object().items()) metrics.emplace_back(name, node.member(name).number());
  return metrics;
}

Measurements read_measurements(const JsonNode& node) {
  Measurements measurements;
  const JsonNode model = node.member("model");
  measurements.path = model.has("path") ? model.member("path").text() : "";
  measurements.hash = model.member("hash").text();
  measurements.heads = model.member("heads").count();
  if (node.holds("loss")) measurements.loss = node.member("loss").number();
  measurements.metrics = read_metrics(node.member("metrics"));
  if (node.holds("groups")) {
    const JsonNode groups = node.member("groups");
    for (const auto& [name, value] : groups.object().items()) {
      const JsonNode group = groups.member(name);
      measurements.groups.push_back({name, group.member("examples").count(), read_metrics(group.member("metrics"))});
    }
  }
  const JsonNode cost = node.member("cost");
  measurements.cost = {cost.member("parameters").count(), cost.member("attention_parameters").count(),
                       cost.member("flops_per_example").not_negative(), cost.member("attention_flops_per_example").not_negative(),
                       static_cast<std::uint64_t>(cost.member("bytes").count())};
  if (cost.holds("latency_ms"))
    measurements.speed = Speed{read_spread(cost.member("latency_ms")), read_spread(cost.member("tokens_per_second"))};
  return measurements;
}

}  // namespace

Json to_json(const Result& result) {
  Json json;
  json["schema"] = kResultSchema;
  json["task"] = result.task;
  json["data"] = {{"file", result.data_file}, {"hash", result.data_hash}, {"tokens", result.tokens}};
  json["examples"] = result.examples;
  add_measurements(result.model, json);
  json["stability"] = number_json(result.stability, "stability");
  json["tolerance"] = number_json(result.tolerance, "tolerance");
  json["speedup"] = Json();
  if (result.speedup)
    json["speedup"] = {{"latency", spread_json(result.speedup->latency)},
                       {"throughput", spread_json(result.speedup->throughput)}};
  json["reference"] = Json();
  if (result.reference) add_measurements(*result.reference, json["reference"]);
  json["options"] = result.options;
  return json;
}

Result result_from_json(const Json& json, std::string_view where) {
  const JsonNode root(json, where);
  check_schema(root, kResultSchema, where, "evaluate the model again", "give a file that `hies eval` wrote");
  Result result;
  result.task = root.member("task").text();
  const JsonNode data = root.member("data");
  result.data_file = data.has("file") ? data.member("file").text() : "";
  result.data_hash = data.member("hash").text();
  result.tokens = data.member("tokens").count();
  result.examples = root.member("examples").count();
  result.model = read_measurements(root);
  if (root.holds("reference")) result.reference = read_measurements(root.member("reference"));
  if (root.holds("stability")) result.stability = share(root.member("stability"));
  if (root.holds("tolerance")) result.tolerance = root.member("tolerance").not_negative();
  if (root.holds("speedup")) {
    const JsonNode speedup = root.member("speedup");
    result.speedup = Speedup{read_spread(speedup.member("latency")), read_spread(speedup.member("throughput"))};
  }
  result.options = root.member("options").object();
  return result;
}

void write_result(const std::filesystem::path& path, const Result& result, bool force) {
  write_file(path, pretty(to_json(result)), force);
}

}  // namespace hies::eval
