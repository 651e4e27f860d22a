// What must hold of a language model's results whatever its weights.

#include <gtest/gtest.h>

#include "hies/base/error.h"
#include "hies/score/statistics/ae.h"
#include "hies/score/statistics/his.h"
#include "hies/score/test_causal_golden.h"

namespace hies::score {
namespace {

using engine::ComputeType;

class DecoderInvariants : public testing::TestWithParam<std::string> {
 protected:
  CausalGolden golden{GetParam()};
};

TEST_P(DecoderInvariants, BatchesDoNotMatter) {
  for (const auto& [type, tolerance] : {std::pair{ComputeType::float64, 1e-10}, {ComputeType::float32, 1e-5}}) {
    const engine::Model model = golden.load(type);
    const ExampleStatistics together = statistics_of(golden, model, "ce", golden.examples.size());
    for (const std::size_t at_once : {1, 2}) {
      const ExampleStatistics apart = statistics_of(golden, model, "ce", at_once);
      const auto his = [&](const ExampleStatistics& statistics) {
        return importance(golden.layout(), statistics, Granularity::example, 1);
      };
      EXPECT_LE(relative_error(his(apart), his(together)), tolerance);
      EXPECT_LE(relative_error(entropy(golden.layout(), apart), entropy(golden.layout(), together)), tolerance);
      EXPECT_LE(relative_error({apart.losses}, {together.losses}), tolerance);
    }
  }
}

// The last layer leaves out the queries of rows that nothing reads: what is left must not depend on it.
TEST_P(DecoderInvariants, TargetsDoNotChangeEachOther) {
  const engine::Model model = golden.load(ComputeType::float64);
  const CausalExample& example = golden.examples[1];
  model::Batch all, few;
  CausalGolden::add(all, 0, example);
  CausalGolden::add(few, 0, {example.ids, {example.targets.end() - 2, example.targets.end()}});
  const auto whole = model.run(all).log_probabilities;
  EXPECT_LE(relative_error({model.run(few).log_probabilities}, {{whole.end() - 2, whole.end()}}), 1e-10);
  // A row may be asked about several tokens, and one in the middle alone.
  model::Batch middle = few;
  middle.target_rows = {3, 3, 3};
  middle.target_tokens = {7, example.targets[3], 7};
  const auto same = model.run(middle).log_probabilities;
  EXPECT_NEAR(same[1], whole[3], 1e-10);
  EXPECT_EQ(same[0], same[2]);
  // Nothing is asked.
  few.target_rows.clear();
  few.target_tokens.clear();
  const auto objective = make_objective("ce", model.spec(), {});
  model::Recorder recorder = full_recorder();
  const model::RunResult none = model.run(few, {nullptr, objective.get(), &recorder});
  EXPECT_EQ(none.losses, std::vector<double>{0});
  EXPECT_GT(recorder.layers[1].entropy[0], 0);
}

TEST_P(DecoderInvariants, ContinuationsAreWholeSequences) {
  // Frequencies depend on the length of the whole sequence, which what it continues does not know.
  if (golden.checkpoint->spec().rope.kind == model::RopeKind::dynamic) GTEST_SKIP() << "dynamic frequencies";
  const std::vector<std::int32_t> shared(golden.examples[1].ids.begin(), golden.examples[1].ids.begin() + 9);
  const std::vector<std::vector<std::int32_t>> ends = {{5, 8, 13, 21, 34}, {3}, {50, 40, 30, 20, 10, 5, 4}};
  model::Batch whole, parts;
  std::size_t others = 2;  // sequences before: places need not begin at 0
  for (std::size_t x = 0; x < others; ++x)
    for (model::Batch* batch : {&whole, &parts}) CausalGolden::add(*batch, 0, golden.examples[x]);
  parts.continues.assign(others, -1);
  // The last shared row predicts the first token of every end.
  const auto beginning = static_cast<std::int64_t>(others);
  std::vector<std::int32_t> firsts;
  firsts.reserve(ends.size());
  for (const auto& end : ends) firsts.push_back(end[0]);
  parts.add(0, shared, std::vector<std::int32_t>(shared.size()));
  for (const std::int32_t first : firsts) {
    parts.target_rows.push_back(parts.token_count() - 1);
    parts.target_tokens.push_back(first);
  }
  parts.continues.push_back(-1);
  for (const auto& end : ends) {
    for (std::size_t i = 1; i < end.size(); ++i) {
      parts.target_rows.push_back(parts.token_count() + static_cast<std::int64_t>(i) - 1);
      parts.target_tokens.push_back(end[i]);
    }
    parts.add(0, end, std::vector<std::int32_t>(end.size()));
    parts.continues.push_back(beginning);
    std::vector<std::int32_t> ids = shared;
    ids.insert(ids.end(), end.begin(), end.end());
    whole.add(0, ids, std::vector<std::int32_t>(ids.size()));
    for (std::size_t i = 0; i < end.size(); ++i) {
      whole.target_rows.push_back(whole.token_count() - std::ssize(end) - 1 + static_cast<std::int64_t>(i));
      whole.target_tokens.push_back(end[i]);
    }
  }
  const model::Gates gates = unit_table(golden.json["mask"].get<Table>());
  for (const model::Gates* mask : {static_cast<const model::Gates*>(nullptr), &gates}) {
    const engine::Model model = golden.load(ComputeType::float64);
    const auto of_whole = model.run(whole, {mask, nullptr, nullptr}).log_probabilities;
    const auto of_parts = model.run(parts, {mask, nullptr, nullptr}).log_probabilities;
    std::size_t before = 0;
    for (std::size_t x = 0; x < others; ++x) before += golden.examples[x].targets.size();
    std::vector<double> sorted(of_parts.begin(), of_parts.begin() + static_cast<std::ptrdiff_t>(before));
    std::size_t at = before + ends.size();
    for (std::size_t i = 0; i < ends.size(); ++i) {
      sorted.push_back(of_parts[before + i]);
      for (std::size_t j = 1; j < ends[i].size(); ++j) sorted.push_back(of_parts[at++]);
    }
    EXPECT_LE(relative_error({sorted}, {of_whole}), 1e-10);
  }
  model::Recorder recorder = full_recorder();
  EXPECT_THROW(golden.load(ComputeType::float64).run(parts, {nullptr, nullptr, &recorder}), Error);
}

// A mask of many gives what it gives alone, bit for bit; whole groups and whole layers may be removed.
TEST_P(DecoderInvariants, MasksTogetherAreMasksAlone) {
  const engine::Model model = golden.load(ComputeType::float32);
  const model::Site first = model::attention_site(0), second = model::attention_site(1);
  const model::SiteLayout& heads = golden.layout().at(first);
  std::vector<model::UnitSet> masks(4);
  for (const int head : heads.units)
    if (heads.kv_of(head) == heads.kv_heads.back()) masks[1].insert(first, head);  // a whole group
  masks[2].insert(first, heads.units);
  masks[3].insert(second, golden.layout().at(second).units);
  masks[3].insert(first, heads.units.front());
  const auto objective = make_objective("ce", model.spec(), {});
  const model::Batch batch = golden.batch();
  std::vector<model::RunResult> together(masks.size());
  model.run_masks(batch, engine::MaskTrie(masks, golden.layout()), objective.get(),
                  [&](std::span<const std::size_t> which, model::RunResult&& result) {
                    for (const std::size_t mask : which) together[mask] = result;
                  });
  for (std::size_t mask = 0; mask < masks.size(); ++mask) {
    const model::Gates gates = model::gates_without(masks[mask], golden.layout());
    const model::RunResult alone = model.run(batch, {&gates, objective.get(), nullptr});
    EXPECT_EQ(together[mask].log_probabilities, alone.log_probabilities);
    EXPECT_EQ(together[mask].losses, alone.losses);
    EXPECT_EQ(together[mask].top_tokens, alone.top_tokens);
    model::Recorder recorder;  // with it the heads are computed, and then multiplied by 0
    recorder.want_entropy = true;
    const auto masked = model.run(batch, {&gates, objective.get(), &recorder}).log_probabilities;
    EXPECT_LE(relative_error({masked}, {alone.log_probabilities}), 1e-5);
  }
  EXPECT_GT(relative_error({together[1].log_probabilities}, {together[0].log_probabilities}), 1e-3);
}

TEST_P(DecoderInvariants, SameInputSameBits) {
  const engine::Model model = golden.load(ComputeType::float32);
  const ExampleStatistics one = statistics_of(golden, model, "ce", 2), other = statistics_of(golden, model, "ce", 2);
  EXPECT_EQ(one.losses, other.losses);
  for (std::size_t layer = 0; layer < one.layers.size(); ++layer) EXPECT_EQ(one.layers[layer].inner, other.layers[layer].inner);
}

INSTANTIATE_TEST_SUITE_P(All, DecoderInvariants, testing::ValuesIn(causal_golden_names()),
                         [](const auto& info) { return test_name(info.param); });

TEST(Decoder, RefusesWhatItCannotRun) {
  const CausalGolden golden("llama-gqa");
  const engine::Model model = golden.load(ComputeType::float32);
  const auto kind_of = [&](const model::Batch& batch) {
    try {
      model.run(batch);
    } catch (const Error& error) {
      return error.kind();
    }
    return ErrorKind::interrupted;
  };
  model::Batch batch = golden.batch();
  batch.target_tokens[0] = model.spec().text.vocabulary;
  EXPECT_EQ(kind_of(batch), ErrorKind::bad_input);
  batch = golden.batch();
  batch.tokens[0] = -1;
  EXPECT_EQ(kind_of(batch), ErrorKind::bad_input);
  batch = {};
  const std::vector<std::int32_t> half(30, 5);
  batch.add(0, half, half);
  batch.add(0, half, half);
  batch.continues = {-1, 0};  // 60 tokens, and the model has 48 positions
  EXPECT_EQ(kind_of(batch), ErrorKind::bad_input);
}

}  // namespace
}  // namespace hies::score
