// Tensors under other names than the canonical ones.

#include "hies/arch/test_checkpoints.h"
#include "hies/model/cost.h"

namespace hies::arch {
namespace {

using Names = CheckpointTest;

std::string replaced(std::string text, const std::vector<std::pair<std::string, std::string>>& pairs) {
  for (const auto& [from, to] : pairs)
    if (const auto at = text.find(from); at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

void expect_same_weights(const Checkpoint& got, const Checkpoint& wanted) {
  ASSERT_EQ(got.tensors().size(), wanted.tensors().size());
  for (std::size_t i = 0; i < got.tensors().size(); ++i) {
    const auto &mine = got.tensors()[i], &other = wanted.tensors()[i];
    EXPECT_EQ(mine.decl.name, other.decl.name);
    ASSERT_NE(mine.view, nullptr) << mine.decl.name;
    EXPECT_TRUE(formats::same_content(*mine.view, *other.view)) << mine.decl.name;
  }
}

// As transformers 5 calls them (models/vit, models/deit).
TEST_F(Names, OfTransformers5) {
  for (const std::string family : {"vit", "deit"}) {
    const auto renamed = [&](const std::string& name) {
      return replaced(name, {{family + ".encoder.layer.", family + ".layers."},
                             {"attention.attention.query", "attention.q_proj"},
                             {"attention.attention.key", "attention.k_proj"},
                             {"attention.attention.value", "attention.v_proj"},
                             {"attention.output.dense", "attention.o_proj"},
                             {"intermediate.dense", "mlp.fc1"},
                             {"output.dense", "mlp.fc2"}});
    };
    write_model(family + "-tiny", renamed);
    Warnings warnings;
    const Checkpoint checkpoint = Checkpoint::open(model, warnings);
    expect_same_weights(checkpoint, Checkpoint::open(golden(family + "-tiny")));
    EXPECT_TRUE(checkpoint.unused().empty());
    EXPECT_EQ(warnings.text, "");
    EXPECT_EQ(checkpoint.find(family + ".encoder.layer.0.attention.attention.query.weight")->name,
              family + ".layers.0.attention.q_proj.weight");
  }
}

// models/dinov2: the gated network's first matrix is two tensors there.
TEST_F(Names, OfTransformers5Dinov2) {
  for (const char* name : {"dinov2-tiny", "dinov2-gated"}) {
    const Checkpoint wanted = Checkpoint::open(golden(name));
    for (const formats::TensorView& view : wanted.store().tensors()) {
      const auto at = view.name.find("weights_in");
      if (at == std::string::npos) continue;
      for (const bool second : {false, true}) {
        std::string half = view.name;
        half.replace(at, std::string_view("weights_in").size(), second ? "up_proj" : "gate_proj");
        std::vector<std::int64_t> shape = view.shape;
        shape[0] /= 2;
        const std::size_t size = view.bytes.size() / 2;
        more_tensors.push_back({half, view.dtype, shape, 0, [&view, second, size](const auto& sink) {
                                  sink(second ? view.bytes.last(size) : view.bytes.first(size));
                                }});
      }
    }
    write_model(name, [](const std::string& stored) {
      if (stored.find("weights_in") != std::string::npos) return std::string();
      return replaced(stored, {{"attention.attention.query", "attention.q_proj"},
                               {"attention.attention.key", "attention.k_proj"},
                               {"attention.attention.value", "attention.v_proj"},
                               {"attention.output.dense", "attention.o_proj"},
                               {"weights_out", "down_proj"}});
    });
    const Checkpoint checkpoint = Checkpoint::open(model);
    EXPECT_EQ(checkpoint.unused(), wanted.unused());
    EXPECT_EQ(checkpoint.spec().layout, wanted.spec().layout);
    EXPECT_EQ(checkpoint.hashes().config, wanted.hashes().config);
    EXPECT_EQ(model::model_cost(checkpoint.spec(), 5).parameters, model::model_cost(wanted.spec(), 5).parameters);
  }
}

// Bodies that were saved without their head, and so without the family's prefix.
TEST_F(Names, WithoutThePrefixOfTheFamily) {
  write_model("vit-tiny", [](const std::string& name) {
    return name.starts_with("vit.") ? replaced(name, {{"vit.encoder.layer.", "layers."},
                                                      {"vit.", ""},
                                                      {"attention.attention.query", "attention.q_proj"},
                                                      {"attention.attention.key", "attention.k_proj"},
                                                      {"attention.attention.value", "attention.v_proj"},
                                                      {"attention.output.dense", "attention.o_proj"},
                                                      {"intermediate.dense", "mlp.fc1"},
                                                      {"output.dense", "mlp.fc2"}})
                                    : "";
  });
  EXPECT_FALSE(Checkpoint::open(model).has_task_head());
}

TEST_F(Names, BehindAWrappersPrefix) {
  for (const char* name : {"bert-tiny", "bert-legacy", "distilbert-tiny", "roberta-tiny", "vit-tiny", "gpt2-tiny", "gpt2-cls",
                           "llama-gqa", "llama-mqa", "llama-cls", "qwen3-tiny"}) {
    for (const std::string prefix :
         {"_orig_mod.", "module.", "model.", "base_model.model.", "module._orig_mod.", "net.student."}) {
      write_model(name, [&](const std::string& stored) { return prefix + stored; });
      Warnings warnings;
      const Checkpoint checkpoint = Checkpoint::open(model, warnings);
      expect_same_weights(checkpoint, Checkpoint::open(golden(name)));
      expect_part(warnings.text, "wrapper's '" + prefix + "'");
    }
  }
}

// torch.compile of single layers, and FSDP.
TEST_F(Names, WithAWrappersMarkerInside) {
  for (const std::string marker : {"_orig_mod.", "_fsdp_wrapped_module.", "_checkpoint_wrapped_module."}) {
    write_model("bert-tiny", [&](const std::string& name) {
      return replaced(name, {{"layer.0.", "layer.0." + marker}, {"layer.2.", "layer.2." + marker}});
    });
    Warnings warnings;
    expect_same_weights(Checkpoint::open(model, warnings), Checkpoint::open(golden("bert-tiny")));
    expect_part(warnings.text, "'" + marker + "'");
  }
}

// Two models in one file: it is not said which of them is meant.
TEST_F(Names, APrefixThatNotAllNamesHave) {
  add_tensor("criterion.weight", {1}, 1);
  write_model("bert-tiny", [](const std::string& name) { return "model." + name; });
  const std::string text = refusal();
  expect_part(text, "has no tensor bert.embeddings.word_embeddings.weight: there is one with 'model.' before its name");
  expect_part(text, "save_pretrained");
}

// The same names behind it, but positions that begin elsewhere: no wrapper.
TEST_F(Names, OfAnotherFamily) {
  write_model("roberta-tiny", [](const std::string& name) { return name.starts_with("roberta.") ? name : ""; });
  set("model_type", "bert");
  expect_part(refusal(), "architecture 'RobertaForSequenceClassification' is not supported for model_type bert");
  set("architectures", Json());
  expect_part(refusal(), "the weights have the names of roberta, but config.json says bert");
}

TEST_F(Names, TwoOfOneTensor) {
  add_tensor("embeddings.LayerNorm.gamma", {64}, 1);
  write_model("bert-tiny");
  const std::string text = refusal();
  expect_part(text, "embeddings.LayerNorm.gamma");
  expect_part(text, "bert.embeddings.LayerNorm.weight");
  expect_part(text, "names of one tensor");
}

}  // namespace
}  // namespace hies::arch
