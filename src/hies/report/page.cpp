#include "hies/report/page.h"

#include "hies/base/error.h"

namespace hies::report {

std::string script_safe(const Json& data) {
  const std::string json = compact(data);
  std::string safe;
  safe.reserve(json.size() + json.size() / 64);
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    // U+2028 and U+2029 are E2 80 A8 and E2 80 A9.
    if (json.compare(i, 2, "\xE2\x80") == 0 && (json[i + 2] == '\xA8' || json[i + 2] == '\xA9')) {
      safe += json[i + 2] == '\xA8' ? "\\u2028" : "\\u2029";
      i += 2;
    } else if (c == '<') {
      safe += "\\u003c";
    } else if (c == '>') {
      safe += "\\u003e";
    } else if (c == '&') {
      safe += "\\u0026";
    } else {
      safe += c;
    }
  }
  return safe;
}

std::string page(const Json& data) {
  if (detail::kPageBefore.empty())
    throw Error(ErrorKind::unsupported, "this hies was built without its report page, because node and npm were missing",
                "install nodejs and npm and build again, or use `hies report --text`, which needs neither");
  std::string html(detail::kPageBefore);
  html += script_safe(data);
  html += detail::kPageAfter;
  return html;
}

}  // namespace hies::report
