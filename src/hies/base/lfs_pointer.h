#pragma once

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>

#include "hies/base/error.h"

namespace hies {

// The first bytes of a file that is_lfs_pointer() needs.
inline constexpr std::size_t kLfsPointerBytes = 64;

// Returns true if a file that begins with `beginning` is a Git LFS pointer: the three lines of text that a clone without Git LFS
// leaves in the place of a large file. (Specification: git-lfs/docs/spec.md; hawser was its name before the first release.)
inline bool is_lfs_pointer(std::string_view beginning) {
  constexpr std::array<std::string_view, 2> kFirstLines = {"version https://git-lfs.github.com/spec/",
                                                           "version https://hawser.github.com/spec/"};
  return std::any_of(kFirstLines.begin(), kFirstLines.end(),
                     [&](std::string_view first_line) { return beginning.starts_with(first_line); });
}

// Throws bad_input, which names the file, if its content begins like a Git LFS pointer.
inline void refuse_lfs_pointer(const std::filesystem::path& file, std::string_view beginning) {
  if (!is_lfs_pointer(beginning)) return;
  throw Error(ErrorKind::bad_input, fmt::format("{} is a Git LFS pointer, not the file itself", file.string()),
              "run `git lfs pull` in the folder that was cloned, or download the file again");
}

}  // namespace hies
