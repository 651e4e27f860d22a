#pragma once

#include <gtest/gtest.h>

#include "hies/model/device.h"

namespace hies::model {

// Tests on a GPU; what they do not put there stands on the CPU.
template <class Parameter>
class GpuTest : public testing::TestWithParam<Parameter> {
 protected:
  static void SetUpTestSuite() {
    set_device("cuda");  // before torch is used at all
    set_device("cpu");
  }
};

}  // namespace hies::model
