#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/base/hidden_names.h"
#include "hies/data/images/kinds.h"
#include "hies/data/images/tree.h"

namespace hies::data {
namespace {
namespace fs = std::filesystem;

class Folder : public ImageSource {
 public:
  explicit Folder(fs::path folder) : folder_(std::move(folder)) {
    Tree tree;
    std::error_code error;
    fs::recursive_directory_iterator entry(folder_, fs::directory_options::follow_directory_symlink, error);
    for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
      const std::string path = entry->path().lexically_relative(folder_).generic_string();
      if (is_hidden_name(entry->path().filename().string())) entry.disable_recursion_pending();  // it may be unreadable, too
      else if (entry->is_directory(error)) tree.folders.push_back(path);
      else tree.files.push_back(path);
    }
    if (error) io_error("cannot read {}: {}", folder_.string(), error.message());
    fill_from_tree(std::move(tree), 0, folder_, *this);
  }

  std::string bytes(std::int64_t index) const override { return read_file(folder_ / names[static_cast<std::size_t>(index)]); }

 private:
  fs::path folder_;
};

}  // namespace

ImageSourcePtr open_folder(const fs::path& folder) { return std::make_unique<Folder>(folder); }

}  // namespace hies::data
