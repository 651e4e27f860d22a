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
ImageSourcePtr open_idx(const std::filesystem::path& file);
// `content` of a file of that name; names_of: the text of a file beside it, if it is there.
ImageSourcePtr open_cifar(const std::filesystem::path& name, std::string content, std::size_t classes,
                          const std::optional<std::string>& names);

// Whether a file's name is that of an IDX file of images.
bool is_idx_name(const std::string& name);
// The file beside a CIFAR file that names its classes.
std::string cifar_names_file(std::size_t bytes);

}  // namespace hies::data
