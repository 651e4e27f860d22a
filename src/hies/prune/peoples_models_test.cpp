// Pruned checkpoints of models that were saved otherwise than transformers does today.

#include "hies/prune/test_surgery.h"

namespace hies::prune {
namespace {

class PeoplesModels : public SurgeryTest {
 protected:
  // A golden checkpoint with other names, and with further tensors.
  std::filesystem::path rewritten(const std::string& name, const std::function<std::string(const std::string&)>& rename,
                                  std::vector<formats::TensorSource> more = {}) const {
    auto folder = copy_of(golden(name));
    const formats::TensorStore store = formats::TensorStore::open(golden(name));
    for (const formats::TensorView& view : store.tensors())
      more.push_back({rename(view.name), view.dtype, view.shape, 0, [&view](const auto& sink) { sink(view.bytes); }});
    for (const auto& file : store.files()) std::filesystem::remove(folder / file.filename());
    std::filesystem::remove(folder / "model.safetensors.index.json");
    formats::write_safetensors(folder, more, std::uint64_t{1} << 40, silent_progress());
    return folder;
  }
};

const auto kFirstHead = [](int, int head) { return head == 0; };

TEST_F(PeoplesModels, AreWrittenWithTheNamesThatTheyHad) {
  const auto wrapped = rewritten("bert-tiny", [](const std::string& name) { return "module." + name; });
  const auto source = arch::Checkpoint::open(wrapped);
  const auto result = pruned(source, plan_for(source, kFirstHead), "wrapped-out");
  const auto plain = arch::Checkpoint::open(golden("bert-tiny"));
  const auto wanted = pruned(plain, plan_for(plain, kFirstHead), "plain-out");
  ASSERT_EQ(result.store().tensors().size(), wanted.store().tensors().size());
  for (const formats::TensorView& view : wanted.store().tensors()) {
    const formats::TensorView* mine = result.store().find("module." + view.name);
    ASSERT_NE(mine, nullptr) << view.name;
    EXPECT_TRUE(formats::same_content(*mine, view)) << view.name;
  }
}

// config.json of the pruned checkpoint says what the weights decided, so that every program reads the same model.
TEST_F(PeoplesModels, UntiedMatricesAreUntiedInConfigToo) {
  const auto tied = arch::Checkpoint::open(golden("gpt2-tiny"));
  const std::vector<float> values(
      static_cast<std::size_t>(tied.spec().text.vocabulary) * static_cast<std::size_t>(tied.spec().hidden), 0.25F);
  const auto fill = [&](const auto& sink) { sink(std::as_bytes(std::span(values))); };
  const auto folder =
      rewritten("gpt2-tiny", [](const std::string& name) { return name; },
                {{"lm_head.weight", formats::DType::float32, {tied.spec().text.vocabulary, tied.spec().hidden}, 0, fill}});
  Json config = read_json(folder / "config.json");
  config.erase("tie_word_embeddings");  // GPT-2's default is true
  write_file(folder / "config.json", pretty(config), true);
  const auto source = arch::Checkpoint::open(folder);
  ASSERT_TRUE(source.is_untied_by_weights());
  for (const bool keep_shapes : {false, true}) {
    const auto result = pruned(source, plan_for(source, kFirstHead), keep_shapes ? "kept" : "cut", keep_shapes);
    EXPECT_EQ(result.config()["tie_word_embeddings"], false);
    EXPECT_FALSE(result.is_untied_by_weights());
    EXPECT_FALSE(result.spec().head.tied);
    expect_same_tensor(*result.store().find("lm_head.weight"), *source.store().find("lm_head.weight"));
  }
  // Of others config.json says what it said.
  const auto untouched = pruned(tied, plan_for(tied, kFirstHead), "tied-out");
  EXPECT_EQ(untouched.config()["tie_word_embeddings"], tied.config()["tie_word_embeddings"]);
}

TEST_F(PeoplesModels, ConfigKeepsNumbersThatAreNotFinite) {
  const auto folder = copy_of(golden("bert-tiny"));
  const std::string config = read_file(folder / "config.json");
  write_file(folder / "config.json", "{\"limit\": [0.0, Infinity], \"scale\": NaN, " + config.substr(1), true);
  const auto source = arch::Checkpoint::open(folder);
  pruned(source, plan_for(source, kFirstHead), "out");
  const std::string text = read_file(room / "out/config.json");
  EXPECT_NE(text.find("\"limit\": [0.0, Infinity],\n  \"scale\": NaN,"), std::string::npos) << text;
}

}  // namespace
}  // namespace hies::prune
