#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "hies/base/json.h"

namespace hies::synthetic {

// The numbers of a model's shape. Those that are not set come from the named size.
struct ShapeOptions {
  std::string size = "tiny";
  std::optional<std::int64_t> hidden = std::nullopt;
  std::optional<std::int64_t> layers = std::nullopt;
  std::optional<std::int64_t> heads = std::nullopt;
  std::optional<std::int64_t> kv_heads = std::nullopt;
  std::optional<std::int64_t> head_dim = std::nullopt;
  std::optional<std::int64_t> intermediate = std::nullopt;
  std::optional<std::int64_t> vocabulary = std::nullopt;
  std::optional<std::int64_t> positions = std::nullopt;

  template <class V, class Self>
  static void fields(V& v, Self& self) {
    v("size", self.size, "whose numbers to take where no other is given: tiny, 1b, 7b; of vit: tiny, base, large");
    v("hidden", self.hidden, "hidden size");
    v("layers", self.layers, "layers");
    v("heads", self.heads, "query heads of a layer");
    v("kv_heads", self.kv_heads, "key/value heads of a layer, where the family can share them");
    v("head_dim", self.head_dim, "size of a head, where it need not be hidden / heads");
    v("intermediate", self.intermediate, "width of the feed-forward layers");
    v("vocabulary", self.vocabulary, "tokens of the vocabulary; of vit: labels");
    v("positions", self.positions, "longest sequence; of vit: pixels of a side");
  }
};

// A family of which checkpoints can be made.
struct ShapeFamily {
  std::string_view name;
  Json (*config)(const ShapeOptions& shape);  // every member of `shape` is set
};

// Returns the families in the order in which they are listed.
std::span<const ShapeFamily> shape_families() noexcept;

// Returns the config.json of a model of the family, without its dtype. Throws bad_input for an unknown family or size, and for a
// number that the family cannot have (`kv_heads` of BERT); the family itself checks whether the numbers fit together.
Json made_config(std::string_view family, const ShapeOptions& shape);

}  // namespace hies::synthetic
