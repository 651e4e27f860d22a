// Every model type of transformers is a family here or is refused by its own name.

#include "hies/arch/known_model_types.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "hies/arch/checkpoint.h"
#include "hies/base/test_files.h"

namespace hies::arch {
namespace {

bool is_family(std::string_view name) {
  const auto& families = all_families();
  return std::any_of(families.begin(), families.end(), [&](const Family* family) { return family->model_type == name; });
}

TEST(KnownModelTypes, AreSortedAndNamed) {
  const auto types = known_model_types();
  EXPECT_GT(types.size(), 400u);
  for (std::size_t i = 0; i < types.size(); ++i) {
    EXPECT_FALSE(types[i].name.empty() || types[i].display.empty());
    if (i > 0) {
      EXPECT_LT(types[i - 1].name, types[i].name);
    }
  }
}

TEST(KnownModelTypes, HoldEveryFamily) {
  for (const Family* family : all_families()) EXPECT_NE(find_model_type(family->model_type), nullptr) << family->model_type;
}

// A tiny config.json of each, with the keys that most families have.
TEST(KnownModelTypes, EachIsAFamilyOrRefusedByItsName) {
  const TestFolder folder;
  int refused = 0;
  for (const ModelType& type : known_model_types()) {
    SCOPED_TRACE(type.name);
    folder.write("config.json", fmt::format(R"({{"model_type": "{}", "vocab_size": 8, "hidden_size": 8, "num_hidden_layers": 1,
      "num_attention_heads": 1, "intermediate_size": 8, "max_position_embeddings": 8, "dim": 8, "n_layers": 1, "n_heads": 1,
      "hidden_dim": 8, "n_embd": 8, "n_layer": 1, "n_head": 1, "n_positions": 8, "image_size": 8, "patch_size": 4}})",
                                            type.name));
    const Error error = hies::error_of([&] { Checkpoint::open(folder.path()); });
    if (is_family(type.name)) {  // the configuration is right; what is missing are the weights
      EXPECT_EQ(std::string(error.what()).find("not supported"), std::string::npos) << error.what();
      continue;
    }
    ++refused;
    EXPECT_EQ(error.kind(), ErrorKind::unsupported) << error.what();
    EXPECT_NE(std::string(error.what()).find(fmt::format("{} (model_type {}) is not supported", type.display, type.name)),
              std::string::npos)
        << error.what();
    EXPECT_TRUE(error.hint().starts_with("supported: bert, ")) << error.hint();
  }
  EXPECT_EQ(refused + static_cast<int>(all_families().size()), static_cast<int>(known_model_types().size()));
}

TEST(KnownModelTypes, OthersAreMetWithTheNearestFamily) {
  const Error misspelt = hies::error_of([] { find_family("brt", "config.json"); });
  EXPECT_EQ(misspelt.kind(), ErrorKind::unsupported);
  EXPECT_TRUE(misspelt.hint().starts_with("did you mean 'bert'?")) << misspelt.hint();
  EXPECT_EQ(hies::error_of([] { find_family("bart", "config.json"); }).hint().find("did you mean"), std::string::npos);
  EXPECT_EQ(hies::error_of([] { find_family("llava", "config.json"); }).hint().find("did you mean"), std::string::npos);
}

}  // namespace
}  // namespace hies::arch
