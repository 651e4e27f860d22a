// Plans that name neurons: the tensors, config.json, and what is read back.

#include <algorithm>

#include "hies/prune/test_surgery.h"
#include "hies/prune/zeroed.h"

namespace hies::prune {
namespace {

using formats::TensorView;

Plan plan_by_hand(const arch::Checkpoint& source, const std::string& removed) {
  Plan plan;
  plan.model = source.hashes();
  plan.removed = model::UnitSet::parse(removed);
  return plan_from_json(parse_json(pretty(to_json(plan)), "plan.json"), "plan.json");
}

// The bytes of a tensor of one or two axes without the indices `removed` along `axis`, element by element.
std::string without(const TensorView& view, std::size_t axis, const std::vector<int>& removed) {
  const std::int64_t width = view.shape.size() > 1 ? view.shape[1] : 1;
  const std::size_t size = formats::element_bytes(view.dtype);
  const std::string bytes = text_of(view.bytes);
  std::string left;
  for (std::int64_t row = 0; row < view.shape[0]; ++row)
    for (std::int64_t column = 0; column < width; ++column)
      if (!std::binary_search(removed.begin(), removed.end(), static_cast<int>(axis == 0 ? row : column)))
        left += bytes.substr(static_cast<std::size_t>(row * width + column) * size, size);
  return left;
}

struct Case {
  std::string model;
  std::string prefix;                // of a layer's tensors, before its number
  std::vector<std::string> outputs;  // tensors with a row for each neuron; with a column where they are stored transposed
  std::string inputs;
  bool transposed = false;
  int neurons = 0;
  const char* key = "intermediate_size";
};

class NeuronSurgery : public SurgeryTest, public testing::WithParamInterface<Case> {};

TEST_P(NeuronSurgery, CutsTheirRowsAndColumns) {
  const Case& c = GetParam();
  const auto source = arch::Checkpoint::open(golden(c.model));
  ASSERT_EQ(source.spec().layout.ffn(0).count(), c.neurons);
  const std::vector<int> removed = {0, 2, 3, c.neurons - 1};
  const auto result =
      pruned(source, plan_by_hand(source, fmt::format("attention.1:1 ffn.0:{}", model::range_text(removed))), "out");
  EXPECT_EQ(result.spec().layout.ffn(0).count(), c.neurons - 4);
  EXPECT_EQ(result.spec().layout.ffn(0).original_units, c.neurons);
  EXPECT_EQ(result.spec().layout.ffn(0).position_of(1), 0);
  EXPECT_EQ(result.spec().layout.ffn(1), source.spec().layout.ffn(1));
  const auto expect_cut = [&](const std::string& name, bool is_output) {
    const TensorView& whole = *source.find(c.prefix + "0." + name);
    const TensorView& part = *result.find(c.prefix + "0." + name);
    const std::size_t axis = whole.shape.size() == 1 || is_output != c.transposed ? 0 : 1;
    std::vector<std::int64_t> shape = whole.shape;
    shape[axis] -= 4;
    EXPECT_EQ(part.shape, shape) << whole.name;
    EXPECT_TRUE(text_of(part.bytes) == without(whole, axis, removed)) << whole.name;
  };
  for (const std::string& name : c.outputs) expect_cut(name, true);
  expect_cut(c.inputs, false);
  // The other layer's feed-forward network is as it was.
  for (const std::string& name : c.outputs)
    expect_same_tensor(*result.find(c.prefix + "1." + name), *source.find(c.prefix + "1." + name));
  // Layers differ: foreign loaders are to fail on the shapes.
  EXPECT_EQ(result.config().value(c.key, Json()), source.config().value(c.key, Json()));
  EXPECT_EQ(result.config()["hies"]["original_neurons"], c.neurons);
}

TEST_P(NeuronSurgery, TwiceIsOnceWithTheUnion) {
  const auto source = arch::Checkpoint::open(golden(GetParam().model));
  const auto step = pruned(source, plan_by_hand(source, "ffn.0:1-3 ffn.1:0"), "step");
  const auto twice = pruned(step, plan_by_hand(step, "attention.0:1 ffn.0:0,4 ffn.1:1-4"), "twice");
  const auto once = pruned(source, plan_by_hand(source, "attention.0:1 ffn.0:0-4 ffn.1:0-4"), "once");
  EXPECT_EQ(twice.hash(), once.hash());
  EXPECT_EQ(twice.spec().layout, once.spec().layout);
  EXPECT_EQ(twice.hashes().config, once.hashes().config);
  const Error error =
      error_of([&] { check_plan(plan_by_hand(step, "ffn.0:2"), step.hashes(), step.spec().layout, "plan.json"); });
  expect_says(error, "plan.json: neuron 2 of layer 0 is already removed");
}

INSTANTIATE_TEST_SUITE_P(
    Models, NeuronSurgery,
    testing::Values(
        Case{"bert-tiny",
             "bert.encoder.layer.",
             {"intermediate.dense.weight", "intermediate.dense.bias"},
             "output.dense.weight",
             false,
             24},
        Case{"llama-gqa", "model.layers.", {"mlp.gate_proj.weight", "mlp.up_proj.weight"}, "mlp.down_proj.weight", false, 40},
        Case{"gpt2-tiny", "transformer.h.", {"mlp.c_fc.weight", "mlp.c_fc.bias"}, "mlp.c_proj.weight", true, 48, "n_inner"}));

using Widths = SurgeryTest;

std::string all_layers(const arch::Checkpoint& source, const std::string& units) {
  std::string text;
  for (int layer = 0; layer < source.spec().layer_count(); ++layer) text += fmt::format("ffn.{}:{} ", layer, units);
  return text;
}

// Where every layer keeps as many, loaders of the family read the number.
TEST_F(Widths, UniformOnesAreWrittenInTheFamilysWord) {
  for (const auto& [name, key, neurons] : {std::tuple{"bert-tiny", "intermediate_size", 24},
                                           {"llama-gqa", "intermediate_size", 40},
                                           {"distilbert-tiny", "hidden_dim", 0},
                                           {"gpt2-tiny", "n_inner", 48}}) {
    const auto source = arch::Checkpoint::open(golden(name));
    const int before = source.spec().layout.ffn(0).count();
    EXPECT_TRUE(neurons == 0 || before == neurons) << name;
    const auto result = pruned(source, plan_by_hand(source, all_layers(source, "0-1,5")), name);
    EXPECT_EQ(result.config()[key], before - 3) << name;
    EXPECT_EQ(result.config()["hies"]["original_neurons"], before) << name;
    EXPECT_EQ(result.spec().layout.ffn(1).units.front(), 2) << name;
  }
}

TEST_F(Widths, AllNeuronsOfALayerMayBeRemoved) {
  const auto source = arch::Checkpoint::open(golden("bert-tiny"));
  const auto result = pruned(source, plan_by_hand(source, "ffn.2:0-23"), "out");
  EXPECT_EQ(result.spec().layout.ffn(2).count(), 0);
  EXPECT_EQ(result.store().find("bert.encoder.layer.2.output.dense.weight")->shape, (std::vector<std::int64_t>{64, 0}));
  expect_same_tensor(*result.store().find("bert.encoder.layer.2.output.dense.bias"),
                     *source.store().find("bert.encoder.layer.2.output.dense.bias"));
}

TEST_F(Widths, ZeroedNeuronsLoseTheirColumns) {
  const auto source = arch::Checkpoint::open(golden("llama-gqa"));
  const auto result = pruned(source, plan_by_hand(source, "attention.0:1 ffn.0:0-38"), "out", true);
  EXPECT_EQ(result.spec().layout, source.spec().layout);
  EXPECT_EQ(zeroed_units(result).text(), "attention.0:1 ffn.0:0-38");
  const TensorView& down = *result.store().find("model.layers.0.mlp.down_proj.weight");
  EXPECT_EQ(down.shape, source.store().find(down.name)->shape);
  EXPECT_EQ(text_of(down.bytes).substr(0, 39 * formats::element_bytes(down.dtype)),
            std::string(39 * formats::element_bytes(down.dtype), '\0'));
  expect_same_tensor(*result.store().find("model.layers.0.mlp.up_proj.weight"),
                     *source.store().find("model.layers.0.mlp.up_proj.weight"));
}

// Other pruners cut tensors and leave config.json, or change it without saying of each layer.
TEST_F(Widths, ComeFromTheTensorsWhereNoBlockSpeaksOfThem) {
  for (const char* name : {"bert-tiny", "llama-gqa", "gpt2-tiny", "dinov2-gated"}) {
    const auto source = arch::Checkpoint::open(golden(name));
    pruned(source, plan_by_hand(source, "ffn.0:0-2 ffn.1:3"), name);
    const Json& config = source.config();
    write_file(room / name / "config.json", pretty(config), true);
    const auto foreign = arch::Checkpoint::open(room / name);
    const int before = source.spec().layout.ffn(0).count();
    EXPECT_EQ(foreign.spec().layout.ffn(0).count(), before - 3) << name;
    EXPECT_EQ(foreign.spec().layout.ffn(0).original_units, before - 3) << name;
    EXPECT_EQ(foreign.spec().layout.ffn(1).count(), before - 1) << name;
    EXPECT_NE(foreign.hashes().config, source.hashes().config) << name;
    // Pruned again, the block says with how many neurons each layer began.
    std::filesystem::create_directories(room / (std::string(name) + "-again"));
    write_pruned(foreign, plan_by_hand(foreign, "ffn.1:0"), {}, "", room / (std::string(name) + "-again"), silent_progress());
    const auto again = arch::Checkpoint::open(room / (std::string(name) + "-again"));
    EXPECT_EQ(again.spec().layout.ffn(0), foreign.spec().layout.ffn(0)) << name;
    EXPECT_EQ(again.spec().layout.ffn(1).count(), before - 2) << name;
    EXPECT_EQ(again.spec().layout.ffn(1).original_units, before - 1) << name;
    EXPECT_TRUE(again.config()["hies"]["original_neurons"].is_array()) << name;
  }
}

// What the block says of neurons binds.
TEST_F(Widths, ThatContradictTheBlockAreRefused) {
  const auto source = arch::Checkpoint::open(golden("bert-tiny"));
  pruned(source, plan_by_hand(source, "ffn.0:0-2"), "out");
  Json config = read_json(room / "out/config.json");
  config["hies"]["removed"] = Json::parse(R"({"ffn": {"0": "0-1"}})");
  write_file(room / "out/config.json", pretty(config), true);
  const Error error = error_of([&] { arch::Checkpoint::open(room / "out"); });
  EXPECT_EQ(error.kind(), ErrorKind::bad_input);
  expect_says(error, "has shape [21, 64], but config.json implies [22, 64]");
  config["hies"]["original_neurons"] = Json::parse("[24, 24]");
  write_file(room / "out/config.json", pretty(config), true);
  expect_says(error_of([&] { arch::Checkpoint::open(room / "out"); }), "original_neurons");
}

// ---- files of version 1 ---------------------------------------------------------------------------------------------------

std::filesystem::path version_1(const std::string& name) {
  return std::filesystem::path(HIES_SOURCE_DIR) / "tests/data/v1" / name;
}

TEST_F(Widths, OfVersion1AreThoseOfTheTensors) {
  const auto source = arch::Checkpoint::open(golden("llama-gqa"));
  const Plan plan = read_plan(version_1("llama-plan.json"));
  EXPECT_EQ(plan.removed.text(), "attention.0:0,5 attention.1:1,3-4");
  EXPECT_NO_THROW(check_plan(plan, source.hashes(), source.spec().layout, "plan.json"));
  const auto old = arch::Checkpoint::open(version_1("llama-pruned"));
  const auto now = pruned(source, plan, "now");
  EXPECT_EQ(now.spec().layout, old.spec().layout);
  EXPECT_EQ(now.spec().layout.attention(1).padding, std::vector<int>{3});
  EXPECT_EQ(now.hash(), old.hash());
  EXPECT_EQ(now.hashes().config, old.hashes().config);
  // It can be pruned again, by either program's plan.
  const auto again = pruned(old, plan_by_hand(old, "attention.0:3 ffn.0:1"), "again");
  EXPECT_EQ(again.spec().layout.attention(0).active(), (std::vector<int>{1, 2, 4}));
  EXPECT_EQ(again.spec().layout.ffn(0).count(), 39);
  EXPECT_EQ(again.config()["hies"]["history"].size(), 2U);
  EXPECT_EQ(again.config()["hies"]["history"][0], old.config()["hies"]["history"][0]);
}

TEST_F(Widths, ConfigOfVersion1GivesTheSameLayout) {
  const auto source = arch::Checkpoint::open(golden("bert-tiny"));
  const Plan plan = read_plan(version_1("bert-plan.json"));
  for (const bool keep_shapes : {false, true}) {
    const std::string name = keep_shapes ? "bert-zeroed" : "bert-pruned";
    const auto now = pruned(source, plan, name, keep_shapes);
    const std::filesystem::path config = room / name / "config.json";
    write_file(config, read_file(version_1(name) / "config.json"), true);
    const auto old = arch::Checkpoint::open(room / name);
    EXPECT_EQ(old.spec().layout, now.spec().layout) << name;
    EXPECT_EQ(zeroed_units(old), zeroed_units(now)) << name;
    EXPECT_EQ(zeroed_units(old), keep_shapes ? plan.removed : model::UnitSet()) << name;
    EXPECT_EQ(old.config().value("pruned_heads", Json()), now.config().value("pruned_heads", Json())) << name;
  }
}

}  // namespace
}  // namespace hies::prune
