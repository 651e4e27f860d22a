#include <algorithm>

#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/base/hidden_names.h"
#include "hies/data/data_files.h"
#include "hies/data/images/kinds.h"
#include "hies/data/images/tree.h"

namespace hies::data {
namespace {
namespace fs = std::filesystem;

// The images of several sources, one after another.
class Shards : public ImageSource {
 public:
  explicit Shards(std::vector<ImageSourcePtr> parts) : ImageSource(*parts.front()), parts_(std::move(parts)) {
    for (const ImageSourcePtr& part : parts_) {
      begins_.push_back(part == parts_.front() ? 0 : size());
      if (part == parts_.front()) continue;
      if (part->labels.empty() != parts_.front()->labels.empty())
        bad_input("{} has labels, but the shard of {} has none", (labels.empty() ? part : parts_.front())->names.front(),
                  (labels.empty() ? parts_.front() : part)->names.front());
      names.insert(names.end(), part->names.begin(), part->names.end());
      label_type.join(part->label_type, part->names.front());
      labels.insert(labels.end(), part->labels.begin(), part->labels.end());
    }
  }

  void keep(std::span<const std::int64_t> wanted) override {
    std::vector<std::vector<std::int64_t>> of_parts(parts_.size());
    for (const std::int64_t index : wanted) of_parts[part_of(index)].push_back(index - begins_[part_of(index)]);
    for (std::size_t i = 0; i < parts_.size(); ++i) parts_[i]->keep(of_parts[i]);
  }
  std::string bytes(std::int64_t index) const override { return parts_[part_of(index)]->bytes(index - begins_[part_of(index)]); }
  image::Image decode(std::int64_t index, int channels, std::int64_t most_pixels) const override {
    return parts_[part_of(index)]->decode(index - begins_[part_of(index)], channels, most_pixels);
  }

 private:
  std::size_t part_of(std::int64_t index) const {
    return static_cast<std::size_t>(std::upper_bound(begins_.begin(), begins_.end(), index) - begins_.begin()) - 1;
  }

  std::vector<ImageSourcePtr> parts_;
  std::vector<std::int64_t> begins_;  // places of the first images of the parts
};

// True for a folder of Parquet files without images or folders beside them: those would be images of class folders.
bool holds_parquet_alone(const fs::path& folder) {
  bool found = false;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error); !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (is_hidden_name(name)) continue;
    if (is_folder(entry->path()) || is_image_name(name)) return false;
    found |= lower_extension(entry->path()) == ".parquet";
  }
  return found;
}

}  // namespace

std::vector<fs::path> image_shards(const fs::path& path) {
  if (is_there(path) && !(is_folder(path) && holds_parquet_alone(path))) return {};
  DataFiles found = find_data_files(path);
  if (!found.members.empty() || found.files.front() == path) return {};
  return std::move(found.files);
}

ImageSourcePtr open_shards(const std::vector<fs::path>& files, const Task& task, const LoadOptions& options,
                           std::size_t classes) {
  std::vector<ImageSourcePtr> parts;
  for (const fs::path& file : files) {
    parts.push_back(open_images(file, task, options, classes));
    if (parts.back()->size() == 0) parts.pop_back();
  }
  if (parts.empty()) bad_input("{} holds no images", files.front().string());
  if (parts.size() == 1) return std::move(parts.front());
  return std::make_unique<Shards>(std::move(parts));
}

}  // namespace hies::data
