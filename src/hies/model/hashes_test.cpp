#include "hies/model/hashes.h"

#include <gtest/gtest.h>

#include "hies/base/test_files.h"

namespace hies::model {
namespace {

ModelHashes read(const char* text) {
  const Json json = parse_json(text, "text");
  return read_hashes(JsonNode(json, "plan.json", "model"));
}

TEST(ModelHashes, AreReadAsTheyWereWritten) {
  for (const ModelHashes& hashes : {ModelHashes{"a", "b", "c"}, ModelHashes{"a", "b"}, ModelHashes{"a"}}) {
    Json json;
    put_hashes(json, hashes);
    EXPECT_EQ(read(json.dump().c_str()), hashes);
  }
  EXPECT_EQ(read(R"({"hash": "a"})"), ModelHashes{"a"});  // version 1
  EXPECT_NE(std::string(error_of([] { read("{}"); }).what()).find("model.weights"), std::string::npos);
  EXPECT_NE(std::string(error_of([] { read(R"({"weights": "a", "config": 1})"); }).what()).find("model.config"),
            std::string::npos);
}

TEST(ModelHashes, DifferWhereBothSay) {
  const ModelHashes present{"w", "c", "i"};
  const auto refusal = [&](const ModelHashes& file) -> std::string {
    try {
      check_same_model(file, present, "plan.json", "the plan is", "plan again");
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::bad_input);
      EXPECT_EQ(error.hint(), "plan again");
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(refusal(present), "");
  EXPECT_EQ(refusal({"w"}), "");
  EXPECT_EQ(refusal({"v", "c", "i"}), "plan.json: the plan is for model v, but this model is w");
  EXPECT_EQ(refusal({"w", "d", "i"}), "plan.json: config.json differs: the plan is for d, but this model has c");
  EXPECT_EQ(refusal({"w", "c", "j"}),
            "plan.json: the tokenizer or image processor differs: the plan is for j, but this model has i");
}

TEST(ModelHashes, WhatOneSideLacksIsAWarning) {
  struct Warnings : Progress {
    void warn(std::string_view message) override { text += std::string(message) + "\n"; }
    std::string text;
  };
  const auto warnings = [](const ModelHashes& file, const ModelHashes& present) {
    Warnings progress;
    check_same_model(file, present, "plan.json", "the plan is", "", progress);
    return progress.text;
  };
  EXPECT_EQ(warnings({"w", "c", "i"}, {"w", "c", "i"}), "");
  EXPECT_EQ(warnings({"w", "c"}, {"w", "c"}), "");  // neither reads texts
  EXPECT_EQ(warnings({"w"}, {"w", "c", "i"}),
            "plan.json: the plan is for a model with these weights, but config.json and the tokenizer or image processor are not "
            "stated, "
            "and may differ from this model's\n");
  EXPECT_EQ(
      warnings({"w", "c", "i"}, {"w", "c"}),
      "plan.json: the tokenizer or image processor of this model cannot be read, and may differ from what the plan is for\n");
}

TEST(ModelHashes, ThePartThatDiffersIsNamed) {
  EXPECT_EQ(differing_part({"w", "c", "i"}, {"w", "c", "i"}), "");
  EXPECT_EQ(differing_part({"w"}, {"w", "c", "i"}), "");
  EXPECT_EQ(differing_part({"v", "d"}, {"w", "c"}), "the weights");
  EXPECT_EQ(differing_part({"w", "d", "j"}, {"w", "c", "i"}), "config.json");
  EXPECT_EQ(differing_part({"w", "c", "j"}, {"w", "c", "i"}), "the tokenizer or image processor");
}

}  // namespace
}  // namespace hies::model
