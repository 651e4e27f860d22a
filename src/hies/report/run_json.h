#pragma once

#include "hies/base/json.h"
#include "hies/report/points.h"

namespace hies::report {

// Returns one run as the page reads it (docs/formats.md), all but its "key".
Json run_json(const Sweep& sweep, const evidence::Evidence& evidence, const std::string& name);

}  // namespace hies::report
