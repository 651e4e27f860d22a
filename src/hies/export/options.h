#pragma once

#include <cstdint>
#include <string>

namespace hies::exports {

struct OnnxOptions {
  std::int64_t opset = 17;
  std::string dtype = "float32";
  std::string external_data = "auto";
  bool any_size = false;

  template <class V, class Self>
  static void fields(V& v, Self& self) {
    v("opset", self.opset, "version of ONNX's operators: 17");
    v("dtype", self.dtype, "dtype of the weights: float32, or float16, which is for GPUs");
    v("external_data", self.external_data, "weights in a file beside the model: auto (above 2 GB), always or never");
    v("any_size", self.any_size, "image models take images of any size, positions are interpolated; DINOv2 always does");
  }
};

// Throws bad_input for values that are not known.
void check_options(const OnnxOptions& options);

}  // namespace hies::exports
