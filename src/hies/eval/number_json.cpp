#include "hies/eval/number_json.h"

#include <cmath>

#include "hies/base/error.h"

namespace hies::eval {

double finite(double value, std::string_view what) {
  if (!std::isfinite(value))
    throw Error(ErrorKind::bad_input, fmt::format("{} is {}", what, value), "the model's numbers overflow: try `dtype` float64");
  return value;
}

Json number_json(const std::optional<double>& value, std::string_view what) {
  return value ? Json(finite(*value, what)) : Json();
}

}  // namespace hies::eval
