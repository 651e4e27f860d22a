// How far masked models are from the unmasked one, against what the answers themselves give.

#include "hies/eval/divergence.h"

#include <gtest/gtest.h>

#include <cmath>

#include "hies/base/rng.h"
#include "hies/data/test_golden.h"
#include "hies/eval/predict.h"

namespace hies::eval {
namespace {

using engine::ComputeType;
using model::UnitSet;

// Returns masks as a greedy search has them: what a common mask removes, and one more head or some neurons of any layer.
std::vector<UnitSet> neighbours(const model::Layout& layout, const UnitSet& trunk) {
  std::vector<UnitSet> masks;
  for (const auto& [site, units] : layout)
    for (std::size_t i = 0; i < units.units.size(); i += site.kind == model::SiteKind::ffn ? 16 : 1) {
      UnitSet mask = trunk;
      mask.insert(site, units.units[i]);
      masks.push_back(std::move(mask));
    }
  return masks;
}

// Some heads and neurons.
UnitSet some(const model::Layout& layout, std::uint64_t seed) {
  Rng rng(seed);
  UnitSet mask;
  for (const auto& [site, units] : layout)
    for (const int unit : units.units)
      if (rng.below(3) == 0) mask.insert(site, unit);
  return mask;
}

std::vector<double> log_softmax(std::span<const double> logits) {
  double greatest = logits.front(), sum = 0;
  for (const double logit : logits) greatest = std::max(greatest, logit);
  for (const double logit : logits) sum += std::exp(logit - greatest);
  std::vector<double> result;
  for (const double logit : logits) result.push_back(logit - greatest - std::log(sum));
  return result;
}

double expected(model::Problem problem, const Predictions& whole, const Predictions& masked) {
  const auto classes = static_cast<std::size_t>(whole.classes);
  double sum = 0;
  for (std::size_t row = 0; row < whole.answers.size(); ++row) {
    const auto a = std::span(whole.logits).subspan(row * classes, classes),
               b = std::span(masked.logits).subspan(row * classes, classes);
    if (problem == model::Problem::regression) {
      sum += (a[0] - b[0]) * (a[0] - b[0]);
      continue;
    }
    const std::vector<double> p = log_softmax(a), q = log_softmax(b);
    for (std::size_t i = 0; i < classes; ++i) sum += std::exp(p[i]) * (p[i] - q[i]);
  }
  return sum / static_cast<double>(whole.answers.size());
}

class Divergences : public testing::TestWithParam<std::string> {
 protected:
  const data::GoldenModel golden{std::filesystem::path(HIES_SOURCE_DIR) / "tests/golden" / GetParam()};
  const model::Layout& layout() const { return golden.checkpoint->spec().layout; }
};

TEST_P(Divergences, AreThoseOfTheAnswers) {
  const engine::Model model = golden.load(ComputeType::float64, 1);
  const Predictions whole = predict(model, golden.dataset, nullptr, nullptr, 64);
  Divergence divergence(model, golden.dataset, 64);
  const UnitSet trunk = some(layout(), 1);
  const std::vector<UnitSet> masks = neighbours(layout(), trunk);
  const std::vector<double> values = divergence.of(masks, &trunk, silent_progress());
  for (std::size_t i = 0; i < masks.size(); ++i) {
    const model::Gates gates = model::gates_without(masks[i], layout());
    const double wanted = expected(golden.checkpoint->spec().problem, whole, predict(model, golden.dataset, &gates, nullptr, 64));
    EXPECT_NEAR(values[i], wanted, 1e-10 * std::max(1.0, wanted)) << masks[i].text();
  }
  EXPECT_EQ(divergence.of(std::vector<UnitSet>{{}}, &trunk, silent_progress()).front(), 0);
}

// States that are kept from call to call save layers, and change no bit.
TEST_P(Divergences, AreTheSameWhateverIsKept) {
  const engine::Model model = golden.load(ComputeType::float32, 1);
  Divergence kept(model, golden.dataset, 40);
  std::int64_t anew = 0;
  for (const std::uint64_t seed : {1, 2}) {
    UnitSet trunk = some(layout(), seed);
    for (int step = 0; step < 2; ++step) {
      const std::vector<UnitSet> masks = neighbours(layout(), trunk);
      Divergence fresh(model, golden.dataset, 40);
      EXPECT_EQ(kept.of(masks, &trunk, silent_progress()), fresh.of(masks, &trunk, silent_progress()));
      EXPECT_EQ(kept.of(std::span(masks).first(1), &trunk, silent_progress()).front(),
                fresh.of(std::span(masks).first(1), nullptr, silent_progress()).front());
      anew += fresh.stats().layers_done;
      trunk = masks[static_cast<std::size_t>(step) * 5 % masks.size()];
    }
  }
  EXPECT_LT(kept.stats().layers_done, anew);
  const MaskStats& stats = kept.stats();
  EXPECT_EQ(stats.layers_done + stats.layers_avoided, stats.masks * layout().layer_count());
}

INSTANTIATE_TEST_SUITE_P(Models, Divergences, testing::ValuesIn(data::golden_names()));

// Of language models: the sum over the whole vocabulary, from as many windows as there are tokens.
TEST(LanguageDivergence, IsOfTheWholeVocabulary) {
  const std::filesystem::path folder = HIES_SOURCE_DIR "/tests/golden/llama-gqa";
  const auto checkpoint = std::make_shared<arch::Checkpoint>(arch::Checkpoint::open(folder / "model"));
  const engine::Model model = engine::Model::load(checkpoint, engine::in_type(ComputeType::float64));
  const auto ids = read_json(folder / "golden.json")["inputs"][0]["ids"].get<std::vector<std::int32_t>>();
  data::Dataset windows;
  for (std::int32_t token = 0; token < checkpoint->spec().text.vocabulary; ++token) {
    data::Example& window = windows.examples.emplace_back();
    window.ids = ids;
    window.ids.push_back(token);
    window.targets = 1;
  }
  const UnitSet mask = some(checkpoint->spec().layout, 5);
  const model::Gates gates = model::gates_without(mask, checkpoint->spec().layout);
  const std::vector<double> p = predict(model, windows, nullptr, nullptr, 64).log_likelihoods;
  const std::vector<double> q = predict(model, windows, &gates, nullptr, 64).log_likelihoods;
  double wanted = 0;
  for (std::size_t token = 0; token < p.size(); ++token) wanted += std::exp(p[token]) * (p[token] - q[token]);
  Divergence divergence(model, windows, 100);
  EXPECT_EQ(divergence.answers(), std::ssize(windows.examples));
  EXPECT_NEAR(divergence.of(std::vector<UnitSet>{mask}, nullptr, silent_progress()).front(), wanted, 1e-9);
  EXPECT_GT(wanted, 1e-6);
}

}  // namespace
}  // namespace hies::eval
