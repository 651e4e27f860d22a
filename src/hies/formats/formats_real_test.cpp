#include "hies/formats/float_conversion.h"
#include "hies/formats/test_files.h"

namespace hies::formats {
namespace {

std::filesystem::path model(const std::string& name) { return std::filesystem::path(HIES_SHARED_DIR) / "models" / name; }

class RealCheckpoint : public FolderTest {};

TEST_F(RealCheckpoint, ShardsOpenAndAreFinite) {
  if (!std::filesystem::exists(model("minilm-sst2"))) GTEST_SKIP() << "no ../shared/models";
  for (const auto& [name, files, tensors] :
       std::vector<std::tuple<std::string, std::size_t, std::size_t>>{{"demo-sst2", 1, 105},
                                                                      {"minilm-sst2", 3, 105},
                                                                      {"minilm-cola", 3, 105},
                                                                      {"minilm-mrpc", 3, 105},
                                                                      {"minilm-stsb", 3, 105},
                                                                      {"llama-gqa-books", 3, 110},
                                                                      {"vit-cifar10", 2, 200}}) {
    const TensorStore store = TensorStore::open(model(name));
    EXPECT_EQ(store.files().size(), files) << name;
    EXPECT_EQ(store.tensors().size(), tensors) << name;
    for (const TensorView& tensor : store.tensors()) {
      EXPECT_EQ(tensor.dtype, DType::float16) << name << " " << tensor.name;
      EXPECT_NO_THROW(check_finite(tensor)) << name;
    }
  }
}

TEST_F(RealCheckpoint, RewrittenAsOneFileItIsTheSame) {
  if (!std::filesystem::exists(model("minilm-sst2"))) GTEST_SKIP() << "no ../shared/models";
  const TensorStore store = TensorStore::open(model("minilm-sst2"));
  std::vector<TensorSource> tensors;
  for (const TensorView& view : store.tensors())
    tensors.push_back({view.name, view.dtype, view.shape, 0, [&view](const auto& sink) { sink(view.bytes); }});
  write_safetensors(folder, tensors, 5'000'000'000, silent_progress());
  const TensorStore copy = TensorStore::open(folder);
  ASSERT_EQ(copy.files().size(), 1U);
  ASSERT_EQ(copy.tensors().size(), store.tensors().size());
  for (std::size_t i = 0; i < copy.tensors().size(); ++i)
    EXPECT_EQ(text_of(copy.tensors()[i].bytes), text_of(store.tensors()[i].bytes)) << copy.tensors()[i].name;
  EXPECT_EQ(content_hash(copy), content_hash(store));
}

}  // namespace
}  // namespace hies::formats
