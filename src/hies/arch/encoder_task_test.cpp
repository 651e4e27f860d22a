// What the head of an encoder is for: by `architectures`, by the tensors, and refused by name.

#include <gtest/gtest.h>

#include <algorithm>

#include "hies/arch/encoder_task.h"
#include "hies/arch/family.h"
#include "hies/base/test_files.h"
#include "hies/model/tensors.h"

namespace hies::arch {
namespace {

using model::ModelSpec;
using model::Problem;

// A tiny config.json of each encoder, without `architectures`.
Json encoder(const std::string& model_type) {
  Json config = parse_json(R"({"vocab_size": 32, "hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 3,
    "intermediate_size": 40, "max_position_embeddings": 20, "dim": 24, "n_layers": 2, "n_heads": 3, "hidden_dim": 40,
    "image_size": 8, "patch_size": 4})",
                           "config");
  config["model_type"] = model_type;
  return config;
}

ModelSpec parsed(Json config, const std::string& architecture) {
  if (!architecture.empty()) config["architectures"] = {architecture};
  return find_family(config["model_type"].get<std::string>(), "config").parse(config, "config");
}

struct EncoderClass {
  std::string model_type, stem;
  bool images = false;
};
const std::vector<EncoderClass>& encoder_classes() {
  static const std::vector<EncoderClass> classes = {
      {"bert", "Bert"},           {"roberta", "Roberta"},       {"xlm-roberta", "XLMRoberta"},
      {"camembert", "Camembert"}, {"distilbert", "DistilBert"}, {"vit", "ViT", true},
      {"deit", "DeiT", true},     {"dinov2", "Dinov2", true}};
  return classes;
}

// The description as Checkpoint leaves it where these tensors are stored.
ModelSpec resolved_with(const Json& config, ModelSpec spec, const std::vector<std::string>& names) {
  resolve_task_head(
      config, [&](const std::string& name) { return std::find(names.begin(), names.end(), name) != names.end(); }, names, spec);
  return spec;
}

// The tensors of a description's head.
std::vector<std::string> head_names(const ModelSpec& spec) {
  std::vector<std::string> names;
  for (const model::TensorDecl& decl : model::tensors(spec))
    if (decl.task_head) names.push_back(decl.name);
  return names;
}

TEST(EncoderTask, ClassifiersAreRead) {
  for (const EncoderClass& family : encoder_classes()) {
    SCOPED_TRACE(family.model_type);
    const std::string end = family.images ? "ForImageClassification" : "ForSequenceClassification";
    for (const std::string& name : {std::string(), family.stem + end, family.stem + "Model"}) {
      Json config = encoder(family.model_type);
      const ModelSpec spec = parsed(config, name);
      EXPECT_EQ(spec.problem, Problem::classification);
      EXPECT_EQ(resolved_with(config, spec, head_names(spec)).problem, Problem::classification);
    }
  }
}

TEST(EncoderTask, OtherClassesAreHiddenStatesByTheirName) {
  for (const EncoderClass& family : encoder_classes()) {
    for (const char* end : {"ForTokenClassification", "ForQuestionAnswering", "ForMaskedLM", "ForMultipleChoice",
                            "ForPreTraining", "ForNextSentencePrediction", "LMHeadModel", "ForMaskedImageModeling"}) {
      const std::string name = family.stem + end;
      SCOPED_TRACE(name);
      Json config = encoder(family.model_type);
      config["id2label"] = {{"0", "LABEL_0"}};  // as a multiple-choice model has it: no regression
      const ModelSpec spec = resolved_with(config, parsed(config, name), {"bert.pooler.dense.weight", "classifier.weight"});
      EXPECT_EQ(spec.problem, Problem::hidden_states);
      EXPECT_EQ(spec.outputs(), spec.hidden);
      EXPECT_TRUE(spec.labels.empty());
      EXPECT_NE(spec.other_head.find("(" + name + ")"), std::string::npos) << spec.other_head;
      EXPECT_TRUE(head_names(spec).empty());
    }
  }
}

TEST(EncoderTask, LabelsOfABareModelDoNotMatter) {
  Json config = encoder("bert");
  config["problem_type"] = "multi_label_classification";
  EXPECT_EQ(parsed(config, "BertModel").problem, Problem::hidden_states);
  EXPECT_EQ(hies::error_of([&] { parsed(config, "BertForSequenceClassification"); }).kind(), ErrorKind::unsupported);
  EXPECT_EQ(hies::error_of([&] { parsed(config, ""); }).kind(), ErrorKind::unsupported);
}

TEST(EncoderTask, ClassesOfOthersAreRefusedByName) {
  for (const auto& [model_type, name] :
       std::vector<std::pair<std::string, std::string>>{{"bert", "RobertaForSequenceClassification"},
                                                        {"bert", "JinaBertForMaskedLM"},
                                                        {"bert", "BertForSequenceRegression"},
                                                        {"roberta", "RobertaPreLayerNormModel"},
                                                        {"xlm-roberta", "XLMRobertaXLModel"},
                                                        {"distilbert", "BertModel"},
                                                        {"vit", "ViTMAEForPreTraining"},
                                                        {"dinov2", "Dinov2WithRegistersModel"}}) {
    const Error error = hies::error_of([&, type = model_type, arch = name] { parsed(encoder(type), arch); });
    EXPECT_EQ(error.kind(), ErrorKind::unsupported);
    EXPECT_NE(std::string(error.what()).find("'" + name + "'"), std::string::npos) << error.what();
    EXPECT_NE(error.hint().find("known: "), std::string::npos);
  }
  Json config = encoder("bert");
  config["architectures"] = "BertModel";
  EXPECT_EQ(hies::error_of([&] { parsed(config, ""); }).kind(), ErrorKind::bad_input);
}

TEST(EncoderTask, RelativesOfRobertaComputeTheSame) {
  for (const char* type : {"roberta", "xlm-roberta", "camembert"}) {
    for (const char* stem : {"Roberta", "XLMRoberta", "Camembert"}) {
      const ModelSpec spec = parsed(encoder(type), std::string(stem) + "ForSequenceClassification");
      EXPECT_EQ(spec.model_type, type);
      EXPECT_EQ(spec.text.position_offset, 2);
      EXPECT_EQ(spec.positions, 18);
      EXPECT_EQ(spec.text.word, "roberta.embeddings.word_embeddings");
      EXPECT_EQ(spec.head.classifiers.front().name, "classifier.out_proj");
    }
    for (const std::int64_t padding : {std::int64_t{-2}, std::int64_t{1} << 40}) {  // positions would begin before the table
      Json config = encoder(type);
      config["pad_token_id"] = padding;
      EXPECT_EQ(hies::error_of([&] { parsed(config, ""); }).kind(), ErrorKind::bad_input) << padding;
    }
  }
}

// Without a class in config.json the tensors say what there is.
TEST(EncoderTask, TensorsDecideWithoutAClass) {
  const Json config = encoder("bert");
  const ModelSpec spec = parsed(config, "");
  const auto other = [&](const std::vector<std::string>& names) {
    const ModelSpec left = resolved_with(config, spec, names);
    return left.problem == Problem::hidden_states ? left.other_head : "a classifier";
  };
  EXPECT_EQ(other({"bert.pooler.dense.weight"}), "");
  EXPECT_EQ(other({"embeddings.word_embeddings.weight"}), "");
  EXPECT_EQ(other({"cls.predictions.bias"}), "masked language model, or pretraining model (by its tensor cls.predictions.bias)");
  EXPECT_EQ(other({"cls.seq_relationship.weight"}), "next-sentence model (by its tensor cls.seq_relationship.weight)");
  EXPECT_EQ(other({"qa_outputs.bias", "qa_outputs.weight"}), "question answering model (by its tensor qa_outputs.bias)");
  // No pooler before the classifier: it reads every token.
  EXPECT_EQ(other({"classifier.bias", "classifier.weight"}),
            "token classifier, or multiple-choice model (by its tensor classifier.bias)");
  EXPECT_EQ(other({"classifier.bias", "classifier.weight", "bert.pooler.dense.weight"}), "a classifier");
  // What is missing of a classifier that is there is no reason to take it for something else.
  EXPECT_EQ(other({"classifier.weight", "bert.pooler.dense.weight"}), "a classifier");
  Json named = config;
  named["architectures"] = {"BertForSequenceClassification"};
  EXPECT_EQ(resolved_with(named, spec, {"classifier.weight"}).problem, Problem::classification);
  EXPECT_EQ(resolved_with(named, spec, {"module.qa_outputs.weight"}).other_head,
            "question answering model (by its tensor module.qa_outputs.weight)");
}

TEST(EncoderTask, DecodersStayAsTheyAre) {
  const Json config = parse_json(
      R"({"model_type": "gpt2", "vocab_size": 32, "n_embd": 24, "n_layer": 2, "n_head": 4, "n_positions": 20})", "config");
  const ModelSpec spec = parsed(config, "");
  EXPECT_EQ(resolved_with(config, spec, {}).problem, Problem::causal_lm);
}

}  // namespace
}  // namespace hies::arch
