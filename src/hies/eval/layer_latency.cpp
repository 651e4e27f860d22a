#include "hies/eval/layer_latency.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "hies/base/error.h"
#include "hies/base/fields.h"
#include "hies/engine/device_name.h"
#include "hies/engine/memory.h"
#include "hies/engine/model.h"
#include "hies/eval/latency.h"
#include "hies/eval/layer_shapes.h"
#include "hies/eval/uniform_batch.h"

namespace hies::eval {
namespace {

using model::SiteKind;

// A site of a class of layers with so many units, measured by the model of that number.
struct CurvePlan {
  SiteKind kind = SiteKind::attention;
  std::vector<std::int64_t> counts;
  std::vector<std::size_t> models;  // of each count
};

struct ClassPlan {
  LayerClass of;
  std::size_t base = 0;                // the model in which its sites vary
  std::size_t layers = 0;              // that are in the stack
  std::vector<int> places;             // of these in the base
  std::vector<CurvePlan> curves;       // of the sites that have units
  std::optional<std::size_t> shorter;  // the model with fewer of its layers, where the stack has not all of them
  std::size_t fewer = 0;               // by so many
};

// The models to be measured: first the stack itself, last the stack without any unit.
class Stack {
 public:
  Stack(const model::ModelSpec& spec, const LatencyTableOptions& options, const engine::Execution& execution) {
    for (const LayerClass& of : layer_classes(spec)) classes.push_back({of, 0, 0, {}, {}, {}, 0});
    choose_layers(spec, options, execution);
    models.push_back(with_layers(spec, layers_));
    for (ClassPlan& plan : classes) {
      place(plan, spec);
      add_curve(plan, SiteKind::attention, spec.layout.attention(plan.of.largest_heads), options.steps);
      add_curve(plan, SiteKind::ffn, spec.layout.ffn(plan.of.largest_ffn), options.steps);
      add_shorter(plan, spec);
    }
    model::ModelSpec empty = models.front();
    for (const auto& entry : models.front().layout) empty.layout.at(entry.first) = first_units(entry.second, 0);
    models.push_back(std::move(empty));
  }

  std::vector<model::ModelSpec> models;
  std::vector<ClassPlan> classes;

 private:
  // Weights that fill caches as those of the whole model do, and leave room for all the models.
  void choose_layers(const model::ModelSpec& spec, const LatencyTableOptions& options, const engine::Execution& execution) {
    constexpr double kLargerThanCaches = 512.0 * 1024 * 1024;
    const double room = static_cast<double>(engine::plan_memory(spec, execution).budget) / 2 /
                        static_cast<double>(classes.size()) / (1 + static_cast<double>(options.steps) / 2);
    for (ClassPlan& plan : classes) {
      const double bytes =
          static_cast<double>(layer_elements(spec, plan.of.layers.front())) * engine::bytes_of(execution.type) + 1;
      const double wanted = std::min(std::ceil(kLargerThanCaches / bytes), std::floor(room / bytes));
      const std::size_t count = std::min(plan.of.layers.size(), static_cast<std::size_t>(std::max(wanted, 2.0)));
      layers_.insert(layers_.end(), plan.of.layers.begin(), plan.of.layers.begin() + static_cast<std::ptrdiff_t>(count));
    }
    std::sort(layers_.begin(), layers_.end());
  }

  // Of few layers beside many the times would be lost in those of the others: where they can, they are measured alone.
  void place(ClassPlan& plan, const model::ModelSpec& spec) {
    std::vector<int> own;
    for (const int layer : layers_)
      if (std::find(plan.of.layers.begin(), plan.of.layers.end(), layer) != plan.of.layers.end()) own.push_back(layer);
    plan.layers = own.size();
    const bool alone = own.size() < layers_.size() && own.back() + 1 == spec.layer_count();
    if (alone) {
      plan.base = models.size();
      models.push_back(with_layers(spec, own));
    }
    const std::vector<int>& all = alone ? own : layers_;
    for (std::size_t place = 0; place < all.size(); ++place)
      if (std::find(own.begin(), own.end(), all[place]) != own.end()) plan.places.push_back(static_cast<int>(place));
  }

  void add_curve(ClassPlan& plan, SiteKind kind, const model::SiteLayout& largest, std::int64_t steps) {
    if (largest.count() == 0) return;
    CurvePlan curve{kind, measured_counts(largest, kind, steps), {}};
    for (const std::int64_t count : curve.counts) {
      model::ModelSpec model = models[plan.base];
      for (const int layer : plan.places) model.layout.at({layer, kind}) = first_units(largest, count);
      const bool whole = model.layout == models[plan.base].layout;
      curve.models.push_back(whole ? plan.base : models.size());
      if (!whole) models.push_back(std::move(model));
    }
    plan.curves.push_back(std::move(curve));
  }

  void add_shorter(ClassPlan& plan, const model::ModelSpec& spec) {
    if (plan.layers == plan.of.layers.size()) return;
    plan.fewer = plan.layers / 2;
    std::vector<int> layers = layers_;
    for (std::size_t i = 0; i < plan.fewer; ++i) std::erase(layers, plan.of.layers[i]);
    plan.shorter = models.size();
    models.push_back(with_layers(spec, layers));
  }

  std::vector<int> layers_;  // of the model
};

// Returns what each model takes, in ms: the quickest of some runs in each turn. Of these the least is used, which other work on the machine
// changes the least.
std::vector<Spread> measure(const std::vector<engine::Model>& models, const LatencyTableOptions& options, Progress& progress) {
  const model::Batch batch = uniform_batch(models.front().spec(), options.batch, options.tokens);
  constexpr std::int64_t kMostRounds = 1000;
  constexpr double kLong = 25;  // ms
  const Clock clock = wall_clock();
  RunTimes times(models.size());
  std::vector<Work> works;
  for (std::size_t i = 0; i < models.size(); ++i) {
    // The first run of each turn brings the model's weights into the caches. A long run brings its own: many turns tell more then.
    works.emplace_back([&, i](std::int64_t) {
      const bool is_long = !times[i].empty() && times[i].front() > kLong;
      if (!is_long) models[i].run(batch);
      double quickest = std::numeric_limits<double>::infinity();
      for (int run = 0; run < (is_long ? 1 : 3); ++run) {
        const double begin = clock();
        models[i].run(batch);
        quickest = std::min(quickest, clock() - begin);
      }
      times[i].push_back(quickest);
    });
  }
  measure_alternately(works, options.seconds, kMostRounds, clock, progress);
  std::vector<Spread> spreads;
  for (const std::vector<double>& own : times) spreads.push_back(spread(std::span(own).subspan(1)));  // the first is not counted
  constexpr std::int64_t kFew = 6;
  if (spreads.front().count < kFew)
    progress.warn(
        fmt::format("the table is of {} rounds only and may be rough: measure longer with `seconds`, or less with `steps`",
                    spreads.front().count));
  return spreads;
}

using Times = std::vector<Spread>;  // of the models

prune::LatencyCurve curve_of(const CurvePlan& plan, std::size_t layers, const Times& times) {
  std::vector<double> measured, range;
  for (const std::size_t model : plan.models) {
    measured.push_back((times[model].least - times[plan.models.front()].least) / static_cast<double>(layers));
    range.push_back((times[model].p75 - times[model].p25) / static_cast<double>(layers));
  }
  return prune::monotone_curve(plan.counts, measured, range);
}

// Returns what all units of the stack take by the curves.
double all_units_ms(const prune::LatencyTable& table, const Stack& stack) {
  double ms = 0;
  for (std::size_t i = 0; i < stack.classes.size(); ++i)
    for (const int place : stack.classes[i].places)
      for (const auto& [kind, curve] :
           {std::pair(SiteKind::attention, &table.layers[i].heads), std::pair(SiteKind::ffn, &table.layers[i].neurons)})
        if (!curve->counts.empty()) ms += curve->at(stack.models[stack.classes[i].base].layout.at({place, kind}).count());
  return ms;
}

// Scales the curves so that together they make the difference between the model and the one without units: each was measured while all
// other sites were whole.
void scale(prune::LatencyTable& table, const Stack& stack, const Times& times, Progress& progress) {
  const double sum = all_units_ms(table, stack), whole = times.front().least - times.back().least;
  const double factor = sum > 0 ? whole / sum : 1;
  if (!(factor > 0.8 && factor < 1.25))
    progress.warn(
        fmt::format("heads and neurons take {:.3g} ms together, but {:.3g} ms one site at a time: the table is rough (was the "
                    "machine busy?)",
                    whole, sum));
  const double bounded = std::clamp(factor, 0.5, 2.0);
  for (prune::LatencyTable::Layers& layers : table.layers)
    for (prune::LatencyCurve* curve : {&layers.heads, &layers.neurons})
      for (double& ms : curve->ms) ms *= bounded;
}

prune::LatencyTable::Whole whole_of(const Stack& stack, const Times& times) {
  double ms = times.front().least;
  for (const ClassPlan& plan : stack.classes)
    if (plan.shorter)
      ms += static_cast<double>(plan.of.layers.size() - plan.layers) *
            std::max(0.0, times.front().least - times[*plan.shorter].least) / static_cast<double>(plan.fewer);
  const double share = ms / times.front().least;
  return {ms, times.front().median * share, times.front().p25 * share, times.front().p75 * share, times.front().count};
}

}  // namespace

void check_options(const LatencyTableOptions& options) {
  if (options.steps < 1 || options.steps > 1000) bad_input("`steps` is {}, but it must be within 1 … 1000", options.steps);
  if (!(options.seconds >= 0) || std::isinf(options.seconds))
    bad_input("`seconds` is {}, but 0 or more is needed", options.seconds);
}

prune::LatencySetting latency_setting(const engine::ExecutionOptions& execution) {
  const engine::Execution resolved = engine::resolve(execution);
  return {execution.device, engine::device_name(resolved.device), execution.dtype, resolved.threads, 1, 1};
}

prune::LatencyTable measure_latency_table(const arch::Checkpoint& checkpoint, const LatencyTableOptions& options,
                                          const engine::ExecutionOptions& execution, Progress& progress) {
  check_options(options);
  const model::ModelSpec& spec = checkpoint.spec();
  if (execution.offload)
    throw Error(ErrorKind::bad_input, "`offload` is not for latency tables: prefetching a weight hides what its units take",
                "measure a model that fits on the GPU");
  if (spec.layout.count(SiteKind::attention) + spec.layout.count(SiteKind::ffn) == 0)
    bad_input("{} has no heads and no neurons to measure", checkpoint.folder().string());
  uniform_batch(spec, options.batch, options.tokens);
  prune::LatencyTable table;
  table.path = checkpoint.folder().string();
  table.model = checkpoint.hashes();
  table.setting = latency_setting(execution);
  table.setting.batch = options.batch;
  table.setting.tokens = uniform_tokens(spec, options.tokens);
  table.options = options_json(options);

  const Stack stack(spec, options, engine::resolve(execution));
  const Times times = measure(engine::Model::with_random_weights(stack.models, execution), options, progress);
  table.whole = whole_of(stack, times);
  for (const ClassPlan& plan : stack.classes) {
    prune::LatencyTable::Layers& entry = table.layers.emplace_back();
    entry.layers.assign(plan.of.layers.begin(), plan.of.layers.end());
    for (const CurvePlan& curve : plan.curves)
      (curve.kind == SiteKind::ffn ? entry.neurons : entry.heads) = curve_of(curve, plan.layers, times);
  }
  scale(table, stack, times, progress);
  return table;
}

}  // namespace hies::eval
