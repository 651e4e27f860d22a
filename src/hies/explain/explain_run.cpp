#include "hies/explain/explain_run.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>
#include <vector>

#include "hies/base/error.h"
#include "hies/base/fields.h"
#include "hies/eval/stability.h"
#include "hies/explain/pick.h"
#include "hies/image/data_url.h"
#include "hies/pipeline/eval_run.h"
#include "hies/prune/plan.h"
#include "hies/score/example_statistics.h"
#include "hies/score/objectives/objectives.h"
#include "hies/score/statistics/ae.h"
#include "hies/score/statistics/his.h"

namespace hies::explain {
namespace {

constexpr std::int64_t kMostLogits = 64;  // of more classes only the answer is recorded

// Rounds to the digits that the page needs, which keeps the document small.
double rounded(double value) { return std::round(value * 1e6) / 1e6; }

Json answer_json(const eval::Predictions& predictions, std::size_t example) {
  Json logits = Json::array();
  if (!predictions.logits.empty() && predictions.classes <= kMostLogits)
    for (std::int64_t i = 0; i < predictions.classes; ++i)
      logits.push_back(predictions.logits[example * static_cast<std::size_t>(predictions.classes) + static_cast<std::size_t>(i)]);
  if (predictions.logits.empty())
    for (const double likelihood : predictions.likelihoods(example)) logits.push_back(likelihood);
  return {{"answer", predictions.answers[example]},
          {"logits", logits},
          {"loss", predictions.losses.empty() ? Json() : Json(predictions.losses[example])}};
}

// A head and its statistics for one example.
struct Seen {
  int layer = 0, head = 0;
  std::size_t position = 0;  // in its layer
  bool pruned = false;
  double his = 0, entropy = 0;
};

std::vector<Seen> all_heads(const model::Layout& layout, const prune::Plan* plan, const model::UnitTable<double>& his,
                            const model::UnitTable<double>& entropy) {
  std::vector<Seen> all;
  for (const model::Site site : layout.sites(model::SiteKind::attention)) {
    const std::vector<int>& heads = layout.at(site).units;
    for (std::size_t i = 0; i < heads.size(); ++i) {
      const bool pruned = plan != nullptr && plan->removed.contains(site, heads[i]);
      all.push_back({site.layer, heads[i], i, pruned, his.at(site)[i], entropy.at(site)[i]});
    }
  }
  return all;
}

// Returns the `count` heads with the highest HIS, half of them pruned ones where there are so many; kept ones first, then by
// layer and head.
std::vector<Seen> chosen_heads(std::vector<Seen> all, std::int64_t count) {
  std::stable_sort(all.begin(), all.end(), [](const Seen& a, const Seen& b) { return a.his > b.his; });
  const std::int64_t pruned = std::count_if(all.begin(), all.end(), [](const Seen& head) { return head.pruned; });
  const std::int64_t total = std::min(count, std::ssize(all));
  std::int64_t room_pruned = std::clamp(total / 2, total - (std::ssize(all) - pruned), pruned), room_kept = total - room_pruned;
  std::erase_if(all, [&](const Seen& head) { return (head.pruned ? room_pruned : room_kept)-- <= 0; });
  std::sort(all.begin(), all.end(), [](const Seen& a, const Seen& b) {
    return std::tie(a.pruned, a.layer, a.head) < std::tie(b.pruned, b.layer, b.head);
  });
  return all;
}

Json heads_json(const std::vector<Seen>& heads, const model::Recorder& recorder, std::size_t tokens) {
  Json json = Json::array();
  for (const Seen& head : heads) {
    const model::Recorder::Layer& records = recorder.layers[static_cast<std::size_t>(head.layer)];
    const auto weights = [&](const std::vector<double>& of) {
      const std::size_t count = of.size() / tokens;
      Json row = Json::array();
      for (std::size_t token = 0; token < tokens; ++token) row.push_back(rounded(of[token * count + head.position]));
      return row;
    };
    json.push_back({{"layer", head.layer},
                    {"head", head.head},
                    {"pruned", head.pruned},
                    {"his", head.his},
                    {"entropy", head.entropy},
                    {"asked", weights(records.attention_asked)},
                    {"mean", weights(records.attention_mean)}});
  }
  return json;
}

// Returns the tokens of one example: parts of its text; or the special tokens before the patches, and each patch's row and
// column.
Json token_names(const pipeline::LoadedModel& loaded, const model::Batch& batch) {
  Json names = Json::array();
  if (const auto* tokenizer = std::get_if<text::Tokenizer>(&loaded.preprocessor)) {
    for (const std::int32_t id : batch.tokens) names.push_back(tokenizer->token(id));
    return names;
  }
  const model::VisionSpec& vision = loaded.checkpoint->spec().vision;
  constexpr std::array<std::string_view, 2> kLeading = {"[CLS]", "[DIST]"};
  for (int i = 0; i < static_cast<int>(vision.leading.size()); ++i) names.push_back(kLeading[static_cast<std::size_t>(i)]);
  const int across = batch.images.front().from->shape().width / vision.patch_width;
  for (int patch = 0; std::ssize(names) < batch.token_count(); ++patch)
    names.push_back(fmt::format("{},{}", patch / across, patch % across));
  return names;
}

// Adds the image as the network reads it, and which of the tokens are its patches.
void add_image(Json& example, const pipeline::LoadedModel& loaded, const model::ImageRef& image) {
  const model::ImageLoader::Shape shape = image.from->shape();
  std::vector<float> pixels(static_cast<std::size_t>(shape.numbers()));
  image.from->write(std::array{image.index}, pixels);
  const auto& processor = std::get<image::Processor>(loaded.preprocessor);
  example["image"] = image::data_url(image::image_of(pixels, shape.channels, {shape.height, shape.width}, processor));
  const model::VisionSpec& vision = loaded.checkpoint->spec().vision;
  example["grid"] = {{"rows", shape.height / vision.patch_height},
                     {"columns", shape.width / vision.patch_width},
                     {"first_token", vision.leading.size()}};
}

// Returns one list per layer.
Json rows_json(const model::UnitTable<double>& table) {
  Json rows = Json::array();
  for (const auto& [site, row] : table) rows.push_back(row);
  return rows;
}

// Returns HIS, AE and attention of the unpruned model for one example.
Json explain_example(const pipeline::LoadedModel& loaded, const data::Example& example, const std::string& loss,
                     const prune::Plan* plan, const ExplainOptions& options) {
  const model::Layout& layout = loaded.checkpoint->spec().layout;
  model::Batch batch;
  data::add(batch, 0, example);
  const auto objective = score::make_objective(loss, loaded.checkpoint->spec(), std::array{example.label});
  model::Recorder recorder;
  recorder.want_inner = recorder.want_entropy = recorder.want_attention = true;
  score::ExampleStatistics statistics(layout, 1, recorder, true);
  const model::RunResult result =
      loaded.model.run(batch, {.gates = nullptr, .objective = objective.get(), .recorder = &recorder});
  statistics.add(layout, batch, result, recorder);
  const auto his = score::importance(layout, statistics, score::Granularity::example, 1);
  const bool any_query = batch.token_count() > 1;  // a query that sees one key has no entropy
  const auto entropy =
      any_query ? score::entropy(layout, statistics) : model::UnitTable<double>(layout, model::SiteKind::attention);

  const std::vector<Seen> heads = chosen_heads(all_heads(layout, plan, his, entropy), options.heads);
  Json json = {{"row", example.row},
               {"tokens", token_names(loaded, batch)},
               {"his", rows_json(his)},
               {"entropy", rows_json(entropy)},
               {"heads", heads_json(heads, recorder, static_cast<std::size_t>(batch.token_count()))}};
  if (!batch.images.empty()) add_image(json, loaded, batch.images.front());
  return json;
}

data::Dataset only(data::Dataset dataset, const std::vector<std::size_t>& places) {
  std::vector<data::Example> examples;
  examples.reserve(places.size());
  for (const std::size_t place : places) examples.push_back(dataset.examples[place]);
  dataset.examples = std::move(examples);
  return dataset;
}

void check_options(const ExplainOptions& options) {
  eval::check_tolerance(options.stability_tolerance);
  if (options.most < 1) bad_input("`most` is {}, but it is a number of examples", options.most);
  if (options.heads < 1) bad_input("`heads` is {}, but it is a number of heads", options.heads);
}

}  // namespace

Json run_explain(const ExplainRequest& request, Progress& progress) {
  const data::Task& task = data::task(request.task);
  check_options(request.options);
  const Pick pick = parse_pick(request.options.pick);
  const pipeline::LoadedModel loaded = pipeline::load_model(request.model, request.execution, progress);
  const model::Layout& layout = loaded.checkpoint->spec().layout;
  std::optional<prune::Plan> plan;
  if (request.plan) {
    plan = prune::read_plan(*request.plan);
    prune::check_plan(*plan, data::hashes_of(*loaded.checkpoint, loaded.preprocessor), layout, request.plan->string(), progress);
  }
  pipeline::EvaluationData data = pipeline::load_evaluation(loaded, task, request.data, request.load, request.loss, progress);
  const std::string loss = data.objective ? std::string(data.objective->name()) : "logit-norm";
  if (pick.kind == Pick::Kind::rows) {
    // Only these rows are run.
    data.dataset = only(data.dataset, picked(pick, data.dataset, {}, nullptr, 0, 0));
    std::vector<double> labels;
    for (const data::Example& example : data.dataset.examples) labels.push_back(example.label);
    if (data.objective) data.objective = score::make_objective(loss, loaded.checkpoint->spec(), labels);
  }
  const auto answers = [&](const model::Gates* gates) {
    return eval::predict(loaded.model, data.dataset, gates, data.objective.get(), request.options.batch_tokens, progress);
  };
  const eval::Predictions before = answers(nullptr);
  std::optional<eval::Predictions> after;
  if (plan) {
    const model::Gates gates = prune::gates(*plan, layout);
    after = answers(&gates);
  }
  const double tolerance = eval::agreement_tolerance(task, data.dataset, before, request.options.stability_tolerance);
  const auto places = picked(pick, data.dataset, before, after ? &*after : nullptr, tolerance, request.options.most);

  Json json = {{"schema", kExplainSchema},
               {"hies", request.version},
               {"model", {{"path", request.model.string()}, {"hash", loaded.checkpoint->hash()}}},
               {"task", task.name},
               {"data", {{"file", request.data.string()}, {"hash", data.dataset.hash}}},
               {"plan", request.plan ? Json{{"file", request.plan->string()}} : Json()},
               {"loss", loss},
               {"labels", pipeline::class_names(loaded.checkpoint->spec())},
               {"options", options_json(request.options)},
               {"pick", request.options.pick},
               {"examples", Json::array()}};
  // For a question only the right answer is explained, as when heads are scored.
  const bool questions = !data.dataset.examples.front().choices.empty();
  const data::Dataset judged = questions ? data::right_answers_only(data.dataset) : data.dataset;
  progress.begin("explain", std::ssize(places), "examples");
  for (const std::size_t place : places) {
    Progress::throw_if_cancelled();
    Json example = explain_example(loaded, judged.examples[place], loss, plan ? &*plan : nullptr, request.options);
    example["label"] =
        data.dataset.has_labels && data.dataset.examples[place].targets == 0 ? Json(data.dataset.examples[place].label) : Json();
    example["before"] = answer_json(before, place);
    example["after"] = after ? answer_json(*after, place) : Json();
    json["examples"].push_back(std::move(example));
    progress.advance(1);
  }
  progress.end();
  return json;
}

}  // namespace hies::explain
