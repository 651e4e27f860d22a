#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <arrow/api.h>
#include <arrow/io/interfaces.h>
#include <parquet/arrow/reader.h>

#include "hies/base/error.h"
#include "hies/data/table.h"

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

// The cells of a column, as a Table has them: dictionaries are decoded, lists and structs null unless `keep_nested`.
std::vector<std::optional<std::string>> cells_of(const std::filesystem::path& path, const arrow::ChunkedArray& column,
                                                 bool keep_nested);

// What the schema says of a column. The names of its classes are those that the Hugging Face hub keeps in the file's metadata.
ColumnType type_of(const arrow::Schema& schema, int column);

}  // namespace hies::data
