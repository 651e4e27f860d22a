// Many masks at once against one after the other, on every family.

#include "hies/eval/many_masks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "hies/base/rng.h"
#include "hies/base/test_files.h"
#include "hies/data/test_golden.h"

namespace hies::eval {
namespace {

using engine::ComputeType;
using model::Layout;
using model::UnitId;
using model::UnitSet;

class Squares : public model::Objective {
 public:
  std::string_view name() const noexcept override { return "squares"; }
  void evaluate(const model::LogitRows& rows, std::span<double> losses, std::span<double> gradient) const override {
    ASSERT_TRUE(gradient.empty());
    const auto classes = static_cast<std::size_t>(rows.classes);
    for (std::size_t row = 0; row < losses.size(); ++row) {
      losses[row] = static_cast<double>(rows.examples[row]);
      for (const double logit : rows.logits.subspan(row * classes, classes)) losses[row] += logit * logit;
    }
  }
};

// Returns the heads for which `removed`.
UnitSet heads_where(const Layout& layout, const std::function<bool(const UnitId&)>& removed) {
  UnitSet set;
  for (const model::Site site : layout.sites(model::SiteKind::attention))
    for (const int head : layout.at(site).units)
      if (removed({site, head})) set.insert(site, head);
  return set;
}

UnitSet random_mask(const Layout& layout, Rng& rng) {
  return heads_where(layout, [&](const UnitId&) { return rng.below(2) == 0; });
}

// None removed, all removed, an emptied first and last layer, masks that share layers, and each of some of them twice.
std::vector<UnitSet> masks_for(const Layout& layout) {
  Rng rng(7);
  const UnitSet none, all = heads_where(layout, [](const UnitId&) { return true; });
  const int last = layout.layer_count() - 1;
  std::vector<UnitSet> masks = {none, all, all.of_layer(0), all.of_layer(last)};
  for (int i = 0; i < 4; ++i) masks.push_back(random_mask(layout, rng));
  masks.push_back(masks[4].without(masks[4].of_layer(last)));
  masks.back().insert(masks[5].of_layer(last));  // shares all layers but the last with masks[4]
  masks.push_back(masks[5]);
  masks.push_back(none);
  return masks;
}

struct Collected {
  std::vector<Predictions> of_mask;
  MaskStats stats;
  std::vector<std::size_t> order;  // first place of each delivery
};

Collected run(const engine::Model& model, const data::Dataset& dataset, const std::vector<UnitSet>& masks,
              const model::Objective* objective, const ManyMasksOptions& options) {
  Collected done;
  done.of_mask.resize(masks.size());
  done.stats = predict_masks(model, dataset, masks, objective, options,
                             [&](std::span<const std::size_t> places, const Predictions& predictions) {
                               done.order.push_back(places.front());
                               for (const std::size_t place : places) {
                                 EXPECT_EQ(masks[place], masks[places.front()]);
                                 EXPECT_TRUE(done.of_mask[place].answers.empty()) << "delivered twice";
                                 done.of_mask[place] = predictions;
                               }
                             });
  return done;
}

void expect_same(const Predictions& got, const Predictions& wanted, const std::string& where) {
  EXPECT_EQ(got.classes, wanted.classes) << where;
  EXPECT_EQ(got.logits, wanted.logits) << where;  // bit for bit
  EXPECT_EQ(got.losses, wanted.losses) << where;
  EXPECT_EQ(got.answers, wanted.answers) << where;
}

class ManyMasks : public testing::TestWithParam<std::string> {
 protected:
  const data::GoldenModel golden{std::filesystem::path(HIES_SOURCE_DIR) / "tests/golden" / GetParam()};
};

TEST_P(ManyMasks, AreWhatEachIsAlone) {
  const Squares squares;
  const auto masks = masks_for(golden.checkpoint->spec().layout);
  for (const auto type : {ComputeType::float64, ComputeType::float32, ComputeType::bfloat16}) {
    const engine::Model model = golden.load(type, 1);
    for (const std::int64_t batch_tokens : {40, 2048}) {
      const Collected together = run(model, golden.dataset, masks, &squares, {batch_tokens, 32});
      const Collected grouped = run(model, golden.dataset, masks, &squares, {batch_tokens, 2});
      for (std::size_t i = 0; i < masks.size(); ++i) {
        const std::string where = fmt::format("mask {}, dtype {}, batch {}", i, static_cast<int>(type), batch_tokens);
        const model::Gates gates = model::gates_without(masks[i], golden.checkpoint->spec().layout);
        const Predictions alone = predict(model, golden.dataset, &gates, &squares, batch_tokens);
        expect_same(together.of_mask[i], alone, where);
        expect_same(grouped.of_mask[i], alone, where + ", in groups");
      }
      EXPECT_EQ(together.order, grouped.order);
    }
  }
}

// The gates as the unshared forward pass applies them: a gate next to 0 or 1 makes a run that leaves nothing out.
TEST_P(ManyMasks, AreTheGatedModel) {
  const engine::Model model = golden.load(ComputeType::float64);
  const auto masks = masks_for(golden.checkpoint->spec().layout);
  const Collected together = run(model, golden.dataset, masks, nullptr, {});
  for (std::size_t i = 0; i < masks.size(); ++i) {
    model::Gates nearly = model::gates_without(masks[i], golden.checkpoint->spec().layout);
    for (auto& [site, row] : nearly)
      for (double& gate : row) gate = gate == 0 ? 1e-300 : 1;
    const Predictions gated = predict(model, golden.dataset, &nearly, nullptr, 2048);
    double largest = 0, error = 0;
    for (std::size_t j = 0; j < gated.logits.size(); ++j) {
      largest = std::max(largest, std::abs(gated.logits[j]));
      error = std::max(error, std::abs(gated.logits[j] - together.of_mask[i].logits[j]));
    }
    EXPECT_LE(error, 1e-10 * largest) << "mask " << i;
    EXPECT_TRUE(together.of_mask[i].losses.empty());
  }
}

INSTANTIATE_TEST_SUITE_P(Golden, ManyMasks, testing::ValuesIn(data::golden_names()), [](const auto& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

data::GoldenModel tiny() { return data::GoldenModel(std::filesystem::path(HIES_SOURCE_DIR) / "tests/golden/bert-tiny"); }

TEST(ManyMasksWork, IsCounted) {
  // Three layers of two heads.
  Layout layout;
  for (int layer = 0; layer < 3; ++layer) layout[model::attention_site(layer)] = {{0, 1}, {0, 1}, 2, 2, 8};
  const UnitSet all, last = UnitSet::parse("attention.2:1"), middle = UnitSet::parse("attention.1:0 attention.2:1"),
                     first = UnitSet::parse("attention.0:0-1");
  const std::vector<UnitSet> masks = {all, last, middle, first, all, middle};
  const MaskStats together = count_mask_work(masks, layout, 32);
  EXPECT_EQ(together.masks, 6);
  EXPECT_EQ(together.distinct, 4);
  EXPECT_EQ(together.layers_done, 2 + 3 + 4);
  EXPECT_EQ(together.layers_avoided, 6 * 3 - 9);
  // One at a time only equal masks are shared.
  const MaskStats alone = count_mask_work(masks, layout, 1);
  EXPECT_EQ(alone.distinct, 4);
  EXPECT_EQ(alone.layers_done, 4 * 3);
  EXPECT_EQ(alone.layers_avoided, 6);
  EXPECT_EQ(count_mask_work({}, layout, 1).layers_done, 0);
  EXPECT_THROW(count_mask_work(masks, layout, 0), Error);
}

TEST(ManyMasksWork, IsWhatPredictMasksSays) {
  const data::GoldenModel golden = tiny();
  const auto masks = masks_for(golden.checkpoint->spec().layout);
  const MaskStats counted = count_mask_work(masks, golden.checkpoint->spec().layout, 3);
  const MaskStats stats = run(golden.load(ComputeType::float32), golden.dataset, masks, nullptr, {2048, 3}).stats;
  EXPECT_EQ(stats.masks, counted.masks);
  EXPECT_EQ(stats.distinct, counted.distinct);
  EXPECT_EQ(stats.layers_done, counted.layers_done);
  EXPECT_EQ(stats.layers_avoided, counted.layers_avoided);
}

// Cancels itself after some answers.
class Impatient : public Progress {
 public:
  explicit Impatient(std::int64_t answers) : left_(answers) {}
  ~Impatient() override { cancelled() = false; }
  void begin(std::string_view, std::int64_t total, std::string_view) override { total_ = total; }
  std::int64_t total_ = 0, done_ = 0;

 protected:
  void advanced(std::int64_t done) override {
    done_ += done;
    if ((left_ -= done) <= 0) cancelled() = true;
  }

 private:
  std::int64_t left_;
};

TEST(ManyMasksProgress, CountsAnswers) {
  const data::GoldenModel golden = tiny();
  const auto masks = masks_for(golden.checkpoint->spec().layout);
  Impatient progress(1 << 30);
  const MaskStats stats = predict_masks(
      golden.load(ComputeType::float32), golden.dataset, masks, nullptr, {}, [](auto, const Predictions&) {}, progress);
  EXPECT_EQ(progress.total_, stats.distinct * golden.dataset.size());
  EXPECT_EQ(progress.done_, progress.total_);
}

TEST(ManyMasksProgress, StopsAndKeepsWhatIsDelivered) {
  const data::GoldenModel golden = tiny();
  const engine::Model model = golden.load(ComputeType::float32);
  const auto masks = masks_for(golden.checkpoint->spec().layout);
  Impatient progress(4 * golden.dataset.size() + 1);
  int delivered = 0;
  try {
    predict_masks(
        model, golden.dataset, masks, nullptr, {16, 2}, [&](auto, const Predictions&) { ++delivered; }, progress);
    FAIL() << "not stopped";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::interrupted);
  }
  EXPECT_EQ(delivered, 4);
}

TEST(ManyMasksErrors, AreBugsOfTheCaller) {
  const data::GoldenModel golden = tiny();
  const engine::Model model = golden.load(ComputeType::float32);
  const auto evaluate = [&](const UnitSet& mask) {
    return predict_masks(model, golden.dataset, std::span(&mask, 1), nullptr, {}, [](auto, const Predictions&) {});
  };
  for (const char* wrong : {"attention.0:4", "attention.3:0", "cross_attention.0:0"})
    EXPECT_EQ(error_of([&] { evaluate(UnitSet::parse(wrong)); }).kind(), ErrorKind::internal) << wrong;
  EXPECT_EQ(evaluate({}).distinct, 1);
}

}  // namespace
}  // namespace hies::eval
