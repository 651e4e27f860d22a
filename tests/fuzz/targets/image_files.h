#pragma once

#include <string>
#include <vector>

#include "../bundle.h"

namespace hies::fuzz {

// Returns a tar file (POSIX.1-1988) of these files.
std::string tar_of(const Bundle& files);
std::string gzip_of(const std::string& content);
// A few images in class folders.
Bundle class_folders();
// Numbers of an IDX file, high bytes first.
std::string idx_of(const std::vector<unsigned>& header, std::size_t values);

}  // namespace hies::fuzz
