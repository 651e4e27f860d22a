// A trained language model against Hugging Face in float64 (tests/golden/real), on windows of a held-out text.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "hies/engine/model.h"
#include "hies/score/golden_test.h"
#include "hies/score/methods/method.h"
#include "hies/score/objectives/objectives.h"
#include "hies/score/scores.h"
#include "hies/score/statistics/ae.h"
#include "hies/score/statistics/his.h"
#include "hies/score/statistics/l2_out.h"
#include "hies/score/statistics/weight_norms.h"

namespace hies::score {
namespace {

// Window w of a text: the token before it, or the start token, and its own tokens but the last predict its own tokens.
model::Batch window_batch(const std::vector<std::int32_t>& tokens, std::int64_t context, std::int64_t first, std::int64_t count) {
  model::Batch batch;
  std::vector<std::int32_t> inputs{1};
  inputs.insert(inputs.end(), tokens.begin(), tokens.end() - 1);
  for (std::int64_t w = first; w < first + count; ++w) {
    const auto begin = static_cast<std::size_t>(w * context), size = static_cast<std::size_t>(context);
    for (std::size_t i = 0; i < size; ++i) {
      batch.target_rows.push_back(batch.token_count() + static_cast<std::int64_t>(i));
      batch.target_tokens.push_back(tokens[begin + i]);
    }
    batch.add(w, std::span(inputs).subspan(begin, size), std::vector<std::int32_t>(size));
  }
  return batch;
}

class RealDecoder : public testing::TestWithParam<engine::ComputeType> {};

TEST_P(RealDecoder, ScoresAreHuggingFaces) {
  const auto folder = std::filesystem::path(HIES_SHARED_DIR) / "models/llama-gqa-books";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << folder << " is not there";
  const Json golden = read_json(HIES_SOURCE_DIR "/tests/golden/real/llama-gqa-books.json");
  const auto tokens = golden["tokens"].get<std::vector<std::int32_t>>();
  const auto context = golden["context"].get<std::int64_t>();
  const auto windows = static_cast<std::int64_t>(tokens.size()) / context;
  const auto checkpoint = std::make_shared<arch::Checkpoint>(arch::Checkpoint::open(folder));
  const engine::Model model = engine::Model::load(checkpoint, engine::in_type(GetParam()));
  const auto objective = make_objective("ce", model.spec(), {});

  model::Recorder wanted;
  wanted.want_inner = wanted.want_entropy = wanted.want_out_sq = true;
  ExampleStatistics statistics(model.spec().layout, windows, wanted, true);
  Table log_probabilities(1);
  for (std::int64_t first = 0; first < windows; first += 2) {
    const model::Batch batch = window_batch(tokens, context, first, 2);
    model::Recorder recorder = wanted;
    const model::RunResult result = model.run(batch, {nullptr, objective.get(), &recorder});
    statistics.add(model.spec().layout, batch, result, recorder);
    if (first == 0)
      log_probabilities[0].assign(result.log_probabilities.begin(),
                                  result.log_probabilities.begin() + static_cast<std::ptrdiff_t>(context));
  }
  const auto error = [&](const model::UnitTable<double>& table, const char* key) {
    return relative_error(table, golden[key].get<Table>());
  };
  const bool exact = GetParam() == engine::ComputeType::float64;
  const double tolerance = exact ? 1e-10 : 1e-4;
  const double of_tokens = relative_error(log_probabilities, {golden["log_probabilities"].get<std::vector<double>>()});
  Scores scores;
  scores.layout = model.spec().layout;
  scores.tables["his"] = importance(scores.layout, statistics, Granularity::example, 1);
  scores.tables["ae"] = entropy(scores.layout, statistics);
  const double his = error(scores.table("his"), "his"), ae = error(scores.table("ae"), "ae");
  const double hies = error(keep_scores(scores, {"hies", 0.7, "global", 0}), "hies_0.7");
  const double l2 = error(weight_l2(*checkpoint), "l2");
  const double l2_out = error(output_norm(model.spec().layout, statistics), "l2_out");
  const double losses = relative_error({statistics.losses}, {golden["losses"].get<std::vector<double>>()});
  for (const double value : {of_tokens, his, ae, hies, l2_out, losses}) EXPECT_LE(value, tolerance);
  EXPECT_LE(l2, 1e-10);  // of weights alone, in float64
  RecordProperty(
      "largest_relative_errors",
      fmt::format("log-probabilities {:.1e}, losses {:.1e}, his {:.1e}, ae {:.1e}, l2-out {:.1e}, l2 {:.1e}, hies {:.1e}",
                  of_tokens, losses, his, ae, l2_out, l2, hies));
}

INSTANTIATE_TEST_SUITE_P(All, RealDecoder, testing::Values(engine::ComputeType::float32, engine::ComputeType::float64),
                         [](const auto& info) { return info.param == engine::ComputeType::float32 ? "float32" : "float64"; });

}  // namespace
}  // namespace hies::score
