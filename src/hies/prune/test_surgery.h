#pragma once

// For the tests of surgery: golden checkpoints in folders of their own, and plans for them.

#include <filesystem>
#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "hies/formats/safetensors_writer.h"
#include "hies/prune/surgery.h"
#include "hies/prune/test_models.h"

namespace hies::prune {

inline std::filesystem::path golden(const std::string& name) {
  return std::filesystem::path(HIES_SOURCE_DIR) / "tests/golden" / name / "model";
}

class SurgeryTest : public testing::Test {
 private:
  const TestFolder own_;

 protected:
  const std::filesystem::path room = own_.path();  // of this test

  // A copy of a checkpoint that a test may change.
  std::filesystem::path copy_of(const std::filesystem::path& checkpoint) const {
    std::filesystem::copy(checkpoint, room / "source", std::filesystem::copy_options::recursive);
    return room / "source";
  }

  // Removes each present head for which `removes(layer, head)`.
  static Plan plan_for(const arch::Checkpoint& checkpoint, const std::function<bool(int, int)>& removes) {
    Plan plan;
    plan.model = checkpoint.hashes();
    for (const model::Site site : checkpoint.spec().layout.sites(model::SiteKind::attention))
      for (const int head : checkpoint.spec().layout.at(site).active())
        if (removes(site.layer, head)) plan.removed.insert(site, head);
    return plan;
  }

  arch::Checkpoint pruned(const arch::Checkpoint& source, const Plan& plan, const std::string& name, bool keep_shapes = false,
                          Progress& progress = silent_progress()) const {
    std::filesystem::create_directories(room / name);
    SurgeryOptions options;
    options.keep_shapes = keep_shapes;
    write_pruned(source, plan, options, "", room / name, progress);
    return arch::Checkpoint::open(room / name);
  }
};

inline std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline void expect_same_tensor(const formats::TensorView& got, const formats::TensorView& wanted) {
  EXPECT_EQ(got.name, wanted.name);
  EXPECT_EQ(got.dtype, wanted.dtype) << got.name;
  EXPECT_EQ(got.shape, wanted.shape) << got.name;
  EXPECT_TRUE(text_of(got.bytes) == text_of(wanted.bytes)) << got.name;
}

}  // namespace hies::prune
