#pragma once

#include <filesystem>
#include <memory>
#include <utility>

#include <arrow/api.h>
#include <arrow/io/interfaces.h>
#include <parquet/arrow/reader.h>

#include "hies/base/error.h"

// What the readers of Parquet files share.
namespace hies::data {

// Throws bad_input, which names the file, where Arrow failed.
template <class T>
T value_of(const std::filesystem::path& path, arrow::Result<T> result) {
  if (!result.ok()) bad_input("{}: not a readable Parquet file: {}", path.string(), printable(result.status().message(), 200));
  return std::move(result).ValueUnsafe();
}

inline std::unique_ptr<parquet::arrow::FileReader> open_parquet(const std::filesystem::path& path,
                                                                std::shared_ptr<arrow::io::RandomAccessFile> file) {
  return value_of(path, parquet::arrow::OpenFile(std::move(file), arrow::default_memory_pool()));
}

}  // namespace hies::data
