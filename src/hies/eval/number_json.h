#pragma once

#include <optional>
#include <string_view>

#include "hies/base/json.h"
#include "hies/eval/latency.h"

namespace hies::eval {

// `value`, for a file. Throws bad_input that names `what` where it is not finite: JSON has no such numbers.
double finite(double value, std::string_view what);

// The same, or null.
Json number_json(const std::optional<double>& value, std::string_view what);

Json spread_json(const Spread& spread);

}  // namespace hies::eval
