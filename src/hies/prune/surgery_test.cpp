#include "hies/prune/test_surgery.h"
#include "hies/prune/zeroed.h"

#include <algorithm>
#include <charconv>

namespace hies::prune {
namespace {

using formats::TensorView;

// Returns the layer in the name of a stored tensor, or -1.
int layer_of(const std::string& name) {
  const auto at = name.find("layer.");
  int layer = -1;
  if (at != std::string::npos) std::from_chars(name.data() + at + 6, name.data() + name.size(), layer);
  return layer;
}

bool has_any(const std::string& name, std::initializer_list<const char*> parts) {
  return std::any_of(parts.begin(), parts.end(), [&](const char* part) { return name.find(part) != std::string::npos; });
}

// Written from the families' papers and transformers' sources, not from the slice table that is under test.
bool has_head_rows(const std::string& name) {
  return has_any(name, {"self.query.", "self.key.", "self.value.", "attention.q_lin.", "attention.k_lin.", "attention.v_lin."});
}
bool has_head_columns(const std::string& name) {
  return has_any(name, {"attention.output.dense.weight", "attention.out_lin.weight"});
}

// Element by element: what is left of `whole` without the rows or columns of the positions that are not in `kept`.
struct Expected {
  std::vector<std::int64_t> shape;
  std::string bytes;
};
Expected expected_of(const TensorView& whole, const std::vector<int>& kept_positions, int head_dim, bool zeroed) {
  const auto keeps = [&](std::int64_t index) {
    return std::find(kept_positions.begin(), kept_positions.end(), static_cast<int>(index / head_dim)) != kept_positions.end();
  };
  const bool rows = has_head_rows(whole.name);
  const std::int64_t width = whole.shape.size() > 1 ? whole.shape[1] : 1;
  const std::size_t size = formats::element_bytes(whole.dtype);
  const std::string bytes = text_of(whole.bytes);
  Expected expected{whole.shape, ""};
  if (!zeroed) expected.shape[rows ? 0 : 1] = static_cast<std::int64_t>(kept_positions.size()) * head_dim;
  for (std::int64_t row = 0; row < whole.shape[0]; ++row) {
    for (std::int64_t column = 0; column < width; ++column) {
      if (keeps(rows ? row : column)) {
        expected.bytes += bytes.substr(static_cast<std::size_t>(row * width + column) * size, size);
      } else if (zeroed) {
        expected.bytes += std::string(size, '\0');
      }
    }
  }
  return expected;
}

std::vector<int> kept_positions(const model::SiteLayout& before, const model::SiteLayout& after) {
  std::vector<int> positions;
  for (const int head : after.units) positions.push_back(before.position_of(head));
  return positions;
}

class Goldens : public SurgeryTest, public testing::WithParamInterface<std::string> {
 protected:
  // A mixture: the last layer emptied, some of the others kept.
  static bool removes(int layer, int head, int layers) { return layer == layers - 1 || (head * 5 + layer * 3) % 4 < 2; }
  static Plan mixed_plan(const arch::Checkpoint& checkpoint) {
    return plan_for(checkpoint, [&](int layer, int head) { return removes(layer, head, checkpoint.spec().layer_count()); });
  }
};

TEST_P(Goldens, CutsExactlyTheRemovedHeads) {
  const auto source = arch::Checkpoint::open(golden(GetParam()));
  const Plan plan = mixed_plan(source);
  ASSERT_GT(plan.removed_count(), 0);
  const auto result = pruned(source, plan, "out");
  EXPECT_EQ(result.spec().layout, pruned_layout(plan, source.spec().layout));
  EXPECT_EQ(result.store().files().size(), source.store().files().size());
  EXPECT_NE(result.hash(), source.hash());
  ASSERT_EQ(result.store().tensors().size(), source.store().tensors().size());
  int cut = 0;
  for (const TensorView& whole : source.store().tensors()) {
    const TensorView* part = result.store().find(whole.name);
    ASSERT_NE(part, nullptr) << whole.name;
    EXPECT_EQ(part->file, whole.file) << whole.name;
    if (!has_head_rows(whole.name) && !has_head_columns(whole.name)) {
      expect_same_tensor(*part, whole);
      continue;
    }
    const int layer = layer_of(whole.name);
    const auto& before = source.spec().layout.attention(layer);
    const auto expected =
        expected_of(whole, kept_positions(before, result.spec().layout.attention(layer)), before.unit_size, false);
    EXPECT_EQ(part->dtype, whole.dtype) << whole.name;
    EXPECT_EQ(part->shape, expected.shape) << whole.name;
    EXPECT_TRUE(text_of(part->bytes) == expected.bytes) << whole.name;
    ++cut;
  }
  EXPECT_EQ(cut, 7 * source.spec().layer_count());
  // The emptied layer's tensors are there, without elements.
  EXPECT_TRUE(std::any_of(result.store().tensors().begin(), result.store().tensors().end(),
                          [](const TensorView& view) { return view.shape.size() == 2 && view.shape[0] == 0; }));
  EXPECT_TRUE(std::any_of(result.store().tensors().begin(), result.store().tensors().end(),
                          [](const TensorView& view) { return view.shape.size() == 2 && view.shape[1] == 0; }));
}

TEST_P(Goldens, ZeroesTheOutputProjectionWhereShapesAreKept) {
  const auto source = arch::Checkpoint::open(golden(GetParam()));
  const Plan plan = mixed_plan(source);
  const auto left = pruned_layout(plan, source.spec().layout);
  const auto result = pruned(source, plan, "out", true);
  EXPECT_EQ(result.spec().layout, source.spec().layout);
  Json config = result.config();
  EXPECT_EQ(zeroed_units(result), plan.removed);
  config.erase("hies");
  EXPECT_EQ(config, source.config());
  ASSERT_EQ(result.store().tensors().size(), source.store().tensors().size());
  int zeroed = 0;
  for (const TensorView& whole : source.store().tensors()) {
    const TensorView* part = result.store().find(whole.name);
    ASSERT_NE(part, nullptr) << whole.name;
    if (!has_head_columns(whole.name)) {
      expect_same_tensor(*part, whole);
      continue;
    }
    const int layer = layer_of(whole.name);
    const auto& before = source.spec().layout.attention(layer);
    EXPECT_EQ(part->shape, whole.shape);
    EXPECT_TRUE(text_of(part->bytes) ==
                expected_of(whole, kept_positions(before, left.attention(layer)), before.unit_size, true).bytes)
        << whole.name;
    zeroed += text_of(part->bytes) != text_of(whole.bytes);
  }
  EXPECT_EQ(zeroed, static_cast<int>(std::distance(plan.removed.begin(), plan.removed.end())));
}

TEST_P(Goldens, RemovingNothingChangesNothing) {
  const auto source = arch::Checkpoint::open(golden(GetParam()));
  const auto result = pruned(source, plan_for(source, [](int, int) { return false; }), "out");
  EXPECT_EQ(result.hash(), source.hash());
  EXPECT_EQ(read_file(room / "out/config.json"), read_file(golden(GetParam()) / "config.json"));
  ASSERT_EQ(result.store().tensors().size(), source.store().tensors().size());
  for (std::size_t i = 0; i < result.store().tensors().size(); ++i)
    expect_same_tensor(result.store().tensors()[i], source.store().tensors()[i]);
}

TEST_P(Goldens, TwiceIsOnceWithTheUnion) {
  const auto source = arch::Checkpoint::open(golden(GetParam()));
  const int layers = source.spec().layer_count();
  const auto first = [](int layer, int head) { return (layer + head) % 3 == 0; };
  const auto step = pruned(source, plan_for(source, first), "step");
  const auto twice = pruned(step, plan_for(step, [&](int layer, int head) { return removes(layer, head, layers); }), "twice");
  const auto once = pruned(
      source, plan_for(source, [&](int layer, int head) { return first(layer, head) || removes(layer, head, layers); }), "once");
  EXPECT_EQ(twice.hash(), once.hash());
  ASSERT_EQ(twice.store().tensors().size(), once.store().tensors().size());
  for (std::size_t i = 0; i < once.store().tensors().size(); ++i)
    expect_same_tensor(twice.store().tensors()[i], once.store().tensors()[i]);
  Json a = twice.config();
  Json b = once.config();
  EXPECT_EQ(a["hies"]["history"].size(), 2U);
  EXPECT_EQ(b["hies"]["history"].size(), 1U);
  EXPECT_EQ(a["hies"]["history"][0], step.config()["hies"]["history"][0]);
  EXPECT_EQ(a["hies"]["source"]["weights"], step.hash());
  EXPECT_EQ(a["hies"]["source"]["config"], *step.hashes().config);
  for (Json* config : {&a, &b})
    for (const char* key : {"history", "source"}) (*config)["hies"].erase(key);
  EXPECT_EQ(a, b);
}

INSTANTIATE_TEST_SUITE_P(Models, Goldens,
                         testing::Values("bert-tiny", "bert-reg", "bert-legacy", "bert-v4-pruned", "roberta-tiny",
                                         "distilbert-tiny"));

// ---- weights --------------------------------------------------------------------------------------------------------------

using Weights = SurgeryTest;

// The checkpoint in `folder` written again, with `change` made to each tensor's bytes and `more` tensors.
void rewrite(const std::filesystem::path& folder, const std::function<void(const TensorView&, std::string&)>& change,
             std::vector<formats::TensorSource> more = {}) {
  const auto store = formats::TensorStore::open(folder);
  const auto rewritten = folder / "rewritten";
  std::filesystem::create_directory(rewritten);
  std::vector<formats::TensorSource> sources = std::move(more);
  for (const TensorView& view : store.tensors()) {
    std::string bytes = text_of(view.bytes);
    change(view, bytes);
    sources.push_back(
        {view.name, view.dtype, view.shape, view.file, [bytes](const auto& sink) { sink(std::as_bytes(std::span(bytes))); }});
  }
  formats::write_safetensors(rewritten, sources, 1 << 30, silent_progress());
  for (const auto& entry : std::filesystem::directory_iterator(rewritten))
    std::filesystem::rename(entry.path(), folder / entry.path().filename());
  std::filesystem::remove(rewritten);
}

TEST_F(Weights, ThatAreNotNumbersAreRefused) {
  const std::string name = "bert.encoder.layer.1.intermediate.dense.weight";
  const auto folder = copy_of(golden("bert-tiny"));
  rewrite(folder, [&](const TensorView& view, std::string& bytes) {
    if (view.name == name) bytes.replace(bytes.size() - 4, 4, std::string("\0\0\xc0\x7f", 4));
  });
  const auto source = arch::Checkpoint::open(folder);
  for (const bool keep_shapes : {false, true}) {
    const Error error = error_of([&] {
      pruned(source, plan_for(source, [](int, int head) { return head == 0; }), keep_shapes ? "kept" : "cut", keep_shapes);
    });
    EXPECT_EQ(error.kind(), ErrorKind::bad_input);
    EXPECT_NE(std::string(error.what()).find(name), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("NaN"), std::string::npos) << error.what();
  }
}

// Also in the part that is cut away.
TEST_F(Weights, OfRemovedHeadsAreLookedAtToo) {
  const auto folder = copy_of(golden("bert-tiny"));
  rewrite(folder, [&](const TensorView& view, std::string& bytes) {
    if (view.name == "bert.encoder.layer.0.attention.self.key.weight") bytes.replace(0, 4, std::string("\0\0\x80\x7f", 4));
  });
  const auto source = arch::Checkpoint::open(folder);
  const Error error = error_of([&] { pruned(source, plan_for(source, [](int, int head) { return head == 0; }), "out"); });
  EXPECT_NE(std::string(error.what()).find("layer.0.attention.self.key.weight"), std::string::npos) << error.what();
}

TEST_F(Weights, ThatTheFamilyDoesNotUseComeAlong) {
  const auto folder = copy_of(golden("bert-tiny"));
  const auto fill = [](std::string bytes) {
    return [bytes = std::move(bytes)](const auto& sink) { sink(std::as_bytes(std::span(bytes))); };
  };
  rewrite(folder, [](const TensorView&, std::string&) {},
          {{"cls.predictions.bias", formats::DType::float32, {1}, 0, fill(std::string("\0\0\xc0\x7f", 4))},
           {"bert.embeddings.position_ids", formats::DType::int64, {1, 2}, 0, fill(std::string(16, '\x05'))},
           {"a.mask", formats::DType::boolean, {3}, 0, fill("\x01\x01\x01")}});
  const auto source = arch::Checkpoint::open(folder);
  ASSERT_EQ(source.unused().size(), 3U);
  const auto result = pruned(source, plan_for(source, [](int, int head) { return head > 1; }), "out");
  EXPECT_EQ(result.unused(), source.unused());
  for (const std::string& name : source.unused()) expect_same_tensor(*result.store().find(name), *source.store().find(name));
}

TEST_F(Weights, AreSplitAtTheShardSize) {
  const auto source = arch::Checkpoint::open(golden("bert-tiny"));
  const Plan plan = plan_for(source, [](int, int head) { return head > 1; });
  std::filesystem::create_directories(room / "whole");
  std::filesystem::create_directories(room / "split");
  SurgeryOptions options;
  write_pruned(source, plan, options, "", room / "whole", silent_progress());
  options.max_shard_size = "20KB";
  write_pruned(source, plan, options, "", room / "split", silent_progress());
  const auto whole = arch::Checkpoint::open(room / "whole");
  const auto split = arch::Checkpoint::open(room / "split");
  EXPECT_EQ(whole.store().files().size(), 1U);
  EXPECT_GT(split.store().files().size(), 2U);
  EXPECT_EQ(split.hash(), whole.hash());
  options.max_shard_size = "twenty";
  EXPECT_EQ(error_of([&] { write_pruned(source, plan, options, "", room / "bad", silent_progress()); }).kind(),
            ErrorKind::bad_input);
}

TEST_F(Weights, OfAnotherModelOrWithoutThatHeadAreRefused) {
  const auto source = arch::Checkpoint::open(golden("bert-v4-pruned"));
  Plan plan = plan_for(source, [](int, int) { return false; });
  plan.removed = heads_of({{0, {1}}});  // transformers removed it
  EXPECT_EQ(error_of([&] { pruned(source, plan, "out"); }).kind(), ErrorKind::bad_input);
  plan.removed = heads_of({{0, {0}}});
  plan.model.weights = "0";
  EXPECT_EQ(error_of([&] { pruned(source, plan, "out"); }).kind(), ErrorKind::bad_input);
  EXPECT_TRUE(std::filesystem::is_empty(room / "out"));
}

}  // namespace
}  // namespace hies::prune
