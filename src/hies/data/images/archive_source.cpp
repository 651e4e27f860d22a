#include <algorithm>
#include <map>

#include "hies/base/error.h"
#include "hies/data/images/archive.h"
#include "hies/data/images/kinds.h"
#include "hies/data/images/tree.h"

namespace hies::data {
namespace {

// Read twice: once for the names, once for the images that are wanted, which stay in memory as they are.
class Archive : public ImageSource {
 public:
  Archive(std::filesystem::path file, const std::string& part) : file_(std::move(file)) {
    Tree tree;
    visit_archive(file_, [&](const ArchiveEntry& entry) {
      if (!part.empty() && entry.path != part && !entry.path.starts_with(part + "/")) return;
      (entry.is_folder ? tree.folders : tree.files).push_back(entry.path);
    });
    fill_from_tree(std::move(tree), part.size(), part.empty() ? file_ : file_ / part, *this);
  }

  void keep(std::span<const std::int64_t> wanted) override {
    for (const std::int64_t index : wanted) content_[names[static_cast<std::size_t>(index)]];
    std::size_t bytes = 0;
    visit_archive(file_, [&](const ArchiveEntry& entry) {
      const auto found = content_.find(entry.path);
      if (found == content_.end()) return;
      found->second = entry.read();
      bytes += found->second.size();
      check_unpacked(file_, bytes);
    });
  }

  std::string bytes(std::int64_t index) const override { return content_.at(names[static_cast<std::size_t>(index)]); }

 private:
  std::filesystem::path file_;
  std::map<std::string, std::string> content_;
};

}  // namespace

ImageSourcePtr open_archive(const std::filesystem::path& file, const std::string& part) {
  return std::make_unique<Archive>(file, part);
}

}  // namespace hies::data
