#include <fmt/ranges.h>

#include "hies/arch/family.h"
#include "hies/arch/known_model_types.h"
#include "hies/base/error.h"
#include "hies/base/suggest.h"

namespace hies::arch {

#define FAMILY(name) const Family& name();
#include "hies/arch/families.def"
#undef FAMILY

const std::vector<const Family*>& all_families() {
  static const std::vector<const Family*> families = {
#define FAMILY(name) &name(),
#include "hies/arch/families.def"
#undef FAMILY
  };
  return families;
}

const Family& find_family(std::string_view model_type, std::string_view where) {
  std::vector<std::string> names;
  for (const Family* family : all_families()) {
    if (family->model_type == model_type) return *family;
    names.emplace_back(family->model_type);
  }
  if (const ModelType* other = find_model_type(model_type); other != nullptr)
    throw Error(ErrorKind::unsupported,
                fmt::format("{}: {} (model_type {}) is not supported", where, other->display, other->name),
                fmt::format("supported: {}", fmt::join(names, ", ")));
  throw Error(ErrorKind::unsupported, fmt::format("{}: model_type '{}' is not supported", where, printable(model_type)),
              known_names_hint(model_type, names));
}

}  // namespace hies::arch
