#include <arrow/io/memory.h>

#include <charconv>
#include <cmath>

#include "hies/base/json.h"
#include "hies/data/parquet_arrow.h"
#include "hies/data/table_readers.h"

namespace hies::data {
namespace {

using Cells = std::vector<std::optional<std::string>>;

// 4.2f as 4.2, not as 4.19999980926.
double widened(float value) {
  const std::string digits = fmt::format("{}", value);
  double number = value;  // what has no digits stays as it is: NaN, infinity
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

// Numbers are written as JSON writes them, so that the same rows give the same cells from either format.
std::string scalar_text(const arrow::Scalar& scalar) {
  switch (scalar.type->id()) {
    case arrow::Type::FLOAT: return Json(widened(static_cast<const arrow::FloatScalar&>(scalar).value)).dump();
    case arrow::Type::DOUBLE: return Json(static_cast<const arrow::DoubleScalar&>(scalar).value).dump();
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::BINARY_VIEW: return std::string(static_cast<const arrow::BaseBinaryScalar&>(scalar).view());
    default: return scalar.ToString();
  }
}

// How numpy, and what is built on it, marks a gap in a column of numbers.
bool is_nan(const arrow::Scalar& scalar) {
  if (scalar.type->id() == arrow::Type::FLOAT) return std::isnan(static_cast<const arrow::FloatScalar&>(scalar).value);
  return scalar.type->id() == arrow::Type::DOUBLE && std::isnan(static_cast<const arrow::DoubleScalar&>(scalar).value);
}

// Lists and structs as JSON, with what is in them.
Json nested_json(const std::filesystem::path& path, const arrow::Scalar& scalar) {
  if (!scalar.is_valid) return nullptr;
  switch (scalar.type->id()) {
    case arrow::Type::LIST:
    case arrow::Type::LARGE_LIST:
    case arrow::Type::FIXED_SIZE_LIST: {
      Json list = Json::array();
      const arrow::Array& values = *static_cast<const arrow::BaseListScalar&>(scalar).value;
      for (std::int64_t i = 0; i < values.length(); ++i) list.push_back(nested_json(path, *value_of(path, values.GetScalar(i))));
      return list;
    }
    case arrow::Type::STRUCT: {
      Json object = Json::object();
      const auto& fields = static_cast<const arrow::StructScalar&>(scalar);
      for (int i = 0; i < scalar.type->num_fields(); ++i)
        object[scalar.type->field(i)->name()] = nested_json(path, *fields.value[static_cast<std::size_t>(i)]);
      return object;
    }
    case arrow::Type::DICTIONARY:
      return nested_json(path, *value_of(path, static_cast<const arrow::DictionaryScalar&>(scalar).GetEncodedValue()));
    default: break;
  }
  const std::string text = scalar_text(scalar);
  if (arrow::is_integer(scalar.type->id()) || arrow::is_floating(scalar.type->id()) || scalar.type->id() == arrow::Type::BOOL)
    return parse_json(text, path.string());
  return text;
}

void append_nested(const std::filesystem::path& path, const arrow::Array& array, bool keep, Cells& cells) {
  if (!keep) return cells.resize(cells.size() + static_cast<std::size_t>(array.length()));
  for (std::int64_t i = 0; i < array.length(); ++i) {
    const Json value = nested_json(path, *value_of(path, array.GetScalar(i)));
    // JSON is UTF-8: what is not is replaced.
    cells.push_back(value.is_null() ? std::nullopt : std::optional(value.dump(-1, ' ', false, Json::error_handler_t::replace)));
  }
}

void append_cells(const std::filesystem::path& path, const arrow::Array& array, bool keep_nested, Cells& cells) {
  if (arrow::is_nested(array.type_id())) return append_nested(path, array, keep_nested, cells);
  if (array.type_id() == arrow::Type::STRING) {  // the usual case, without a Scalar per cell
    const auto& strings = static_cast<const arrow::StringArray&>(array);
    for (std::int64_t i = 0; i < strings.length(); ++i) {
      cells.push_back(strings.IsNull(i) ? std::nullopt : std::optional(strings.GetString(i)));
    }
    return;
  }
  for (std::int64_t i = 0; i < array.length(); ++i) {
    std::shared_ptr<arrow::Scalar> scalar = value_of(path, array.GetScalar(i));
    if (scalar->type->id() == arrow::Type::DICTIONARY && scalar->is_valid) {
      scalar = value_of(path, static_cast<const arrow::DictionaryScalar&>(*scalar).GetEncodedValue());
    }
    cells.push_back(scalar->is_valid && !is_nan(*scalar) ? std::optional(scalar_text(*scalar)) : std::nullopt);
  }
}

}  // namespace

std::vector<std::optional<std::string>> cells_of(const std::filesystem::path& path, const arrow::ChunkedArray& column,
                                                 bool keep_nested) {
  Cells cells;
  for (const auto& chunk : column.chunks()) append_cells(path, *chunk, keep_nested, cells);
  return cells;
}

Table read_parquet(const std::filesystem::path& path, std::span<const std::byte> content, const TableOptions& options) {
  const auto buffer = std::make_shared<arrow::Buffer>(reinterpret_cast<const std::uint8_t*>(content.data()),
                                                      static_cast<std::int64_t>(content.size()));
  const auto reader = open_parquet(path, std::make_shared<arrow::io::BufferReader>(buffer));
  const std::shared_ptr<arrow::Table> source = value_of(path, reader->ReadTable());

  Table table(path, source->ColumnNames());
  table.number_rows();
  check_columns(path, table.columns());
  std::vector<Cells> columns;
  for (int c = 0; c < source->num_columns(); ++c) {
    columns.push_back(cells_of(path, *source->column(c), options.keep_nested));
    table.declare(static_cast<std::size_t>(c), type_of(*source->schema(), c));
  }
  for (std::int64_t row = 0; row < source->num_rows(); ++row) {
    Cells cells;
    for (Cells& column : columns) cells.push_back(std::move(column[static_cast<std::size_t>(row)]));
    table.add_row(row + 1, std::move(cells));
  }
  return table;
}

}  // namespace hies::data
