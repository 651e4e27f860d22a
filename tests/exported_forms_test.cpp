// What `hies export --to transformers` writes: a checkpoint whose layers are as its form says, and which answers as the pruned one does.

#include <gtest/gtest.h>

#include <set>

#include "hies/base/test_files.h"
#include "hies/eval/predict.h"
#include "hies/export/transformers.h"
#include "hies/prune/plan.h"
#include "hies/prune/surgery.h"
#include "hies/score/test_causal_golden.h"

namespace hies::exports {
namespace {

using arch::Checkpoint;
using engine::ComputeType;
using model::Layout;
using model::SiteKind;
using Opened = std::shared_ptr<const Checkpoint>;

constexpr double kTolerance = 1e-10;  // of the largest number, in float64

bool is_causal(const std::string& name) {
  const auto& names = score::causal_golden_names();
  return std::find(names.begin(), names.end(), name) != names.end();
}

class Forms : public testing::TestWithParam<std::string> {
 protected:
  std::filesystem::path source() const { return HIES_SOURCE_DIR "/tests/golden/" + GetParam(); }
  Opened whole() const { return std::make_shared<const Checkpoint>(Checkpoint::open(source() / "model")); }

  // Without the heads of the golden's mask, which leaves a layer none, and, with `neurons`, other neurons of each layer.
  Opened pruned(bool neurons) const {
    const Checkpoint checkpoint = Checkpoint::open(source() / "model");
    prune::Plan plan;
    plan.model = checkpoint.hashes();
    const auto mask = read_json(source() / "golden.json")["mask"].get<data::HeadRows>();
    for (const model::Site site : checkpoint.spec().layout.sites(SiteKind::attention))
      for (std::size_t i = 0; i < mask[static_cast<std::size_t>(site.layer)].size(); ++i)
        if (mask[static_cast<std::size_t>(site.layer)][i] == 0)
          plan.removed.insert(site, checkpoint.spec().layout.at(site).units[i]);
    if (neurons)
      for (const model::Site site : checkpoint.spec().layout.sites(SiteKind::ffn))
        for (const int neuron : checkpoint.spec().layout.at(site).units)
          if (site.layer == 1 || neuron % 3 == 0) plan.removed.insert(site, neuron);
    prune::write_pruned(checkpoint, plan, {}, "", folder.folder("pruned"), silent_progress());
    return std::make_shared<const Checkpoint>(Checkpoint::open(folder / "pruned"));
  }

  Opened exported(const Checkpoint& checkpoint, const std::string& form, TransformersForm* made = nullptr) {
    const std::string name = "exported-" + form;
    const TransformersForm result = write_transformers(checkpoint, {.form = form}, folder.folder(name), silent_progress());
    if (made != nullptr) *made = result;
    return std::make_shared<const Checkpoint>(Checkpoint::open(folder / name));
  }

  // All numbers that the model gives for the golden's examples.
  std::vector<double> answers(const Opened& checkpoint) const {
    const engine::Model model = engine::Model::load(checkpoint, engine::in_type(ComputeType::float64));
    if (is_causal(GetParam())) return model.run(score::CausalGolden(GetParam()).batch()).log_probabilities;
    return eval::predict(model, score::Golden(source()).dataset, nullptr, nullptr, 64).logits;
  }
  std::vector<double> golden_answers() const {
    const Json golden = read_json(source() / "golden.json");
    std::vector<double> all;
    for (const Json& row : golden[is_causal(GetParam()) ? "masked_log_probabilities" : "masked_logits"])
      for (const Json& value : row) all.push_back(value.get<double>());
    return all;
  }
  static void expect_equal(const std::vector<double>& got, const std::vector<double>& wanted) {
    ASSERT_EQ(got.size(), wanted.size());
    double difference = 0, greatest = 0;
    for (std::size_t i = 0; i < got.size(); ++i) {
      difference = std::max(difference, std::abs(got[i] - wanted[i]));
      greatest = std::max(greatest, std::abs(wanted[i]));
    }
    EXPECT_LE(difference, kTolerance * greatest);
  }
  static std::set<std::pair<int, int>> counts(const Layout& layout, SiteKind kind) {
    std::set<std::pair<int, int>> all;
    for (const model::Site site : layout.sites(kind)) all.emplace(layout.at(site).count(), layout.at(site).kv_count());
    return all;
  }

  TestFolder folder;
};

TEST_P(Forms, PaddedLayersAreEqualAndAnswerAsBefore) {
  const Opened smaller = pruned(false);
  TransformersForm form;
  const Opened padded = exported(*smaller, "auto", &form);
  EXPECT_EQ(form.form, "padded");
  EXPECT_GT(form.heads, 0);
  EXPECT_EQ(counts(padded->spec().layout, SiteKind::attention).size(), 1);
  EXPECT_FALSE(padded->config().contains("hies"));
  EXPECT_FALSE(padded->config().contains("pruned_heads"));
  expect_equal(answers(padded), golden_answers());
}

TEST_P(Forms, PaddedNeuronsAnswerAsBefore) {
  const Opened smaller = pruned(true);
  TransformersForm form;
  const Opened padded = exported(*smaller, "padded", &form);
  EXPECT_GT(form.neurons, 0);
  const auto neurons = counts(padded->spec().layout, SiteKind::ffn);
  ASSERT_EQ(neurons.size(), 1);
  const Opened before = whole();
  const int original = before->spec().layout.ffn(0).count();
  if (before->family().portability.ffn_width) EXPECT_LT(neurons.begin()->first, original);
  else EXPECT_EQ(neurons.begin()->first, original);
  expect_equal(answers(padded), answers(smaller));
}

// Layers lose heads in different ways: the first half, which may be whole groups, or every second one, which makes groups smaller.
TEST_P(Forms, PaddedGroupsAnswerAsBefore) {
  const Checkpoint checkpoint = Checkpoint::open(source() / "model");
  prune::Plan plan;
  plan.model = checkpoint.hashes();
  for (const model::Site site : checkpoint.spec().layout.sites(SiteKind::attention)) {
    const std::vector<int>& heads = checkpoint.spec().layout.at(site).units;
    for (std::size_t i = 0; i < heads.size(); ++i)
      if (site.layer % 2 == 0 ? i < heads.size() / 2 : i % 2 == 1) plan.removed.insert(site, heads[i]);
  }
  prune::write_pruned(checkpoint, plan, {}, "", folder.folder("pruned"), silent_progress());
  const auto smaller = std::make_shared<const Checkpoint>(Checkpoint::open(folder / "pruned"));
  expect_equal(answers(exported(*smaller, "padded")), answers(smaller));
}

TEST_P(Forms, PaddedIsUniform) {
  const Opened padded = exported(*pruned(true), "padded");
  TransformersForm form;
  const Opened again = exported(*padded, "auto", &form);
  EXPECT_EQ(form.form, "uniform");
  EXPECT_EQ(form.heads + form.neurons, 0);
  EXPECT_EQ(again->hash(), padded->hash());
}

TEST_P(Forms, PrunedHeads) {
  const Opened smaller = pruned(true);
  if (!smaller->family().portability.pruned_heads) {
    EXPECT_THROW(exported(*smaller, "pruned-heads"), Error);
    return;
  }
  const Opened exported = this->exported(*smaller, "pruned-heads");
  for (const model::Site site : smaller->spec().layout.sites(SiteKind::attention)) {
    const std::vector<int>& before = smaller->spec().layout.at(site).units;
    EXPECT_EQ(exported->spec().layout.at(site).units, before.empty() ? std::vector<int>{0} : before);
  }
  expect_equal(answers(exported), answers(smaller));
}

TEST_P(Forms, PerLayer) {
  const Opened smaller = pruned(true);
  if (smaller->family().write_heads == nullptr) {
    EXPECT_THROW(exported(*smaller, "per-layer"), Error);
    return;
  }
  const Opened exported = this->exported(*smaller, "per-layer");
  EXPECT_EQ(exported->spec().layout, smaller->spec().layout);
  const Json& layers = exported->config()["per_layer_config"];
  EXPECT_TRUE(std::any_of(layers.begin(), layers.end(), [](const Json& layer) { return layer.contains("skip"); }));
  expect_equal(answers(exported), answers(smaller));
}

TEST_P(Forms, AWholeModelIsCopied) {
  const Opened before = whole();
  if (before->config().contains("pruned_heads")) return;
  const Opened copy = exported(*before, "auto");
  EXPECT_EQ(copy->hash(), before->hash());
  EXPECT_EQ(read_file(copy->folder() / "config.json"), read_file(before->folder() / "config.json"));
}

std::vector<std::string> all_names() {
  std::vector<std::string> names = score::golden_names();
  for (const std::string& name : score::causal_golden_names()) names.push_back(name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(All, Forms, testing::ValuesIn(all_names()),
                         [](const auto& info) { return score::test_name(info.param); });

}  // namespace
}  // namespace hies::exports
