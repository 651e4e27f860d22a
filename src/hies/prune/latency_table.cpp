#include "hies/prune/latency_table.h"

#include <algorithm>
#include <array>
#include <set>

#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/base/json_node.h"
#include "hies/base/stored.h"

namespace hies::prune {
namespace {

template <class T>
Json list_json(const std::vector<T>& values, std::string_view key) {
  Json list = Json::array();
  for (std::size_t i = 0; i < values.size(); ++i) {
    if constexpr (std::is_same_v<T, double>) list.push_back(stored::finite(values[i], fmt::format("{}[{}]", key, i)));
    else list.push_back(values[i]);
  }
  return list;
}

Json curve_json(const LatencyCurve& curve, std::string_view key) {
  if (curve.counts.empty()) return {};
  const auto list = [key](const auto& values, std::string_view name) {
    return list_json(values, fmt::format("{}.{}", key, name));
  };
  return {{"counts", list(curve.counts, "counts")},
          {"ms", list(curve.ms, "ms")},
          {"measured_ms", list(curve.measured_ms, "measured_ms")},
          {"spread_ms", list(curve.spread_ms, "spread_ms")}};
}

std::vector<std::int64_t> read_counts(const JsonNode& node) {
  std::vector<std::int64_t> counts;
  node.each(node.list_size(), "entries", [&](std::size_t i, const JsonNode& entry) {
    counts.push_back(entry.count());
    if (i == 0 ? counts.front() != 0 : counts[i] <= counts[i - 1])
      entry.fail(fmt::format("is {}, but counts begin with 0 and rise", counts.back()));
  });
  if (counts.empty()) node.fail("is empty, but counts begin with 0");
  return counts;
}

LatencyCurve read_curve(const JsonNode& node) {
  LatencyCurve curve;
  curve.counts = read_counts(node.member("counts"));
  const std::size_t size = curve.counts.size();
  node.member("ms").each(size, "counts", [&](std::size_t i, const JsonNode& entry) {
    curve.ms.push_back(entry.not_negative());
    if (i == 0 && curve.ms.front() != 0) entry.fail(fmt::format("is {}, but no units take 0 ms", curve.ms.front()));
    if (i > 0 && curve.ms[i] < curve.ms[i - 1])
      entry.fail(fmt::format("is {}, less than {} of fewer units", curve.ms[i], curve.ms[i - 1]));
  });
  const auto read = [&](std::string_view name, std::vector<double>& values) {
    node.member(name).each(size, "counts", [&](std::size_t, const JsonNode& entry) { values.push_back(entry.number()); });
  };
  read("measured_ms", curve.measured_ms);
  read("spread_ms", curve.spread_ms);
  return curve;
}

std::vector<LatencyTable::Layers> read_layers(const JsonNode& node) {
  std::vector<LatencyTable::Layers> all;
  std::set<std::int64_t> seen;
  node.each(node.list_size(), "entries", [&](std::size_t, const JsonNode& entry) {
    LatencyTable::Layers& own = all.emplace_back();
    const JsonNode layers = entry.member("layers");
    layers.each(layers.list_size(), "entries", [&](std::size_t, const JsonNode& layer) {
      own.layers.push_back(layer.count());
      if (!seen.insert(own.layers.back()).second) layer.fail(fmt::format("is layer {} again", own.layers.back()));
    });
    if (entry.holds("heads")) own.heads = read_curve(entry.member("heads"));
    if (entry.holds("neurons")) own.neurons = read_curve(entry.member("neurons"));
  });
  return all;
}

const LatencyCurve& curve_of(const LatencyTable::Layers& layers, model::SiteKind kind) {
  return kind == model::SiteKind::ffn ? layers.neurons : layers.heads;
}

LatencyTable::Whole read_whole(const JsonNode& node) {
  const auto whole = from_stored<LatencyTable::Whole>(node);
  if (!(whole.least > 0)) node.fail(fmt::format("is no time: the least is {} ms", whole.least));
  return whole;
}

LatencySetting read_setting(const JsonNode& node) {
  const auto setting = from_stored<LatencySetting>(node);
  for (const auto& [name, value] : {std::pair("batch", setting.batch), std::pair("tokens", setting.tokens)})
    if (value < 1) node.member(name).fail(fmt::format("is {}, but at least 1 was measured", value));
  return setting;
}

constexpr std::string_view kMeasureAgain = "measure with `hies latency-table` again";

}  // namespace

double LatencyCurve::at(std::int64_t count) const {
  check(count >= 0 && count <= most(), "a latency of more units than were measured");
  const auto above = std::lower_bound(counts.begin(), counts.end(), count) - counts.begin();
  const auto i = static_cast<std::size_t>(above);
  if (counts[i] == count) return ms[i];
  const double share = static_cast<double>(count - counts[i - 1]) / static_cast<double>(counts[i] - counts[i - 1]);
  return ms[i - 1] + share * (ms[i] - ms[i - 1]);
}

double LatencyCurve::per_unit(std::int64_t present) const {
  if (present == 0) return 0;
  std::vector<std::pair<double, double>> points;
  for (std::size_t i = 0; i < counts.size() && counts[i] < present; ++i) points.emplace_back(counts[i], ms[i]);
  points.emplace_back(present, at(present));
  double x = 0, y = 0, xx = 0, xy = 0;
  const auto n = static_cast<double>(points.size());
  for (const auto& [count, time] : points) {
    x += count / n;
    y += time / n;
  }
  for (const auto& [count, time] : points) {
    xx += (count - x) * (count - x);
    xy += (count - x) * (time - y);
  }
  return std::max(0.0, xy / xx);
}

LatencyCurve monotone_curve(std::vector<std::int64_t> counts, std::vector<double> measured, std::vector<double> spread) {
  check(!counts.empty() && counts.size() == measured.size() && counts.size() == spread.size(), "a curve with a hole");
  std::vector<std::pair<double, std::size_t>> pools;  // mean and number of neighbours that have it
  for (const double time : measured) {
    pools.emplace_back(time, 1);
    while (pools.size() > 1 && pools[pools.size() - 2].first > pools.back().first) {
      const auto [mean, count] = pools.back();
      pools.pop_back();
      auto& [before, number] = pools.back();
      before = (before * static_cast<double>(number) + mean * static_cast<double>(count)) / static_cast<double>(number + count);
      number += count;
    }
  }
  LatencyCurve curve{std::move(counts), {}, std::move(measured), std::move(spread)};
  for (const auto& [mean, count] : pools) curve.ms.insert(curve.ms.end(), count, mean - pools.front().first);
  return curve;
}

const LatencyCurve* LatencyTable::find(model::Site site) const {
  for (const Layers& entry : layers)
    if (std::find(entry.layers.begin(), entry.layers.end(), site.layer) != entry.layers.end())
      if (const LatencyCurve& found = curve_of(entry, site.kind); !found.counts.empty()) return &found;
  return nullptr;
}

const LatencyCurve& LatencyTable::curve(model::Site site) const {
  const LatencyCurve* found = find(site);
  check(found != nullptr, "a latency table without that site");
  return *found;
}

double LatencyTable::predicted_ms(const model::Layout& before, const model::Layout& left) const {
  double ms = whole.least;
  for (const auto& [site, units] : before)
    if (units.count() != left.at(site).count()) ms -= curve(site).at(units.count()) - curve(site).at(left.at(site).count());
  return ms;
}

Json to_json(const LatencyTable& table) {
  Json json;
  json["schema"] = kLatencyTableSchema;
  json["model"]["path"] = table.path;
  model::put_hashes(json["model"], table.model);
  json["setting"] = to_stored(table.setting);
  json["latency_ms"] = to_stored(table.whole);
  json["layers"] = Json::array();
  for (std::size_t i = 0; i < table.layers.size(); ++i) {
    const LatencyTable::Layers& entry = table.layers[i];
    json["layers"].push_back({{"layers", list_json(entry.layers, "layers")},
                              {"heads", curve_json(entry.heads, fmt::format("layers[{}].heads", i))},
                              {"neurons", curve_json(entry.neurons, fmt::format("layers[{}].neurons", i))}});
  }
  json["options"] = table.options;
  return json;
}

LatencyTable latency_table_from_json(const Json& json, std::string_view where) {
  const JsonNode root(json, where);
  check_schema(root, kLatencyTableSchema, where, kMeasureAgain, "give a file that `hies latency-table` wrote");
  LatencyTable table;
  const JsonNode model = root.member("model");
  table.path = model.has("path") ? model.member("path").text() : "";
  table.model = model::read_hashes(model);
  table.setting = read_setting(root.member("setting"));
  table.whole = read_whole(root.member("latency_ms"));
  table.layers = read_layers(root.member("layers"));
  table.options = root.has("options") ? root.member("options").object() : Json::object();
  return table;
}

LatencyTable read_latency_table(const std::filesystem::path& path) {
  return latency_table_from_json(read_json(path), path.string());
}

void write_latency_table(const std::filesystem::path& path, const LatencyTable& table, bool force) {
  write_file(path, pretty(to_json(table)), force);
}

void check_model(const LatencyTable& table, const model::ModelHashes& model, const model::Layout& layout,
                 std::string_view where) {
  model::ModelHashes ours = model;
  ours.inputs = table.model.inputs;  // how ids are made changes no time
  if (const std::string_view part = model::differing_part(table.model, ours); !part.empty())
    throw Error(ErrorKind::bad_input, fmt::format("{} is of another model: {} differ", where, part),
                "measure this model with `hies latency-table`");
  for (const auto& [site, units] : layout) {
    const LatencyCurve* curve = table.find(site);
    const std::int64_t most = curve == nullptr ? 0 : curve->most();
    if (most < units.count())
      throw Error(
          ErrorKind::bad_input,
          fmt::format("{} has times of {} {}s in layer {}, but the model has {}", where,
                      most == 0 ? "no" : fmt::format("at most {}", most), model::unit_noun(site.kind), site.layer, units.count()),
          std::string(kMeasureAgain));
  }
}

void check_setting(const LatencyTable& table, const LatencySetting& here, std::string_view where) {
  const LatencySetting& there = table.setting;
  const auto refuse = [&](std::string_view what, const auto& measured, const auto& now, std::string_view hint) {
    throw Error(ErrorKind::bad_input,
                fmt::format("{} was measured with {} {}, but this run has {}", where, what, printable(fmt::to_string(measured)),
                            printable(fmt::to_string(now))),
                std::string(hint));
  };
  if (there.device != here.device) refuse("`device`", there.device, here.device, "give that `device`, or measure again");
  if (there.name != here.name)
    refuse(here.device == "cpu" ? "the processor" : "the GPU", there.name, here.name,
           "measure on this machine with `hies latency-table`, or plan with `hies plan`, which runs nothing");
  if (there.dtype != here.dtype) refuse("`dtype`", there.dtype, here.dtype, "give that `dtype`, or measure again");
  if (here.device == "cpu" && there.threads != here.threads)
    refuse("`threads`", there.threads, here.threads, "give that number of `threads`, or measure again");
}

}  // namespace hies::prune
