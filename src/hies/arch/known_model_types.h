#pragma once

#include <span>
#include <string_view>

namespace hies::arch {

// A model type of transformers, supported here or not.
struct ModelType {
  std::string_view name;     // of config.json: "bart"
  std::string_view display;  // "BART"; the name itself where transformers has no other
};

// Returns all of them, in the order of their names.
std::span<const ModelType> known_model_types();
// Returns the one of that name, or null.
const ModelType* find_model_type(std::string_view name);

}  // namespace hies::arch
