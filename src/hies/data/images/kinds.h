#pragma once

// Each place that images lie in, in a file of its own.

#include <optional>

#include "hies/data/images/source.h"

namespace hies::data {

ImageSourcePtr open_folder(const std::filesystem::path& folder);
// `part`: only what lies below it; empty: all.
ImageSourcePtr open_archive(const std::filesystem::path& file, const std::string& part);
ImageSourcePtr open_list(const std::filesystem::path& file, const Task& task, const LoadOptions& options);
ImageSourcePtr open_parquet_images(const std::filesystem::path& file, const Task& task, const LoadOptions& options);
// The files of a folder, or split, of tables of images; none where `path` is something else.
std::vector<std::filesystem::path> image_shards(const std::filesystem::path& path);
// The images of all files, one file after another. Takes what the first file says of the labels.
ImageSourcePtr open_shards(const std::vector<std::filesystem::path>& files, const Task& task, const LoadOptions& options,
                           std::size_t classes);
ImageSourcePtr open_idx(const std::filesystem::path& file);
// `content` of a file of that name; names_of: the text of a file beside it, if it is there.
ImageSourcePtr open_cifar(const std::filesystem::path& name, std::string content, std::size_t classes,
                          const std::optional<std::string>& names);

// Throws bad_input for what is no path, before it is in a message: image files, texts in Base64. `where` names its row.
void check_image_path(const std::string& path, const std::string& where, const std::string& column);
// Whether a file's name is that of an IDX file of images.
bool is_idx_name(const std::string& name);
// The file beside a CIFAR file that names its classes.
std::string cifar_names_file(std::size_t bytes);

}  // namespace hies::data
