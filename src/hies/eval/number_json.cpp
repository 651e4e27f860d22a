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

Json spread_json(const Spread& s) {
  return {{"median", s.median}, {"p25", s.p25}, {"p75", s.p75}, {"min", s.least}, {"max", s.most}, {"count", s.count}};
}

}  // namespace hies::eval
