#include "bundle.h"

#include <charconv>
#include <fstream>
#include <set>

#include "hies/base/error.h"
#include "hies/base/files.h"

namespace hies::fuzz {
namespace {
namespace fs = std::filesystem;

bool is_inside(const std::string& name) {
  if (name.empty() || name.size() > 100 || name.find_first_of(std::string_view("\n\0", 2)) != std::string::npos) return false;
  const fs::path path(name);
  if (path.is_absolute() || !path.has_filename()) return false;
  for (const fs::path& part : path)
    if (part == ".." || part == "." || part.empty()) return false;
  return true;
}

void put(const fs::path& path, std::string_view content) {
  fs::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(content.data(), static_cast<std::streamsize>(content.size()));
  check(file.good(), "cannot write the input of a fuzzer");
}

// Removes what does not belong to the name of a file: a folder, or a file where a folder has to be.
void make_room(const fs::path& root, const std::string& name) {
  fs::path path = root;
  for (const fs::path& part : fs::path(name).parent_path()) {
    path /= part;
    if (fs::exists(path) && !fs::is_directory(path)) fs::remove(path);
  }
  if (fs::is_directory(root / name)) fs::remove_all(root / name);
}

}  // namespace

std::string pack(const Bundle& bundle) {
  std::string bytes;
  for (const auto& [name, content] : bundle) bytes += fmt::format("{} {}\n{}\n", name, content.size(), content);
  return bytes;
}

Bundle unpack(std::string_view bytes) {
  Bundle bundle;
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
    const std::size_t space = line.rfind(' ');
    std::size_t size = 0;
    if (space == std::string_view::npos ||
        std::from_chars(line.data() + space + 1, line.data() + line.size(), size).ec != std::errc())
      continue;
    const std::string name(line.substr(0, space));
    size = std::min(size, bytes.size());
    if (is_inside(name)) bundle[name] = bytes.substr(0, size);
    bytes.remove_prefix(std::min(size + 1, bytes.size()));
  }
  return bundle;
}

Bundle read_bundle(const fs::path& folder, std::initializer_list<std::string_view> endings) {
  Bundle bundle;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().lexically_relative(folder).generic_string();
    bool wanted = endings.size() == 0;
    for (const std::string_view ending : endings) wanted |= name.ends_with(ending);
    if (wanted && entry.is_regular_file()) bundle[name] = read_file(entry.path());
  }
  return bundle;
}

// The folder of the input lies deep, so that "../" in a name leads to where stray() looks.
BundleFolder::BundleFolder(fs::path root) : root_(std::move(root)), input_(root_ / "a/b/in"), output_(root_ / "a/b/out") {
  fs::create_directories(input_);
  fs::create_directories(output_);
}

BundleFolder::~BundleFolder() {
  std::error_code ignored;
  fs::remove_all(root_, ignored);
}

void BundleFolder::hold(const Bundle& bundle) {
  for (const auto& [name, content] : held_)
    if (!bundle.contains(name)) fs::remove(input_ / name);
  for (const auto& [name, content] : bundle) {
    const auto old = held_.find(name);
    if (old != held_.end() && old->second == content) continue;
    make_room(input_, name);
    put(input_ / name, content);
  }
  held_ = bundle;
  if (fs::is_empty(output_)) return;
  fs::remove_all(output_);
  fs::create_directory(output_);
}

std::string BundleFolder::stray() const {
  for (auto entry = fs::recursive_directory_iterator(root_); entry != fs::recursive_directory_iterator(); ++entry) {
    if (entry->path() == output_) entry.disable_recursion_pending();
    else if (!entry->is_directory() && !held_.contains(entry->path().lexically_relative(input_).generic_string()))
      return entry->path().lexically_relative(root_).generic_string();
  }
  return {};
}

}  // namespace hies::fuzz
