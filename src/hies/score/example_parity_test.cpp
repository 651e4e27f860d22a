// Each example of a run on its own against Hugging Face: means over examples could hide errors that cancel.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "hies/data/packing.h"
#include "hies/score/golden_test.h"
#include "hies/score/objectives/objectives.h"

namespace hies::score {
namespace {

using RecordedLayer = model::Recorder::Layer;

class EachExample : public testing::TestWithParam<std::string> {
 protected:
  // Returns what was recorded of example `x`, a row for each layer.
  Table recorded(const model::Recorder& recorder, std::vector<double> RecordedLayer::*field, std::size_t x) const {
    Table table = rows_of(model::UnitTable<double>(golden.checkpoint->spec().layout, model::SiteKind::attention));
    for (std::size_t layer = 0; layer < table.size(); ++layer)
      for (std::size_t head = 0; head < table[layer].size(); ++head)
        table[layer][head] = (recorder.layers[layer].*field)[x * table[layer].size() + head];
    return table;
  }

  void compare(engine::ComputeType type, const char* name, double tolerance) const {
    const std::string loss = golden.task_loss();
    std::vector<double> labels;
    model::Batch whole;
    for (const data::Example& example : golden.dataset.examples) {
      data::add(whole, whole.size(), example);
      labels.push_back(example.label);
    }
    const auto objective = make_objective(loss, golden.checkpoint->spec(), labels);
    model::Recorder recorder;
    recorder.want_inner = recorder.want_entropy = recorder.want_out_sq = true;
    const model::RunResult result = golden.load(type).run(whole, {nullptr, objective.get(), &recorder});

    const auto logits = golden.json["logits"].get<Table>();
    const auto classes = static_cast<std::size_t>(result.classes);
    Table own_logits;
    double inner = 0, entropy = 0, squares = 0;
    for (std::size_t x = 0; x < labels.size(); ++x) {
      SCOPED_TRACE(fmt::format("example {}", x));
      const auto row = result.logits.begin() + static_cast<std::ptrdiff_t>(x * classes);
      own_logits.emplace_back(row, row + result.classes);
      const double wanted_loss = golden.json["losses"][loss][x].get<double>();
      EXPECT_NEAR(result.losses[x], wanted_loss, tolerance * std::max(1.0, wanted_loss));
      inner = std::max(inner,
                       relative_error(recorded(recorder, &RecordedLayer::inner, x), golden.json["inner"][loss][x].get<Table>()));
      squares =
          std::max(squares, relative_error(recorded(recorder, &RecordedLayer::out_sq, x), golden.json["out_sq"][x].get<Table>()));
      Table mean = recorded(recorder, &RecordedLayer::entropy, x);
      for (std::size_t layer = 0; layer < mean.size(); ++layer)
        for (double& sum : mean[layer]) sum /= static_cast<double>(recorder.layers[layer].entropy_queries[x]);
      entropy = std::max(entropy, relative_error(mean, golden.json["ae"][x].get<Table>()));
    }
    const double of_logits = relative_error(own_logits, logits);
    EXPECT_LE(of_logits, tolerance);
    EXPECT_LE(inner, tolerance);
    EXPECT_LE(entropy, tolerance);
    EXPECT_LE(squares, tolerance);
    RecordProperty(name, fmt::format("largest relative errors: logits {:.1e}, inner {:.1e}, ae {:.1e}, out_sq {:.1e}", of_logits,
                                     inner, entropy, squares));
  }

  Golden golden{HIES_SOURCE_DIR "/tests/golden/" + GetParam()};
};

TEST_P(EachExample, IsHuggingFaces) {
  compare(engine::ComputeType::float64, "float64", 1e-10);
  compare(engine::ComputeType::float32, "float32", 1e-5);
}

INSTANTIATE_TEST_SUITE_P(All, EachExample, testing::ValuesIn(golden_names()), [](const auto& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace hies::score
