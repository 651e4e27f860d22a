#pragma once

#include <string_view>

namespace hies {

// Returns whether `content`, a file or its beginning, is a Git LFS pointer: the few lines of text that a clone without Git LFS has
// in place of a large file (https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md).
inline bool is_lfs_pointer(std::string_view content) noexcept {
  return content.starts_with("version https://git-lfs.github.com/spec/v1");
}

// Throws bad_input if `content`, that of the file that `where` names, is a Git LFS pointer.
void refuse_lfs_pointer(std::string_view content, std::string_view where);

}  // namespace hies
