// Compares the ids of the golden models' texts with those of Hugging Face: every kind of source, without ../shared.
#include "hies/base/json.h"
#include "hies/text/tokenizer.h"

#include <gtest/gtest.h>

namespace hies::text {
namespace {

struct GoldenTest : testing::TestWithParam<const char*> {};

TEST_P(GoldenTest, SameIdsAsHuggingFace) {
  const std::filesystem::path folder = std::filesystem::path(HIES_SOURCE_DIR) / "tests/golden" / GetParam();
  const Json config = read_json(folder / "model/config.json"), golden = read_json(folder / "golden.json");
  const Tokenizer tokenizer = Tokenizer::load(folder / "model", config["model_type"].get<std::string>());
  EXPECT_LE(tokenizer.id_bound(), config["vocab_size"].get<std::int64_t>());
  int compared = 0;
  for (const Json& input : golden["inputs"]) {
    if (input["text"].is_null()) continue;
    const auto texts = input["text"].get<std::vector<std::string>>();
    std::optional<std::string_view> pair;
    if (texts.size() > 1) pair = texts[1];
    const Encoding encoding = tokenizer.encode(texts.at(0), pair, {.max_length = 512});
    EXPECT_EQ(encoding.ids, input["ids"].get<std::vector<std::int32_t>>()) << texts[0];
    if (config["model_type"] == "bert") {
      EXPECT_EQ(encoding.type_ids, input["type_ids"].get<std::vector<std::int32_t>>()) << texts[0];
    }
    ++compared;
  }
  EXPECT_GE(compared, 3);
}

INSTANTIATE_TEST_SUITE_P(Models, GoldenTest,
                         testing::Values("bert-tiny", "bert-reg", "roberta-tiny", "xlm-roberta-tiny", "camembert-tiny",
                                         "distilbert-tiny"));

}  // namespace
}  // namespace hies::text
