#include "hies/kernels/variant.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "hies/base/error.h"

namespace hies::kernels {
namespace {

class CpuVariant : public testing::Test {
 protected:
  void SetUp() override {
    if (const char* before = std::getenv("HIES_CPU_VARIANT")) before_ = before;
    use_variant(nullptr);
  }
  void TearDown() override {
    before_ ? setenv("HIES_CPU_VARIANT", before_->c_str(), 1) : unsetenv("HIES_CPU_VARIANT");
    use_variant(nullptr);
  }
  ErrorKind error_of(const char* name) {
    setenv("HIES_CPU_VARIANT", name, 1);
    try {
      variant();
    } catch (const Error& error) {
      message_ = error.what();
      return error.kind();
    }
    return ErrorKind::internal;
  }

  std::optional<std::string> before_;
  std::string message_;
};

TEST_F(CpuVariant, IsTheFastestWithoutTheVariable) {
  unsetenv("HIES_CPU_VARIANT");
  const Variants all = variants();
  const auto fastest = std::find_if(all.begin(), all.end(), [](const Variant* v) { return v->supported(); });
  EXPECT_STREQ(variant().name, (*fastest)->name);
}

TEST_F(CpuVariant, IsTheOneThatTheVariableNames) {
  for (const Variant* v : variants()) {
    if (!v->supported()) {
      EXPECT_EQ(error_of(v->name), ErrorKind::unsupported) << v->name;
      continue;
    }
    setenv("HIES_CPU_VARIANT", v->name, 1);
    use_variant(nullptr);
    EXPECT_STREQ(variant().name, v->name);
    use_variant(nullptr);
  }
}

TEST_F(CpuVariant, OfAnUnknownNameIsAnError) {
  EXPECT_EQ(error_of("sse9"), ErrorKind::bad_input);
  EXPECT_EQ(message_, "HIES_CPU_VARIANT=sse9: no such variant");
  EXPECT_EQ(error_of(""), ErrorKind::bad_input);
}

}  // namespace
}  // namespace hies::kernels
