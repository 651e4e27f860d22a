#pragma once

#include <memory>
#include <string>

#include <arrow/api.h>

namespace hies::fuzz {

// Returns the bytes of a Parquet file of the table, in groups of two rows.
std::string parquet_of(const arrow::Table& table);

template <class Builder, class T>
std::shared_ptr<arrow::Array> array_of(std::initializer_list<T> values) {
  Builder builder;
  for (const T& value : values) static_cast<void>(builder.Append(value).ok());
  return builder.Finish().ValueOrDie();
}

}  // namespace hies::fuzz
