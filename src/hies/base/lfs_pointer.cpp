#include "hies/base/lfs_pointer.h"

#include "hies/base/error.h"

namespace hies {

void refuse_lfs_pointer(std::string_view content, std::string_view where) {
  if (is_lfs_pointer(content))
    throw Error(ErrorKind::bad_input, fmt::format("{} is a Git LFS pointer: the content was never downloaded", where),
                "run `git lfs pull` in that repository, or download the file itself");
}

}  // namespace hies
