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

}  // namespace hies
