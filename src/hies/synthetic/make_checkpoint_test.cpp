#include "hies/synthetic/make_checkpoint.h"

#include <gtest/gtest.h>

#include <cmath>

#include "hies/arch/checkpoint.h"
#include "hies/base/files.h"
#include "hies/base/test_files.h"
#include "hies/formats/float_conversion.h"
#include "hies/kernels/attention.h"

namespace hies::synthetic {
namespace {

class MakeCheckpoint : public testing::Test {
 protected:
  arch::Checkpoint made(MakeRequest request, const std::string& name) const {
    request.output = folder.path() / name;
    make_checkpoint(request);
    return arch::Checkpoint::open(request.output);
  }
  TestFolder folder;
};

TEST_F(MakeCheckpoint, HasTheShapeThatWasAskedFor) {
  MakeRequest request;
  request.shape.layers = 3;
  request.shape.vocabulary = 300;
  const auto checkpoint = made(request, "llama");
  const model::ModelSpec& spec = checkpoint.spec();
  EXPECT_EQ(spec.layer_count(), 3);
  EXPECT_EQ(spec.text.vocabulary, 300);
  EXPECT_EQ(spec.layout.attention(0).count(), 4);
  EXPECT_EQ(spec.layout.attention(0).kv_count(), 2);
  EXPECT_TRUE(checkpoint.unused().empty());
  for (const auto& bound : checkpoint.tensors()) ASSERT_NE(bound.view, nullptr) << bound.decl.name;
}

TEST_F(MakeCheckpoint, NumbersAreNormalAndNormsOne) {
  for (const char* dtype : {"bfloat16", "float16", "float32"}) {
    MakeRequest request;
    request.dtype = dtype;
    request.shape.vocabulary = 4000;
    const auto checkpoint = made(request, dtype);
    for (const auto& bound : checkpoint.tensors()) {
      const std::vector<double> values = formats::to_double(*bound.view);
      if (bound.decl.shape.size() == 1) {
        for (const double value : values) ASSERT_EQ(value, 1) << bound.decl.name;
        continue;
      }
      double sum = 0, squares = 0, most = 0;
      for (const double value : values) {
        sum += value;
        squares += value * value;
        most = std::max(most, std::abs(value));
      }
      const auto count = static_cast<double>(values.size());
      EXPECT_NEAR(sum / count, 0, 5 * 0.02 / std::sqrt(count)) << bound.decl.name;
      EXPECT_NEAR(std::sqrt(squares / count), 0.02, 0.02 * 5 / std::sqrt(2 * count)) << bound.decl.name;
      EXPECT_LT(most, 0.02 * 4.5);
    }
  }
}

TEST_F(MakeCheckpoint, BytesDependOnTheSeedAlone) {
  MakeRequest request;
  request.shape.vocabulary = 3000;  // a table of several blocks
  const std::string first = made(request, "a").hash();
  kernels::set_threads(1);
  EXPECT_EQ(made(request, "b").hash(), first);
  kernels::set_threads(0);
  request.max_shard_size = "100KB";
  const auto sharded = made(request, "c");
  EXPECT_EQ(sharded.hash(), first);
  EXPECT_GT(sharded.store().files().size(), 1U);
  request.seed = 1;
  EXPECT_NE(made(request, "d").hash(), first);
}

TEST_F(MakeCheckpoint, EveryFamilyThatIsRunIsMade) {
  for (const ShapeFamily& family : shape_families()) {
    MakeRequest request;
    request.family = family.name;
    request.output = folder.path() / std::string(family.name);
    try {
      make_checkpoint(request);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::unsupported) << error.what();  // a family that is not in the registry
      continue;
    }
    EXPECT_TRUE(arch::Checkpoint::open(request.output).unused().empty()) << family.name;
  }
}

TEST_F(MakeCheckpoint, WhatCannotBeIsRefused) {
  const auto refusal = [&](const std::function<void(MakeRequest&)>& change) {
    MakeRequest request;
    request.output = folder.path() / "no";
    change(request);
    const Error error = error_of([&] { make_checkpoint(request); });
    EXPECT_FALSE(is_there(request.output));
    EXPECT_EQ(error.kind(), ErrorKind::bad_input) << error.what();
    return std::string(error.what());
  };
  EXPECT_NE(refusal([](auto& r) { r.family = "lama"; }).find("'lama'"), std::string::npos);
  EXPECT_NE(refusal([](auto& r) { r.shape.size = "8b"; }).find("'8b'"), std::string::npos);
  EXPECT_NE(refusal([](auto& r) { r.dtype = "float64"; }).find("'float64'"), std::string::npos);
  EXPECT_NE(refusal([](auto& r) { r.shape.layers = 0; }).find("`layers` is 0"), std::string::npos);
  EXPECT_NE(refusal([](auto& r) { r.shape.kv_heads = 3; }).find("num_key_value_heads 3"), std::string::npos);
  EXPECT_NE(refusal([](auto& r) {
              r.family = "bert";
              r.shape.kv_heads = 2;
            }).find("`kv_heads` is 2"),
            std::string::npos);
  EXPECT_NE(refusal([](auto& r) { r.max_shard_size = "big"; }).find("`max_shard_size`"), std::string::npos);
}

TEST_F(MakeCheckpoint, TooLittleRoomIsToldBeforehand) {
  MakeRequest request;
  request.output = folder.path() / "huge";
  request.shape.size = "7b";
  request.shape.layers = 4000;
  const Error error = error_of([&] { make_checkpoint(request); });
  EXPECT_EQ(error.kind(), ErrorKind::io);
  EXPECT_NE(std::string(error.what()).find("needs 1619"), std::string::npos) << error.what();
  EXPECT_FALSE(is_there(request.output));
}

}  // namespace
}  // namespace hies::synthetic
