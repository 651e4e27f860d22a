#include "hies/base/hidden_names.h"

#include <algorithm>
#include <array>
#include <string>

namespace hies {
namespace {

// In lower case. Windows, macOS; the network storage of Synology and QNAP; Linux.
constexpr std::array<std::string_view, 12> kHiddenNames = {
    "thumbs.db", "ehthumbs.db", "desktop.ini", "$recycle.bin",       "system volume information",
    "__macosx",  "@eadir",      "#recycle",    "@recently-snapshot", "@recycle",
    "@tmp",      "lost+found"};

}  // namespace

bool is_hidden_name(std::string_view file_name) {
  if (file_name.starts_with('.')) return true;
  std::string name(file_name);
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return std::find(kHiddenNames.begin(), kHiddenNames.end(), name) != kHiddenNames.end();
}

bool has_hidden_part(std::string_view path) {
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, end);
    if (part != "." && part != ".." && is_hidden_name(part)) return true;
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return false;
}

}  // namespace hies
