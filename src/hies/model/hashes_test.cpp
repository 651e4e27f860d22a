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

}  // namespace
}  // namespace hies::model
