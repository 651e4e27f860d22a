#include "named_paths.h"

#include <algorithm>
#include <filesystem>

#include "hies/base/error.h"

namespace hies::cli {
namespace {
namespace fs = std::filesystem;

// Returns the absolute path without links, so that equal places compare equal.
fs::path place(const std::string& path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error);
  const fs::path there = fs::weakly_canonical(absolute, error);
  const fs::path& found = error ? absolute : there;
  return found.has_filename() ? found : found.parent_path();
}

bool holds(const fs::path& folder, const fs::path& inside) {
  return std::mismatch(folder.begin(), folder.end(), inside.begin(), inside.end()).first == folder.end();
}

}  // namespace

void refuse_overlap(const std::vector<NamedPath>& outputs, const std::vector<NamedPath>& inputs) {
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const NamedPath& output = outputs[i];
    if (output.path.empty()) continue;
    const fs::path target = place(output.path);
    for (std::size_t other = 0; other < i; ++other)
      if (!outputs[other].path.empty() && target == place(outputs[other].path))
        bad_input("{} and {} name the same file {}", outputs[other].name, output.name, printable(output.path));
    for (const NamedPath& input : inputs) {
      if (input.path.empty() || !holds(target, place(input.path))) continue;
      throw Error(ErrorKind::bad_input,
                  fmt::format("{} {} would overwrite {}, which is read", output.name, printable(output.path), input.name),
                  "choose another name");
    }
  }
}

}  // namespace hies::cli
