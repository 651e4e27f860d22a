// Stands in for the built page where there is no npm.
#include "hies/report/page.h"

namespace hies::report::detail {

const std::string_view kPageBefore = "", kPageAfter = "";

}  // namespace hies::report::detail
