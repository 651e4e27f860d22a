#include "hies/base/error.h"

namespace hies {

int exit_code(ErrorKind kind) noexcept {
  switch (kind) {
    case ErrorKind::bad_input: return 2;
    case ErrorKind::unsupported: return 3;
    case ErrorKind::io: return 4;
    case ErrorKind::internal: return 70;
    case ErrorKind::interrupted: return 130;
  }
  return 70;
}

std::string printable(std::string_view text, std::size_t max_bytes) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (out.size() >= max_bytes) {
      // Do not cut inside a UTF-8 sequence.
      while (!out.empty() && (static_cast<unsigned char>(text[i]) & 0xC0) == 0x80 &&
             (static_cast<unsigned char>(out.back()) & 0x80)) {
        const bool lead = (static_cast<unsigned char>(out.back()) & 0xC0) == 0xC0;
        out.pop_back();
        if (lead) break;
      }
      return out + "…";
    }
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte == '\n') out += "\\n";
    else if (byte == '\t') out += "\\t";
    else if (byte == '\r') out += "\\r";
    else if (byte < 0x20 || byte == 0x7F) out += fmt::format("\\x{:02x}", byte);
    else out += text[i];
  }
  return out;
}

}  // namespace hies
