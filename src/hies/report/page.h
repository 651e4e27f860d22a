#pragma once

#include <string>
#include <string_view>

#include "hies/base/json.h"

namespace hies::report {

// Returns one self-contained HTML document that shows `data` (page_data): no other file, no request, and nothing in the data can
// become markup or script. Throws unsupported where this build has no page.
std::string page(const Json& data);

// Returns the text of a JSON document as it may be put into a <script> element: no '<', '>', '&' and no line separators of
// JavaScript. Bytes that are not UTF-8 become U+FFFD.
std::string script_safe(const Json& data);

namespace detail {
// The built page (report/web) around its data; both empty where there was no npm at build time.
extern const std::string_view kPageBefore, kPageAfter;
}  // namespace detail

}  // namespace hies::report
