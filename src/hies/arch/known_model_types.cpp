#include "hies/arch/known_model_types.h"

#include <algorithm>

namespace hies::arch {

std::span<const ModelType> known_model_types() {
  static constexpr ModelType kTypes[] = {
#define MODEL_TYPE(name, display) ModelType{name, display},
#include "hies/arch/known_model_types.def"
#undef MODEL_TYPE
  };
  return kTypes;
}

const ModelType* find_model_type(std::string_view name) {
  const auto types = known_model_types();
  const auto found = std::lower_bound(types.begin(), types.end(), name,
                                      [](const ModelType& type, std::string_view wanted) { return type.name < wanted; });
  return found != types.end() && found->name == name ? &*found : nullptr;
}

}  // namespace hies::arch
