// What a pruned checkpoint's folder holds besides weights: config.json, README.md and all the rest.

#include <algorithm>

#include "hies/prune/test_surgery.h"
#include "hies/prune/zeroed.h"

namespace hies::prune {
namespace {

std::vector<std::string> keys_of(const Json& json) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : json.items()) keys.push_back(key);
  return keys;
}

using PrunedConfig = SurgeryTest;

TEST_F(PrunedConfig, GainsTheTwoKeysAtItsEnd) {
  const auto source = arch::Checkpoint::open(golden("bert-tiny"));
  Plan plan;
  plan.model = source.hashes();
  plan.model.inputs = "the tokenizer";
  plan.removed = heads_of({{0, {3, 1}}, {2, {0}}});
  plan.information["ratio"] = 0.25;
  const auto result = pruned(source, plan, "out");
  const Json& config = result.config();
  auto keys = keys_of(source.config());
  keys.insert(keys.end(), {"pruned_heads", "hies"});
  EXPECT_EQ(keys_of(config), keys);
  for (const auto& [key, value] : source.config().items()) EXPECT_EQ(config[key], value) << key;
  EXPECT_EQ(config["num_attention_heads"], 4);
  EXPECT_EQ(config["pruned_heads"], Json::parse(R"({"0":[1,3],"2":[0]})"));
  const Json& block = config["hies"];
  EXPECT_EQ(keys_of(block), (std::vector<std::string>{"schema", "removed", "original_heads", "original_kv_heads", "head_dim",
                                                      "source", "history"}));
  EXPECT_EQ(block["schema"], "hies.pruned/2");
  EXPECT_EQ(block["removed"], Json::parse(R"({"attention":{"0":"1,3","2":"0"}})"));
  EXPECT_EQ(block["original_heads"], 4);
  EXPECT_EQ(block["original_kv_heads"], 4);
  EXPECT_EQ(block["head_dim"], 16);
  EXPECT_EQ(block["source"],
            (Json{{"weights", source.hash()}, {"config", *source.hashes().config}, {"inputs", "the tokenizer"}}));
  ASSERT_EQ(block["history"].size(), 1U);
  EXPECT_EQ(block["history"][0]["model"], block["source"]);
  EXPECT_EQ(block["history"][0]["removed"], block["removed"]);
  EXPECT_EQ(block["history"][0]["ratio"], 0.25);
}

TEST_F(PrunedConfig, TellsOfZeroedHeads) {
  const auto source = arch::Checkpoint::open(golden("bert-tiny"));
  EXPECT_TRUE(zeroed_units(source).empty());
  const auto with_head_1 = [](int layer, int head) { return layer == 1 && head == 1; };
  const auto once = pruned(source, plan_for(source, with_head_1), "once", true);
  EXPECT_FALSE(once.config().contains("pruned_heads"));
  EXPECT_EQ(once.config()["hies"]["history"].size(), 1U);
  EXPECT_EQ(once.spec().layout, source.spec().layout);
  // Zeroed twice: the union. Cut: those that are still there.
  const auto others = [](int layer, int head) { return layer != 2 && head % 3 == 0; };
  const auto twice = pruned(once, plan_for(once, others), "twice", true);
  EXPECT_EQ(zeroed_units(twice).text(), "attention.0:0,3 attention.1:0-1,3");
  const auto cut = pruned(twice, plan_for(twice, [](int layer, int head) { return layer == 0 || head == 3; }), "cut");
  EXPECT_EQ(zeroed_units(cut).text(), "attention.1:0-1");
  EXPECT_EQ(cut.config()["hies"]["history"].size(), 3U);
}

TEST_F(PrunedConfig, RefusesZeroedHeadsThatAreNotThere) {
  const auto source = arch::Checkpoint::open(golden("bert-tiny"));
  pruned(source, plan_for(source, [](int layer, int head) { return layer == 1 && head == 1; }), "out", true);
  const auto refuse = [&](const char* schema, const char* zeroed) {
    Json config = read_json(room / "out/config.json");
    config["hies"]["schema"] = schema;
    config["hies"]["zeroed"] = Json::parse(zeroed);
    if (std::string(schema) == "hies.pruned/1")
      config["hies"]["heads"] = config["hies"]["kv_heads"] = Json::parse("[[0,1,2,3],[0,1,2,3],[0,1,2,3]]");
    write_file(room / "out/config.json", pretty(config), true);
    const Error error = error_of([&] { zeroed_units(arch::Checkpoint::open(room / "out")); });
    EXPECT_EQ(error.kind(), ErrorKind::bad_input) << zeroed;
    EXPECT_NE(std::string(error.what()).find("hies.zeroed"), std::string::npos) << error.what();
  };
  for (const char* zeroed : {R"({"attention": {"1": "4"}})", R"({"attention": {"1": "2-1"}})", R"({"attention": {"3": "1"}})",
                             R"({"ffn": {"0": "24"}})", R"({"attention": {"x": "1"}})", "[]"})
    refuse("hies.pruned/2", zeroed);
  for (const char* zeroed :
       {R"({"1": [4]})", R"({"1": [-1]})", R"({"1": [2, 1]})", R"({"1": 1})", R"({"3": [1]})", R"({"x": [1]})", "[]"})
    refuse("hies.pruned/1", zeroed);
}

TEST_F(PrunedConfig, ComposesWithWhatTransformersRemoved) {
  const auto source = arch::Checkpoint::open(golden("bert-v4-pruned"));
  const auto result = pruned(source, plan_for(source, [](int layer, int head) { return layer < 2 && head == 2; }), "out");
  auto keys = keys_of(source.config());  // pruned_heads stays where it was
  keys.emplace_back("hies");
  EXPECT_EQ(keys_of(result.config()), keys);
  EXPECT_EQ(result.config()["pruned_heads"], Json::parse(R"({"0":[1,2,3],"1":[2],"2":[0,2,3]})"));
  EXPECT_EQ(result.config()["hies"]["removed"], Json::parse(R"({"attention":{"0":"1-3","1":"2","2":"0,2-3"}})"));
}

TEST_F(PrunedConfig, SaysNothingToTransformersOnceALayerIsEmpty) {
  for (const char* name : {"bert-tiny", "bert-v4-pruned", "distilbert-tiny"}) {
    const auto source = arch::Checkpoint::open(golden(name));
    const auto result = pruned(source, plan_for(source, [](int layer, int) { return layer == 0; }), name);
    EXPECT_FALSE(result.config().contains("pruned_heads")) << name;
    EXPECT_TRUE(result.spec().layout.attention(0).units.empty());
  }
}

TEST_F(PrunedConfig, OfDistilBertKeepsItsOwnWordForHeads) {
  const auto source = arch::Checkpoint::open(golden("distilbert-tiny"));
  const auto result = pruned(source, plan_for(source, [](int, int head) { return head == 1; }), "out");
  EXPECT_EQ(result.config()["n_heads"], 3);
  EXPECT_EQ(result.config()["pruned_heads"], Json::parse(R"({"0":[1],"1":[1]})"));
}

// The documentation's example is what surgery writes.
TEST_F(PrunedConfig, IsAsDocumented) {
  const std::string page = read_file(HIES_SOURCE_DIR "/docs/formats.md");
  const std::size_t section = page.find("\n## A pruned checkpoint");
  ASSERT_NE(section, std::string::npos);
  const std::size_t begin = page.find("```json\n", section);
  ASSERT_NE(begin, std::string::npos);
  std::string block = page.substr(begin + 8, page.find("```", begin + 8) - begin - 8);
  const auto source = arch::Checkpoint::open(golden("bert-tiny"));
  const Json documented_source = parse_json(block, "docs/formats.md")["hies"]["source"];
  const auto replace = [&](const std::string& hash, const std::string& by) {
    for (std::size_t at = block.find(hash); at != std::string::npos; at = block.find(hash)) block.replace(at, hash.size(), by);
  };
  replace(documented_source["weights"].get<std::string>(), source.hash());
  replace(documented_source["config"].get<std::string>(), *source.hashes().config);
  const Json documented = parse_json(block, "docs/formats.md");
  Json plan = documented["hies"]["history"][0];
  plan["schema"] = kPlanSchema;
  const auto result = pruned(source, plan_from_json(plan, "docs/formats.md"), "out");
  Json written;
  for (const char* key : {"pruned_heads", "hies"}) written[key] = result.config()[key];
  EXPECT_EQ(pretty(written), block);
}

class Warnings : public Progress {
 public:
  std::vector<std::string> lines;
  void warn(std::string_view message) override { lines.emplace_back(message); }
};

class PrunedFolder : public SurgeryTest {
 protected:
  static void put(const std::filesystem::path& path, std::string_view text) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
  }
  static Plan first_heads(const arch::Checkpoint& source) {
    return plan_for(source, [](int, int head) { return head == 0; });
  }
};

TEST_F(PrunedFolder, HasTheTokenizerAndTheRest) {
  for (const char* name : {"bert-tiny", "roberta-tiny", "distilbert-tiny"}) {
    const auto source = arch::Checkpoint::open(golden(name));
    Warnings warnings;
    pruned(source, first_heads(source), name, false, warnings);
    EXPECT_TRUE(warnings.lines.empty());
    for (const auto& entry : std::filesystem::directory_iterator(golden(name))) {
      const auto file = entry.path().filename();
      ASSERT_TRUE(std::filesystem::exists(room / name / file)) << file;
      if (file != "config.json" && file.string().find("safetensors") == std::string::npos) {
        EXPECT_EQ(read_file(room / name / file), read_file(entry.path())) << file;
      }
    }
  }
}

TEST_F(PrunedFolder, LeavesStaleWeightsBehindAndSaysSo) {
  const auto folder = copy_of(golden("bert-tiny"));
  for (const char* stale :
       {"pytorch_model.bin", "pytorch_model-00001-of-00002.bin", "pytorch_model.bin.index.json", "tf_model.h5",
        "flax_model.msgpack", "onnx/model.onnx", "adapter_model.safetensors", "model.gguf", "optimizer.pt"})
    put(folder / stale, "old");
  for (const char* kept : {"LICENSE", "training_args.bin", "onnx/config.json", "1_Pooling/config.json", "vocab.json"})
    put(folder / kept, kept);
  for (const char* hidden : {".gitattributes", ".git/HEAD", ".cache/x/y"}) put(folder / hidden, "x");
  std::filesystem::create_symlink("LICENSE", folder / "COPYING");  // as in the Hugging Face cache
  const auto source = arch::Checkpoint::open(folder);
  Warnings warnings;
  pruned(source, first_heads(source), "out", false, warnings);
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(room / "out"))
    if (!entry.is_directory()) names.push_back(entry.path().lexically_relative(room / "out").string());
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names, (std::vector<std::string>{"1_Pooling/config.json", "COPYING", "LICENSE", "config.json", "model.safetensors",
                                             "onnx/config.json", "tokenizer_config.json", "training_args.bin", "vocab.json",
                                             "vocab.txt"}));
  EXPECT_EQ(read_file(room / "out/COPYING"), "LICENSE");
  EXPECT_FALSE(std::filesystem::is_symlink(room / "out/COPYING"));
  EXPECT_EQ(read_file(room / "out/1_Pooling/config.json"), "1_Pooling/config.json");
  ASSERT_EQ(warnings.lines.size(), 1U);
  EXPECT_EQ(warnings.lines[0],
            "not copied, because they belong to the unpruned weights: adapter_model.safetensors, flax_model.msgpack, model.gguf, "
            "onnx/model.onnx, optimizer.pt, pytorch_model-00001-of-00002.bin, pytorch_model.bin, pytorch_model.bin.index.json, "
            "tf_model.h5");
}

TEST_F(PrunedFolder, AppendsTheNoteToTheModelCard) {
  const auto folder = copy_of(golden("bert-tiny"));
  const auto source = arch::Checkpoint::open(folder);
  const auto readme_after = [&](const std::string& note, const std::string& name) {
    std::filesystem::create_directories(room / name);
    write_pruned(source, first_heads(source), {}, note, room / name, silent_progress());
    return std::filesystem::exists(room / name / "README.md") ? read_file(room / name / "README.md") : "absent";
  };
  EXPECT_EQ(readme_after("## Pruned\n", "a"), "## Pruned\n");
  EXPECT_EQ(readme_after("", "b"), "absent");
  put(folder / "README.md", "---\nlicense: x\n---\n# Model\n");
  EXPECT_EQ(readme_after("## Pruned\n", "c"), "---\nlicense: x\n---\n# Model\n\n## Pruned\n");
  EXPECT_EQ(readme_after("", "d"), "---\nlicense: x\n---\n# Model\n");
  put(folder / "README.md", "# Model");
  EXPECT_EQ(readme_after("## Pruned\n", "e"), "# Model\n\n## Pruned\n");
}

}  // namespace
}  // namespace hies::prune
