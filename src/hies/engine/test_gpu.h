#pragma once

#include <gtest/gtest.h>

#include "hies/engine/gpu.h"

namespace hies::engine {

// Tests on a GPU; what they do not put there stands on the CPU.
template <class Parameter>
class GpuTest : public testing::TestWithParam<Parameter> {
 protected:
  static void SetUpTestSuite() { open_device({Device::Kind::cuda, 0}); }  // before torch is used at all
};

}  // namespace hies::engine
