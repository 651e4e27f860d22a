// Tiny language models of every family against Hugging Face in float64 (tests/golden), example by example.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "hies/score/methods/normalise.h"
#include "hies/score/statistics/ae.h"
#include "hies/score/statistics/his.h"
#include "hies/score/statistics/l2_out.h"
#include "hies/score/statistics/weight_norms.h"
#include "hies/score/test_causal_golden.h"

namespace hies::score {
namespace {

using engine::ComputeType;
using RecordedLayer = model::Recorder::Layer;

constexpr double kFloat32 = 1e-5;  // of the table's largest value
constexpr double kFloat64 = 1e-10;

class EveryDecoder : public testing::TestWithParam<std::string> {
 protected:
  // Returns what a run recorded of example x, a row for each layer.
  Table recorded(const ExampleStatistics& statistics, std::vector<double> RecordedLayer::*field, std::size_t x) const {
    Table table = rows_of(model::UnitTable<double>(golden.layout(), model::SiteKind::attention));
    for (std::size_t layer = 0; layer < table.size(); ++layer)
      for (std::size_t head = 0; head < table[layer].size(); ++head)
        table[layer][head] = (statistics.layers[layer].*field)[x * table[layer].size() + head];
    return table;
  }

  double entropy_error(const ExampleStatistics& statistics, std::size_t x) const {
    Table table = recorded(statistics, &RecordedLayer::entropy, x);
    for (std::size_t layer = 0; layer < table.size(); ++layer)
      for (double& value : table[layer]) value /= static_cast<double>(statistics.layers[layer].entropy_queries[x]);
    return relative_error(table, golden.json["ae"][x].get<Table>());
  }

  void compare_loss(const engine::Model& model, const std::string& loss, double tolerance) {
    SCOPED_TRACE(loss);
    const ExampleStatistics statistics = statistics_of(golden, model, loss, golden.examples.size());
    EXPECT_LE(relative_error({statistics.losses}, {golden.json["losses"][loss].get<std::vector<double>>()}), tolerance);
    for (std::size_t x = 0; x < golden.examples.size(); ++x) {
      inner = std::max(
          inner, relative_error(recorded(statistics, &RecordedLayer::inner, x), golden.json["inner"][loss][x].get<Table>()));
      const Table absolute = recorded(statistics, &RecordedLayer::inner_abs, x);
      EXPECT_LE(relative_error(absolute, golden.json["inner_abs_token"][loss][x].get<Table>()), tolerance) << "example " << x;
      squares = std::max(squares,
                         relative_error(recorded(statistics, &RecordedLayer::out_sq, x), golden.json["out_sq"][x].get<Table>()));
      ae = std::max(ae, entropy_error(statistics, x));
    }
    const auto table = [&](const char* key) { return golden.json[key][loss].get<Table>(); };
    const auto groups = golden.json["batch_examples"].get<std::int64_t>();
    EXPECT_LE(relative_error(importance(golden.layout(), statistics, Granularity::example, 1), table("his")), tolerance);
    EXPECT_LE(relative_error(importance(golden.layout(), statistics, Granularity::token, 1), table("his_token")), tolerance);
    EXPECT_LE(relative_error(importance(golden.layout(), statistics, Granularity::batch, groups), table("his_batch")), tolerance);
    EXPECT_LE(relative_error(entropy(golden.layout(), statistics), golden.json["ae_mean"].get<Table>()), tolerance);
    EXPECT_LE(relative_error(output_norm(golden.layout(), statistics), golden.json["l2_out"].get<Table>()), tolerance);
  }

  void compare(ComputeType type, double tolerance, const char* name) {
    const engine::Model model = golden.load(type);
    const model::RunResult result = model.run(golden.batch());
    const double tokens = relative_error({result.log_probabilities}, golden.flat("log_probabilities"));
    EXPECT_LE(tokens, tolerance);
    EXPECT_TRUE(result.logits.empty());
    EXPECT_EQ(result.classes, model.spec().text.vocabulary);
    const Table tops = golden.flat("top_tokens");
    EXPECT_TRUE(std::equal(result.top_tokens.begin(), result.top_tokens.end(), tops[0].begin(), tops[0].end()));
    inner = ae = squares = 0;
    for (const char* loss : {"ce", "pseudo-label", "logit-norm"}) compare_loss(model, loss, tolerance);
    for (const double error : {inner, ae, squares}) EXPECT_LE(error, tolerance);
    RecordProperty(name, fmt::format("largest relative errors: log-probabilities {:.1e}, inner {:.1e}, ae {:.1e}, out_sq {:.1e}",
                                     tokens, inner, ae, squares));
  }

  CausalGolden golden{GetParam()};
  double inner = 0, ae = 0, squares = 0;
};

TEST_P(EveryDecoder, Float64) { compare(ComputeType::float64, kFloat64, "float64"); }

TEST_P(EveryDecoder, Float32) { compare(ComputeType::float32, kFloat32, "float32"); }

TEST_P(EveryDecoder, WeightNorms) {
  EXPECT_LE(relative_error(weight_l2(*golden.checkpoint), golden.json["l2"].get<Table>()), kFloat64);
}

// bfloat16 has 8 bits: a check that nothing is lost but those.
TEST_P(EveryDecoder, Bfloat16IsNear) {
  const Table wanted = golden.flat("log_probabilities");
  EXPECT_LE(relative_error({golden.load(ComputeType::bfloat16).run(golden.batch()).log_probabilities}, wanted), 0.1);
}

TEST_P(EveryDecoder, GatesMask) {
  const model::Gates gates = unit_table(golden.json["mask"].get<Table>());
  const Table wanted = golden.flat("masked_log_probabilities");
  for (const auto& [type, tolerance] : {std::pair{ComputeType::float64, kFloat64}, {ComputeType::float32, kFloat32}}) {
    const engine::Model model = golden.load(type);
    // Without a recorder the heads are left out, with one they are computed and multiplied by 0.
    EXPECT_LE(relative_error({model.run(golden.batch(), {&gates, nullptr, nullptr}).log_probabilities}, wanted), tolerance);
    model::Recorder recorder;
    recorder.want_entropy = true;
    EXPECT_LE(relative_error({model.run(golden.batch(), {&gates, nullptr, &recorder}).log_probabilities}, wanted), tolerance);
  }
}

// n(x)·HIS_h(x) = |∂L(x)/∂gate_h|, by a way that shares neither the backward pass nor the inner product.
TEST_P(EveryDecoder, ImportanceIsTheGatesCentralDifference) {
  const engine::Model model = golden.load(ComputeType::float64);
  const auto objective = make_objective("ce", model.spec(), {});
  const std::size_t x = golden.examples.size() - 1;
  const model::Batch batch = golden.batch(x, 1);
  const ExampleStatistics statistics = statistics_of(golden, model, "ce", golden.examples.size());
  Table differences = recorded(statistics, &RecordedLayer::inner, x);
  const double step = 1e-4;
  for (std::size_t layer = 0; layer < differences.size(); ++layer) {
    for (std::size_t head = 0; head < differences[layer].size(); ++head) {
      const auto loss_at = [&](double gate) {
        model::Gates gates(golden.layout(), model::SiteKind::attention, 1.0);
        gates.attention(static_cast<int>(layer))[head] = gate;
        return model.run(batch, {&gates, objective.get(), nullptr}).losses[0];
      };
      differences[layer][head] = (loss_at(1 + step) - loss_at(1 - step)) / (2 * step);
    }
  }
  EXPECT_LE(relative_error(differences, recorded(statistics, &RecordedLayer::inner, x)),
            1e-6);  // the quotient's own error is about 1e-8
}

INSTANTIATE_TEST_SUITE_P(All, EveryDecoder, testing::ValuesIn(causal_golden_names()),
                         [](const auto& info) { return test_name(info.param); });

}  // namespace
}  // namespace hies::score
