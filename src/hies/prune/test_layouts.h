#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>

#include "hies/base/error.h"
#include "hies/base/rng.h"
#include "hies/model/heads.h"

// Models of a test: layouts, and the error of a call.
namespace hies::prune {

inline Error error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return Error(ErrorKind::internal, "");
}

inline void expect_says(const Error& error, std::string_view part) {
  EXPECT_NE(std::string_view(error.what()).find(part), std::string_view::npos) << error.what() << "\nlacks: " << part;
}

// Every layer whole, a KV head for each query head.
inline model::HeadLayout whole_layout(int layers, int heads) {
  model::LayerHeads layer{{}, {}, heads, heads, 8};
  for (int head = 0; head < heads; ++head) layer.heads.push_back(head);
  layer.kv_heads = layer.heads;
  return model::HeadLayout(static_cast<std::size_t>(layers), layer);
}

// One to six layers of different sizes and groups, each head there with a probability of its layer's, some layers empty.
inline model::HeadLayout random_layout(Rng& rng) {
  model::HeadLayout layout(1 + rng.below(6));
  for (model::LayerHeads& layer : layout) {
    layer.original_kv_heads = static_cast<int>(1 + rng.below(6));
    layer.original_heads = layer.original_kv_heads * static_cast<int>(1 + rng.below(3));
    layer.head_dim = 8;
    const double present = rng.below(5) == 0 ? 0 : 0.3 + rng.uniform();
    for (int head = 0; head < layer.original_heads; ++head) {
      if (rng.uniform() >= present) continue;
      layer.heads.push_back(head);
      if (layer.kv_heads.empty() || layer.kv_heads.back() != layer.kv_of(head)) layer.kv_heads.push_back(layer.kv_of(head));
    }
  }
  return layout;
}

}  // namespace hies::prune
