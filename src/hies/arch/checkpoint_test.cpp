// What a directory holds in place of what a checkpoint needs: tied and untied matrices, missing tensors, other formats, adapters.

#include "hies/arch/test_checkpoints.h"
#include "hies/model/cost.h"

namespace hies::arch {
namespace {

using Tying = CheckpointTest;
using MissingTensor = CheckpointTest;
using OtherWeights = CheckpointTest;
using Adapter = CheckpointTest;
using Quantised = CheckpointTest;

std::vector<std::int64_t> table_shape(const std::string& name) {
  const Checkpoint checkpoint = Checkpoint::open(std::string(HIES_SOURCE_DIR) + "/tests/golden/" + name + "/model");
  for (const auto& [decl, view] : checkpoint.tensors())
    if (decl.name.ends_with("embed_tokens.weight") || decl.name.ends_with("wte.weight")) return decl.shape;
  return {};
}

// Families with tied goldens, and how their table of word embeddings is called.
const std::vector<std::pair<const char*, const char*>> kTied = {{"gpt2-tiny", "transformer.wte.weight"},
                                                                {"llama-gqa", "model.embed_tokens.weight"},
                                                                {"qwen2-tiny", "model.embed_tokens.weight"}};

TEST_F(Tying, OtherValuesOfTheOutputMatrixAreUsed) {
  for (const auto& [name, table] : kTied) {
    const std::vector<std::int64_t> shape = table_shape(name);
    add_tensor("lm_head.weight", shape, 0.5F);
    write_model(name);
    Json config = read_json(model / "config.json");
    for (const bool stated : {true, false}) {
      if (!stated && std::string_view(name) != "gpt2-tiny") continue;  // tied where config.json does not say
      if (stated) config["tie_word_embeddings"] = true;
      else config.erase("tie_word_embeddings");
      put("config.json", pretty(config));
      Warnings warnings;
      const Checkpoint checkpoint = Checkpoint::open(model, warnings);
      EXPECT_TRUE(checkpoint.is_untied_by_weights());
      EXPECT_FALSE(checkpoint.spec().head.tied);
      EXPECT_EQ(checkpoint.spec().head.classifiers.front().name, "lm_head");
      EXPECT_EQ(checkpoint.find("lm_head.weight")->name, "lm_head.weight");
      EXPECT_TRUE(checkpoint.unused().empty());
      expect_part(warnings.text, "lm_head.weight holds other values");
      expect_part(warnings.text, "transformers 4");
      const auto tied = Checkpoint::open(golden(name));
      EXPECT_EQ(model::model_cost(checkpoint.spec(), 8).parameters,
                model::model_cost(tied.spec(), 8).parameters + shape[0] * shape[1]);
      EXPECT_NE(checkpoint.hashes().config, tied.hashes().config);
    }
  }
}

TEST_F(Tying, TheSameValuesStayOneMatrix) {
  for (const auto& [name, table] : kTied) {
    const Checkpoint tied = Checkpoint::open(golden(name));
    const formats::TensorView* view = tied.find(table);
    more_tensors.push_back({"lm_head.weight", view->dtype, view->shape, 0, [view](const auto& sink) { sink(view->bytes); }});
    write_model(name);
    set("tie_word_embeddings", true);
    Warnings warnings;
    const Checkpoint checkpoint = Checkpoint::open(model, warnings);
    EXPECT_FALSE(checkpoint.is_untied_by_weights());
    EXPECT_TRUE(checkpoint.spec().head.tied);
    EXPECT_EQ(checkpoint.unused(), std::vector<std::string>{"lm_head.weight"});
    EXPECT_EQ(warnings.text, "");
    EXPECT_EQ(model::model_cost(checkpoint.spec(), 8).parameters,
              model::model_cost(Checkpoint::open(golden(name)).spec(), 8).parameters);
  }
}

// As transformers 5 does, which ties to the one that is there.
TEST_F(Tying, TheTableMayBeStoredAsTheOutputMatrix) {
  for (const auto& [name, table] : kTied) {
    const std::string stored = Checkpoint::open(golden(name)).find(table)->name;
    write_model(name, [&](const std::string& each) { return each == stored ? "lm_head.weight" : each; });
    set("tie_word_embeddings", true);
    const Checkpoint checkpoint = Checkpoint::open(model);
    EXPECT_EQ(checkpoint.find(table)->name, "lm_head.weight");
    EXPECT_TRUE(checkpoint.spec().head.tied);
    EXPECT_TRUE(checkpoint.unused().empty());
    set("tie_word_embeddings", false);
    expect_part(refusal(), std::string("has no tensor ") + table);
  }
}

TEST_F(MissingTensor, IsNamedWithItsNearestRelative) {
  write_model("bert-tiny", [](const std::string& name) {
    return name == "bert.encoder.layer.1.attention.self.query.weight" ? "bert.encoder.layer.1.attention.self.querry.weight"
                                                                      : name;
  });
  const std::string text = refusal();
  expect_part(text, "bad_input: ");
  expect_part(text, "has no tensor bert.encoder.layer.1.attention.self.query.weight");
  expect_part(text, "'bert.encoder.layer.1.attention.self.querry.weight' is there");
}

TEST_F(MissingTensor, BecauseThereAreFewerLayers) {
  write_model("llama-gqa");
  set("num_hidden_layers", 4);
  expect_part(refusal(), "config.json says 4 layers, but the weights are of 2");
}

TEST_F(MissingTensor, BecauseTheWeightsAreAnotherLibrarys) {
  write_model("vit-tiny", [](const std::string& name) { return "blocks_" + name + "_of_timm"; });
  const std::string text = refusal();
  expect_part(text, "none of its");
  expect_part(text, "ViTForImageClassification");
}

TEST_F(MissingTensor, BecauseAnAdapterIsNotMerged) {
  add_tensor("bert.encoder.layer.0.attention.self.query.lora_A.default.weight", {4, 64}, 0);
  write_model("bert-tiny", [](const std::string& name) {
    return name.ends_with("query.weight") ? name.substr(0, name.size() - 6) + "base_layer.weight" : name;
  });
  const std::string text = refusal();
  expect_part(text, "unsupported: ");
  expect_part(text, "adapter that is not merged");
  expect_part(text, "merge_and_unload()");
}

TEST_F(MissingTensor, BecauseTheWeightsAreQuantised) {
  write_model("llama-gqa", [](const std::string& name) {
    return name.ends_with("_proj.weight") ? name.substr(0, name.size() - 6) + "qweight" : name;
  });
  expect_part(refusal(), "unsupported: ");
  expect_part(refusal(), "the weights are quantised (model.layers.0.mlp.down_proj.qweight)");
}

// The index says where a tensor should be; a head that it lists is no checkpoint without a head.
TEST_F(MissingTensor, BecauseItsShardLacksIt) {
  for (const std::string lost : {"bert.encoder.layer.1.attention.self.query.weight", "classifier.weight"}) {
    write_model("bert-tiny", [&](const std::string& name) { return name == lost ? "" : name; });
    std::filesystem::rename(model / "model.safetensors", model / "model-00001-of-00001.safetensors");
    const Json file = "model-00001-of-00001.safetensors";
    Json index = {{"weight_map", {{lost, file}, {"bert.embeddings.position_ids", file}}}};
    put("model.safetensors.index.json", pretty(index));
    const std::string text = refusal();
    expect_part(text, "has no tensor " + lost);
    expect_part(text, "model.safetensors.index.json places it in model-00001-of-00001.safetensors");
    // A buffer that nobody needs is no reason, nor is a part of a head a checkpoint without one.
    index["weight_map"].erase(lost);
    put("model.safetensors.index.json", pretty(index));
    expect_part(refusal(), "the other tensors are there");
  }
}

TEST_F(OtherWeights, SayHowToConvertThem) {
  std::filesystem::create_directories(model);
  const auto refused = [&](const char* golden_name, const std::string& file, std::initializer_list<std::string_view> parts) {
    std::filesystem::remove_all(model);
    std::filesystem::create_directories(model);
    std::filesystem::copy(golden(golden_name) / "config.json", model / "config.json");
    put("training_args.bin", "x");
    if (!file.empty()) put(file, "x");
    const std::string text = refusal();
    for (const std::string_view part : parts) expect_part(text, part);
    EXPECT_EQ(text.find("save_pretrained('" + model.string() + "')"), std::string::npos) << text;  // another directory
  };
  const std::string to = fmt::format("save_pretrained('{}-safetensors')", model.string());
  refused("bert-tiny", "", {"bad_input: ", "has no weights"});
  refused("bert-tiny", "pytorch_model.bin",
          {"unsupported: ", "pytorch_model.bin", "AutoModelForSequenceClassification as M", to});
  refused("gpt2-tiny", "pytorch_model.bin", {"AutoModelForCausalLM as M", to});
  refused("llama-gqa", "pytorch_model.bin.index.json", {"AutoModelForCausalLM as M", to});
  refused("vit-tiny", "pytorch_model.bin", {"AutoModelForImageClassification as M", to});
  refused("deit-teacher", "pytorch_model.bin", {"import DeiTForImageClassificationWithTeacher as M", to});
  refused("bert-tiny", "tf_model.h5", {"tf_model.h5", "transformers 4", "from_tf=True", to});
  refused("bert-tiny", "flax_model.msgpack", {"flax_model.msgpack", "from_flax=True", to});
  refused("llama-gqa", "model.gguf", {"model.gguf", "made from"});
  refused("bert-tiny", "model.onnx", {"model.onnx", "made from"});
  refused("bert-tiny", "model.fp16.safetensors", {"bad_input: ", "only model.fp16.safetensors", "rename it"});
  refused("bert-tiny", "model-00001-of-00002.safetensors",
          {"only model-00001-of-00002.safetensors", "model.safetensors.index.json, too"});
  refused("bert-tiny", "weights.pt", {"weights.pt"});
}

TEST_F(OtherWeights, ACheckpointInsideIsNamed) {
  for (const char* inner : {"checkpoint-500", "snapshots/0123abcd"}) {
    std::filesystem::remove_all(model);
    std::filesystem::create_directories(model / inner);
    put("trainer_state.json", "{}");
    EXPECT_EQ(refusal(), fmt::format("bad_input: {0} has no config.json | give the path of a Hugging Face checkpoint directory",
                                     model.string()));
    std::filesystem::remove_all(model / inner);
    std::filesystem::copy(golden("bert-tiny"), model / inner, std::filesystem::copy_options::recursive);
    expect_part(refusal(), fmt::format("| a checkpoint is in {}", (model / inner).string()));
  }
}

// As in a cache that was not filled to its end.
TEST_F(OtherWeights, LinksToNothing) {
  for (const char* file : {"config.json", "model.safetensors"}) {
    write_model("bert-tiny");
    std::filesystem::remove(model / file);
    std::filesystem::create_symlink(own / "blobs/0123", model / file);
    expect_part(refusal(), fmt::format("?: {} is a link to a file that does not exist", (model / file).string()));
  }
}

// config.json decides what is in a command for the shell.
TEST_F(OtherWeights, NoClassNoCommand) {
  for (const Json& names : {Json(), Json::array(), Json("BertModel"), Json::array({"x'); import os #"}), Json::array({3})}) {
    write_model("bert-tiny");
    std::filesystem::rename(model / "model.safetensors", model / "pytorch_model.bin");
    set("architectures", names);
    const std::string text = refusal();
    expect_part(text, "architecture");
    EXPECT_EQ(text.find("python -c"), std::string::npos) << text;
  }
}

TEST_F(Adapter, AloneIsMergedFirst) {
  std::filesystem::create_directories(model);
  put("adapter_model.safetensors", "x");
  put("adapter_config.json", R"({"peft_type": "LORA", "task_type": "SEQ_CLS", "base_model_name_or_path": "bert-base-uncased"})");
  const std::string text = refusal();
  expect_part(text, "unsupported: ");
  expect_part(text, "holds an adapter alone (adapter_model.safetensors)");
  expect_part(text, "merge it first: python -c \"from peft import AutoPeftModelForSequenceClassification as M; ");
  expect_part(text, fmt::format("merge_and_unload().save_pretrained('{}-merged')", model.string()));
  put("adapter_config.json", R"({"peft_type": "PROMPT_TUNING", "task_type": "CAUSAL_LM"})");
  expect_part(refusal(), "cannot become part of the weights");
  // A damaged adapter_config.json only makes the hint worse.
  put("adapter_config.json", "{");
  expect_part(refusal(), "AutoPeftModel as M");
  // With the base model's config.json beside it.
  std::filesystem::copy(golden("bert-tiny") / "config.json", model / "config.json");
  expect_part(refusal(), "but not the weights of the model that it changes");
}

TEST_F(Adapter, BesideTheWeightsIsNotApplied) {
  write_model("bert-tiny");
  for (const char* file : {"adapter_config.json", "adapter_model.safetensors"}) {
    put(file, R"({"peft_type": "LORA", "task_type": "SEQ_CLS"})");
    Warnings warnings;
    expect_part((Checkpoint::open(model, warnings), warnings.text), fmt::format("adapter ({}), which is not applied", file));
    expect_part(warnings.text, "merge_and_unload()");
  }
}

TEST_F(Quantised, IsRefusedInEveryFamily) {
  for (const char* name : {"bert-tiny", "distilbert-tiny", "roberta-tiny", "vit-tiny", "dinov2-tiny", "gpt2-tiny", "llama-gqa"}) {
    for (const char* key : {"quantization_config", "compression_config"}) {
      write_model(name);
      set(key, {{"quant_method", "gptq"}, {"bits", 4}});
      expect_part(refusal(), fmt::format("unsupported: {}/config.json: quantised weights ({})", model.string(), key));
      set(key, {{"quant_method", "bitsandbytes"}, {"load_in_8bit", true}, {"load_in_4bit", false}});
      expect_part(refusal(), key);
      for (const Json& harmless : {Json(), Json::object(), Json(false),
                                   Json{{"quant_method", "bitsandbytes"}, {"load_in_8bit", false}, {"load_in_4bit", false}}}) {
        set(key, harmless);
        EXPECT_NO_THROW(Checkpoint::open(model)) << harmless.dump();
      }
    }
  }
}

// Python's json module writes numbers that JSON does not have.
TEST_F(CheckpointTest, ConfigWithNumbersThatAreNotFinite) {
  write_model("bert-tiny");
  const std::string config = read_file(model / "config.json");
  put("config.json", "{\"limit\": [0.0, Infinity], \"loss\": {\"scale\": NaN}, \"low\": -Infinity,\n" + config.substr(1));
  const Checkpoint checkpoint = Checkpoint::open(model);
  EXPECT_EQ(checkpoint.hashes(), Checkpoint::open(golden("bert-tiny")).hashes());
  expect_part(pretty_python(checkpoint.config()), "\"limit\": [0.0, Infinity]");
  expect_part(pretty_python(checkpoint.config()), "\"scale\": NaN");
  expect_part(pretty_python(checkpoint.config()), "\"low\": -Infinity");
  // Where a number is needed it must be one.
  const auto with = [&](const std::string& number) {
    std::string text = config;
    const std::string key = "\"layer_norm_eps\": ";
    text.replace(text.find(key), text.find(',', text.find(key)) - text.find(key), key + number);
    put("config.json", text);
  };
  for (const char* number : {"Infinity", "-Infinity", "NaN"}) {
    with(number);
    expect_part(refusal(), fmt::format("'layer_norm_eps' must be a finite number, found {}", number));
  }
}

TEST_F(CheckpointTest, ConfigThatIsAGitLfsPointer) {
  write_model("bert-tiny");
  put("config.json", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n");
  expect_part(refusal(), "config.json is a Git LFS pointer");
}

}  // namespace
}  // namespace hies::arch
