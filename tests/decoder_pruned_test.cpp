// Decoders under pruning: the physically smaller model answers as the masked one does, for every unit; plans compose; padding heads.

#include <gtest/gtest.h>

#include <cmath>

#include "hies/base/rng.h"
#include "hies/base/test_files.h"
#include "hies/engine/model.h"
#include "hies/model/units.h"
#include "hies/prune/surgery.h"
#include "hies/synthetic/make_checkpoint.h"

namespace hies::prune {
namespace {

using arch::Checkpoint;
using engine::ComputeType;
using model::Layout;
using model::SiteKind;
using model::SiteLayout;
using model::UnitKind;

struct Shape {
  const char* family;
  int heads, kv_heads;
};

class DecoderPruned : public testing::TestWithParam<Shape> {
 protected:
  static constexpr int kVocabulary = 90;

  void SetUp() override {
    synthetic::MakeRequest request;
    request.family = GetParam().family;
    request.dtype = "float32";
    request.shape.layers = 4;
    request.shape.heads = GetParam().heads;
    request.shape.kv_heads = GetParam().kv_heads;
    request.shape.vocabulary = kVocabulary;
    request.output = folder.path() / "whole";
    try {
      synthetic::make_checkpoint(request);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::unsupported) GTEST_SKIP() << error.what();
      throw;
    }
    whole = std::make_shared<const Checkpoint>(Checkpoint::open(request.output));
  }

  const Layout& layout() const { return whole->spec().layout; }

  using Removes = std::function<bool(int layer, std::size_t unit)>;
  static prune::Plan plan_of(const Checkpoint& checkpoint, UnitKind kind, const Removes& removes) {
    const Layout& layout = checkpoint.spec().layout;
    model::UnitTable<double> keep;  // heads of a group are not removed in their order
    Rng rng(7);
    for (const model::Site site : layout.sites(SiteKind::attention))
      for (auto& row = keep[site]; row.size() < layout.at(site).active().size();) row.push_back(rng.uniform());
    prune::Plan plan;
    plan.model = checkpoint.hashes();
    plan.units = model::unit_name(kind);
    for (const auto& [site, groups] : model::make_units(layout, SiteKind::attention, kind, keep))
      for (std::size_t unit = 0; unit < groups.size(); ++unit)
        if (removes(site.layer, unit)) plan.removed.insert(site, groups[unit]);
    return plan;
  }
  prune::Plan plan_of(UnitKind kind, const Removes& removes) const { return plan_of(*whole, kind, removes); }

  std::shared_ptr<const Checkpoint> pruned(const Checkpoint& source, const prune::Plan& plan, const std::string& name,
                                           bool keep_shapes = false) const {
    std::filesystem::create_directories(folder.path() / name);
    prune::SurgeryOptions options;
    options.keep_shapes = keep_shapes;
    prune::write_pruned(source, plan, options, "", folder.path() / name, silent_progress());
    return std::make_shared<const Checkpoint>(Checkpoint::open(folder.path() / name));
  }

  // ln p of random tokens at every place of two sequences.
  static std::vector<double> answers(const std::shared_ptr<const Checkpoint>& checkpoint, ComputeType type,
                                     const model::Gates* gates = nullptr) {
    Rng rng(3);
    model::Batch batch;
    for (const std::size_t length : {std::size_t{9}, std::size_t{17}}) {
      std::vector<std::int32_t> ids(length);
      for (auto& id : ids) id = static_cast<std::int32_t>(rng.below(kVocabulary));
      batch.add(0, ids, std::vector<std::int32_t>(length));
    }
    for (std::int64_t row = 0; row < batch.token_count(); ++row) {
      batch.target_rows.push_back(row);
      batch.target_tokens.push_back(static_cast<std::int32_t>(rng.below(kVocabulary)));
    }
    return engine::Model::load(checkpoint, engine::in_type(type)).run(batch, {.gates = gates}).log_probabilities;
  }

  static double largest_difference(const std::vector<double>& a, const std::vector<double>& b) {
    EXPECT_EQ(a.size(), b.size());
    double most = 0;
    for (std::size_t i = 0; i < a.size(); ++i) most = std::max(most, std::abs(a[i] - b[i]));
    return most;
  }

  void expect_pruned_is_masked(const prune::Plan& plan, bool keep_shapes = false) const {
    prune::check_plan(plan, whole->hashes(), layout(), "plan");
    const model::Gates gates = prune::gates(plan, layout());
    const auto smaller = pruned(*whole, plan, "pruned", keep_shapes);
    EXPECT_EQ(smaller->spec().layout, keep_shapes ? layout() : prune::pruned_layout(plan, layout()));
    for (const auto& [type, tolerance] : {std::pair(ComputeType::float64, 1e-10), std::pair(ComputeType::float32, 1e-5)}) {
      const std::vector<double> masked = answers(whole, type, &gates);
      EXPECT_LE(largest_difference(answers(smaller, type), masked), tolerance);
      EXPECT_GT(largest_difference(answers(whole, type), masked), 1e-3) << "the plan changes nothing";
    }
  }

  static void expect_legal(const Layout& layout) {
    for (const model::Site site : layout.sites(SiteKind::attention)) {
      const SiteLayout& layer = layout.at(site);
      std::map<int, int> sizes;
      for (const int head : layer.units) ++sizes[layer.kv_of(head)];
      for (const auto& [kv_head, size] : sizes) EXPECT_EQ(size, sizes.begin()->second) << kv_head;
    }
  }

  TestFolder folder;
  std::shared_ptr<const Checkpoint> whole;
};

TEST_P(DecoderPruned, SomeUnitsOfEachKind) {
  for (const UnitKind kind : {UnitKind::head, UnitKind::kv_group, UnitKind::even}) {
    SCOPED_TRACE(model::unit_name(kind));
    const prune::Plan plan =
        plan_of(kind, [](int layer, std::size_t unit) { return unit == static_cast<std::size_t>(layer) % 2; });
    expect_pruned_is_masked(plan);
    expect_legal(prune::pruned_layout(plan, layout()));
    std::filesystem::remove_all(folder.path() / "pruned");
  }
}

TEST_P(DecoderPruned, ALayerLosesAllItsHeads) {
  expect_pruned_is_masked(plan_of(UnitKind::kv_group, [](int layer, std::size_t) { return layer == 1; }));
}

TEST_P(DecoderPruned, ShapesMayBeKept) {
  expect_pruned_is_masked(plan_of(UnitKind::head, [](int layer, std::size_t unit) { return unit == 0 || layer == 2; }), true);
}

TEST_P(DecoderPruned, PaddingHeadsAreZerosAndKnown) {
  const prune::Plan plan = plan_of(UnitKind::head, [](int, std::size_t unit) { return unit == 0; });
  const auto smaller = pruned(*whole, plan, "pruned");
  const Layout& left = smaller->spec().layout;
  // One group alone is of a size with itself.
  const bool padded = layout().attention(0).grouped() && layout().attention(0).kv_count() > 1;
  EXPECT_EQ(left.padding_count(SiteKind::attention), padded ? 4 : 0);
  EXPECT_EQ(smaller->config()["hies"].contains("padding"), padded);
  EXPECT_EQ(left.active_count(SiteKind::attention), layout().count(SiteKind::attention) - 4);
  if (!padded) return;
  for (const model::Site site : left.sites(SiteKind::attention)) {
    const int position = left.at(site).position_of(left.at(site).padding.at(0));
    for (const model::Slice& slice : model::unit_slices(smaller->spec(), site, position)) {
      const formats::TensorView* view = smaller->find(slice.tensor);
      const std::int64_t width = view->shape.size() > 1 ? view->shape[1] : 1;
      const auto* values = reinterpret_cast<const float*>(view->bytes.data());
      for (std::int64_t row = 0; row < view->shape[0]; ++row)
        for (std::int64_t column = 0; column < width; ++column)
          if (const std::int64_t at = slice.axis == 0 ? row : column; at >= slice.begin && at < slice.end) {
            ASSERT_EQ(values[row * width + column], 0) << slice.tensor;
          }
    }
  }
}

TEST_P(DecoderPruned, TwiceIsOnceWithTheUnion) {
  const auto once = pruned(*whole, plan_of(UnitKind::head, [](int, std::size_t unit) { return unit == 0; }), "once");
  const auto twice =
      pruned(*once, plan_of(*once, UnitKind::head, [](int layer, std::size_t unit) { return unit == 0 && layer > 0; }), "twice");
  const auto both = pruned(
      *whole, plan_of(UnitKind::head, [](int layer, std::size_t unit) { return unit == 0 || (unit == 1 && layer > 0); }), "both");
  EXPECT_EQ(twice->hash(), both->hash());
  EXPECT_EQ(twice->spec().layout, both->spec().layout);
  EXPECT_EQ(twice->config().value("num_attention_heads", 0), both->config().value("num_attention_heads", 0));
  expect_legal(twice->spec().layout);
}

TEST_P(DecoderPruned, ConfigStatesHeadsThatAreTheSameEverywhere) {
  if (!whole->family().portability.head_dim) GTEST_SKIP() << "the family's loader takes no other number of heads";
  const SiteLayout& layer = layout().attention(0);
  const bool grouped = layer.grouped();
  // If they differ, those of the original, so that other loaders fail.
  for (const bool everywhere : {true, false}) {
    const auto removes = [&](int index, std::size_t unit) { return unit == 0 && (everywhere || index == 0); };
    const auto smaller =
        pruned(*whole, plan_of(grouped ? UnitKind::even : UnitKind::head, removes), everywhere ? "even" : "uneven");
    const Json& config = smaller->config();
    const int fewer = everywhere ? (grouped ? layer.original_kv_heads : 1) : 0;
    EXPECT_EQ(config["num_attention_heads"], layer.original_units - fewer);
    EXPECT_EQ(config["num_key_value_heads"], layer.original_kv_heads - (grouped ? 0 : fewer));
    EXPECT_EQ(config["head_dim"], layer.unit_size);
    EXPECT_EQ(config["hies"]["original_heads"], layer.original_units);
    EXPECT_EQ(smaller->spec().layout.attention(3).count(), layer.original_units - fewer);
    // transformers' LLaMA does not take 6 or 7 heads of a hidden size of 64.
    const bool renamed = everywhere && std::string_view(GetParam().family) == "llama";
    EXPECT_EQ(config["model_type"], renamed ? "mistral" : GetParam().family);
    if (renamed) {
      EXPECT_EQ(config["architectures"], Json::parse(R"(["MistralForCausalLM"])"));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Families, DecoderPruned,
                         testing::Values(Shape{"llama", 8, 2}, Shape{"llama", 8, 8}, Shape{"llama", 8, 1}, Shape{"mistral", 8, 4},
                                         Shape{"qwen2", 8, 2}, Shape{"qwen3", 8, 2}, Shape{"gpt2", 8, 8}),
                         [](const auto& info) {
                           return std::string(info.param.family) + "_" + std::to_string(info.param.kv_heads);
                         });

}  // namespace
}  // namespace hies::prune
