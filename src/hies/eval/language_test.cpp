// Language models: windows and questions, on a tiny LLaMA whose log-probabilities are those of Hugging Face (tests/golden).

#include <gtest/gtest.h>

#include <numeric>

#include "hies/base/rng.h"
#include "hies/data/packing.h"
#include "hies/data/test_golden.h"
#include "hies/eval/many_masks.h"
#include "hies/eval/quality.h"
#include "hies/eval/stability.h"

namespace hies::eval {
namespace {

using Ids = std::vector<std::int32_t>;

struct Language : testing::Test {
  std::filesystem::path folder = HIES_SOURCE_DIR "/tests/golden/llama-gqa";
  Json golden = read_json(folder / "golden.json");
  std::shared_ptr<const arch::Checkpoint> checkpoint =
      std::make_shared<arch::Checkpoint>(arch::Checkpoint::open(folder / "model"));
  engine::Model model = engine::Model::load(checkpoint, engine::in_type(engine::ComputeType::float64));

  static data::Example window(Ids ids, std::int64_t targets) {
    data::Example example;
    example.ids = std::move(ids);
    example.targets = targets;
    example.words = 2;
    example.bytes = 7;
    return example;
  }
  static data::Dataset dataset(std::vector<data::Example> examples) {
    data::Dataset dataset;
    dataset.examples = std::move(examples);
    dataset.has_labels = true;
    dataset.hash = data::content_hash(dataset.examples, true);
    return dataset;
  }
  // Every target of the golden inputs.
  data::Dataset windows() const {
    std::vector<data::Example> examples;
    for (const Json& input : golden["inputs"]) {
      Ids ids = input["ids"].get<Ids>();
      const Ids targets = input["targets"].get<Ids>();
      ids.push_back(targets.back());
      examples.push_back(window(std::move(ids), std::ssize(targets)));
    }
    return dataset(std::move(examples));
  }
  // Some share five tokens, some nothing.
  data::Dataset questions() const {
    Rng rng(3);
    std::vector<data::Example> examples;
    for (std::size_t q = 0; q < 7; ++q) {
      data::Example& question = examples.emplace_back();
      question.label = static_cast<double>(q % 2);
      if (q != 3)
        for (int i = 0; i < 5; ++i) question.ids.push_back(static_cast<std::int32_t>(rng.below(61)));
      for (std::int64_t c = 0; c < 2 + static_cast<std::int64_t>(q % 3); ++c) {
        data::EncodedChoice& choice = question.choices.emplace_back();
        for (std::int64_t i = 0; i < 2 + c; ++i) choice.ids.push_back(static_cast<std::int32_t>(rng.below(61)));
        choice.targets = 1 + c;
        choice.characters = 3 * (c + 1);
        choice.bytes = 10 - c;
      }
    }
    return dataset(std::move(examples));
  }
  Predictions answers(const data::Dataset& dataset, const model::Gates* gates = nullptr, std::int64_t batch_tokens = 40) const {
    return predict(model, dataset, gates, nullptr, batch_tokens);
  }
};

TEST_F(Language, WindowsHaveHuggingFacesLikelihood) {
  const data::Dataset data = windows();
  const Predictions predictions = answers(data);
  double sum = 0;
  std::int64_t tokens = 0;
  for (std::size_t i = 0; i < data.examples.size(); ++i) {
    const auto wanted = golden["log_probabilities"][i].get<std::vector<double>>();
    const double likelihood = std::accumulate(wanted.begin(), wanted.end(), 0.0);
    EXPECT_NEAR(predictions.log_likelihoods[i], likelihood, 1e-9);
    const auto top = golden["top_tokens"][i].get<Ids>();
    EXPECT_EQ(Ids(predictions.top_tokens.begin() + predictions.tokens_of[i],
                  predictions.top_tokens.begin() + predictions.tokens_of[i + 1]),
              top);
    sum += likelihood;
    tokens += std::ssize(wanted);
  }
  const Metrics metrics = quality(data::task("perplexity"), data, predictions);
  const auto windows_count = static_cast<double>(data.size());
  ASSERT_EQ(metrics.size(), 3u);
  EXPECT_NEAR(metrics[0].second, std::exp(-sum / static_cast<double>(tokens)), 1e-9);
  EXPECT_NEAR(metrics[1].second / std::exp(-sum / (2 * windows_count)), 1, 1e-12);
  EXPECT_NEAR(metrics[2].second, -sum / (7 * windows_count) / std::log(2.0), 1e-9);
}

TEST_F(Language, WhatIsSharedChangesNothing) {
  const data::Dataset data = questions();
  const Predictions predictions = answers(data);
  for (std::size_t i = 0; i < data.examples.size(); ++i) {
    double best = -1e300;
    std::size_t likeliest = 0;
    for (std::size_t c = 0; c < data.examples[i].choices.size(); ++c) {
      const data::EncodedChoice& choice = data.examples[i].choices[c];
      Ids whole = data.examples[i].ids;
      whole.insert(whole.end(), choice.ids.begin(), choice.ids.end());
      const double alone = answers(dataset({window(whole, choice.targets)})).log_likelihoods[0];
      EXPECT_NEAR(predictions.likelihoods(i)[c], alone, 1e-11);
      if (alone > best) likeliest = c;
      best = std::max(best, alone);
    }
    EXPECT_EQ(predictions.answers[i], static_cast<double>(likeliest));
  }
}

TEST_F(Language, LengthsDecideBetweenChoices) {
  data::Dataset data = questions();
  data.examples.resize(1);
  Predictions predictions = answers(data);
  predictions.log_likelihoods = {-4, -6};  // per character −4/3, −1; per byte −0.4, −6/9
  data.examples[0].label = 1;
  const Metrics metrics = quality(data::task("multiple-choice"), data, predictions);
  EXPECT_EQ(metrics, (Metrics{{"acc", predictions.answers[0]}, {"acc_norm", 1}, {"acc_bytes", 0}}));
  EXPECT_EQ(likeliest_choices(data, predictions, nullptr), std::vector<double>{0});
}

TEST_F(Language, GroupsAreJudgedByThemselves) {
  data::Dataset data = questions();
  data.groups = {{"anatomy", "stem"}, {"astronomy", "stem"}, {"law", "humanities"}};
  Predictions predictions = answers(data);
  for (std::size_t i = 0; i < data.examples.size(); ++i) {
    data.examples[i].group = i < 3 ? 0 : 1;
    data.examples[i].label = i == 0 || i > 3 ? predictions.answers[i] : 1 - std::min(predictions.answers[i], 1.0);
  }
  const std::vector<GroupQuality> groups = group_quality(data::task("mmlu"), data, predictions);
  EXPECT_EQ(groups, (std::vector<GroupQuality>{
                        {"stem", 7, {{"acc", 4.0 / 7}}}, {"anatomy", 3, {{"acc", 1.0 / 3}}}, {"astronomy", 4, {{"acc", 0.75}}}}));
}

TEST_F(Language, ManyMasksAreThoseOneByOne) {
  Rng rng(5);
  const model::Layout& layout = checkpoint->spec().layout;
  std::vector<model::UnitSet> masks(4);
  for (std::size_t m = 1; m < masks.size(); ++m)
    for (const model::Site site : layout.sites(model::SiteKind::attention))
      for (const int head : layout.at(site).units)
        if (rng.below(2) == 0) masks[m].insert(site, head);
  for (const data::Dataset& data : {windows(), questions()}) {
    std::size_t seen = 0;
    predict_masks(model, data, masks, nullptr, {.batch_tokens = 40, .masks_at_once = 3},
                  [&](std::span<const std::size_t> places, const Predictions& got) {
                    const model::Gates gates = model::gates_without(masks[places.front()], layout);
                    const Predictions wanted = answers(data, &gates);
                    EXPECT_EQ(got.log_likelihoods, wanted.log_likelihoods);
                    EXPECT_EQ(got.top_tokens, wanted.top_tokens);
                    EXPECT_EQ(got.answers, wanted.answers);
                    ++seen;
                  });
    EXPECT_EQ(seen, masks.size());
  }
}

TEST_F(Language, BatchesChangeNothing) {
  for (const data::Dataset& data : {windows(), questions()}) {
    const Predictions one = answers(data, nullptr, 1), all = answers(data, nullptr, 4096);
    EXPECT_EQ(one.answers, all.answers);
    EXPECT_EQ(one.top_tokens, all.top_tokens);
    for (std::size_t i = 0; i < one.log_likelihoods.size(); ++i)
      EXPECT_NEAR(one.log_likelihoods[i], all.log_likelihoods[i], 1e-11);
  }
}

TEST_F(Language, WindowsAreStableWhereTheMostLikelyTokensAre) {
  const data::Dataset data = windows();
  const Predictions reference = answers(data);
  Predictions predictions = reference;
  EXPECT_EQ(agreement_tolerance(data::task("perplexity"), data, reference, 0.05), 0);
  EXPECT_EQ(stability(predictions, reference, 0), 1);
  predictions.top_tokens[0] += 1;
  predictions.top_tokens[5] += 1;
  EXPECT_DOUBLE_EQ(stability(predictions, reference, 0), 1 - 2 / static_cast<double>(reference.top_tokens.size()));
}

}  // namespace
}  // namespace hies::eval
