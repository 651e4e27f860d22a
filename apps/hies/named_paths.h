#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hies::cli {

// A file or folder of a command line, by the word that stands for it ("MODEL", "--svg"). An empty path is not given.
struct NamedPath {
  std::string_view name;
  std::string path;
};

// Throws bad_input where an output is another output, or is or holds an input: with --force the command would overwrite what it
// reads. To be called before long work.
void refuse_overlap(const std::vector<NamedPath>& outputs, const std::vector<NamedPath>& inputs);

}  // namespace hies::cli
