#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hies/data/rows.h"
#include "hies/data/table.h"
#include "hies/image/image.h"

namespace hies::data {

// Images as they lie somewhere, not decoded yet, in an order that does not depend on the machine. N images.
class ImageSource {
 public:
  virtual ~ImageSource() = default;

  std::vector<std::string> names;  // [N] as errors name them
  // [N] class names or numbers, as they stand there, none where nothing stands; empty: the images have no labels
  std::vector<std::optional<std::string>> labels;
  std::string label_name = "the labels";   // as messages name them: "column 'label'"
  ColumnType label_type = {};              // what the source says of them
  std::vector<std::string> class_folders;  // sorted; where the labels are names of folders
  std::filesystem::path class_root;        // what these folders are in

  std::int64_t size() const noexcept { return static_cast<std::int64_t>(names.size()); }
  // Says that only these will be read, before any is.
  virtual void keep(std::span<const std::int64_t> /*wanted*/) {}
  // What is stored of an image. From any thread. Throws io.
  virtual std::string bytes(std::int64_t index) const = 0;
  // The image in that, with 1 or 3 channels. From any thread. Throws bad_input, which names it.
  virtual image::Image decode(std::int64_t index, int channels, std::int64_t most_pixels) const;
};

using ImageSourcePtr = std::unique_ptr<ImageSource>;

// Opens whatever holds images:
//   a folder, or a tar file (compressed or not), of class folders, or of images without labels
//   TAR/FOLDER, which is that part of a tar file
//   .csv, .tsv, .jsonl, .json with a column of paths, .parquet with a column of paths or of files (as on the Hugging Face hub)
//   a folder, or FOLDER/SPLIT, of such .parquet files: the shards of one split
//   IDX (MNIST, Fashion-MNIST), compressed or not, and the binary files of CIFAR-10 and CIFAR-100
// `task` and `options` say which columns, `classes`: of the model, chooses between coarse and fine labels. Throws bad_input or io.
ImageSourcePtr open_images(const std::filesystem::path& path, const Task& task, const LoadOptions& options, std::size_t classes);

}  // namespace hies::data
