#include <arrow/io/file.h>

#include "hies/base/files.h"
#include "hies/data/columns.h"
#include "hies/data/images/kinds.h"
#include "hies/data/parquet_arrow.h"
#include "hies/data/table_readers.h"

namespace hies::data {
namespace {

bool holds_bytes(const arrow::DataType& type) {
  return type.id() == arrow::Type::BINARY || type.id() == arrow::Type::LARGE_BINARY || type.id() == arrow::Type::BINARY_VIEW;
}
bool holds_paths(const arrow::DataType& type) {
  if (type.id() == arrow::Type::DICTIONARY) return holds_paths(*static_cast<const arrow::DictionaryType&>(type).value_type());
  return arrow::is_string(type) || type.id() == arrow::Type::STRING_VIEW;
}

// A member of a column of records.
std::shared_ptr<arrow::ChunkedArray> member_column(const std::filesystem::path& path, const arrow::ChunkedArray& column, int at) {
  arrow::ArrayVector parts;
  for (const auto& chunk : column.chunks())
    parts.push_back(value_of(path, static_cast<const arrow::StructArray&>(*chunk).Flatten())[static_cast<std::size_t>(at)]);
  return value_of(path, arrow::ChunkedArray::Make(std::move(parts), column.type()->field(at)->type()));
}

// Image files in a column of bytes; or of records, as the Hugging Face hub stores images: with a member "bytes", and where that is null
// with "path", from the Parquet file's own folder on.
class ParquetImages : public ImageSource {
 public:
  ParquetImages(const std::filesystem::path& path, std::shared_ptr<arrow::ChunkedArray> column, std::string column_name)
      : folder_(path.parent_path()), column_name_(std::move(column_name)), files_(std::move(column)) {
    if (!holds_bytes(*files_->type())) take_members(path);
    for (std::int64_t row = 0; row < files_->length(); ++row) names.push_back(fmt::format("{}, row {}", path.string(), row + 1));
  }

  std::string bytes(std::int64_t index) const override {
    const auto at = static_cast<std::size_t>(index);
    const auto scalar = files_->GetScalar(index);
    if (scalar.ok() && (*scalar)->is_valid) return std::string(static_cast<const arrow::BaseBinaryScalar&>(**scalar).view());
    if (paths_.empty() || !paths_[at] || paths_[at]->empty()) bad_input("{}: there is no image", names[at]);
    check_image_path(*paths_[at], names[at], column_name_);
    return read_file(folder_ / *paths_[at]);
  }

 private:
  void take_members(const std::filesystem::path& path) {
    const std::shared_ptr<arrow::ChunkedArray> records = files_;
    const auto& type = static_cast<const arrow::StructType&>(*records->type());
    const int at = type.GetFieldIndex("bytes"), path_at = type.GetFieldIndex("path");
    if (at < 0 || !holds_bytes(*type.field(at)->type()))
      throw Error(
          ErrorKind::bad_input,
          fmt::format("{}: the records of column '{}' have no member 'bytes' of bytes", path.string(), printable(column_name_)),
          fmt::format("the records are {}", printable(type.ToString(), 200)));
    files_ = member_column(path, *records, at);
    if (path_at >= 0 && holds_paths(*type.field(path_at)->type()))
      paths_ = cells_of(path, *member_column(path, *records, path_at), false);
  }

  std::filesystem::path folder_;
  std::string column_name_;
  std::shared_ptr<arrow::ChunkedArray> files_;
  std::vector<std::optional<std::string>> paths_;  // empty: none
};

}  // namespace

ImageSourcePtr open_parquet_images(const std::filesystem::path& path, const Task& task, const LoadOptions& options) {
  const MappedFile exists(path);  // says what is wrong where it does not
  const auto reader = open_parquet(path, value_of(path, arrow::io::ReadableFile::Open(path.string())));
  std::shared_ptr<arrow::Schema> schema;
  if (const arrow::Status status = reader->GetSchema(&schema); !status.ok()) value_of(path, arrow::Result<int>(status));
  const Table columns(path, schema->field_names());
  check_columns(path, columns.columns());
  const std::size_t image = text_column(columns, task, options);
  const arrow::DataType& type = *schema->field(static_cast<int>(image))->type();
  if (holds_paths(type)) return open_list(path, task, options);
  if (!holds_bytes(type) && type.id() != arrow::Type::STRUCT)
    throw Error(ErrorKind::bad_input,
                fmt::format("{}: column '{}' holds no images, but {}", path.string(), printable(columns.columns()[image]),
                            printable(type.ToString(), 200)),
                "images are bytes, records with a member 'bytes', or paths; name their column with `text`");
  const std::shared_ptr<arrow::Table> table = value_of(path, reader->ReadTable());
  auto source = std::make_unique<ParquetImages>(path, table->column(static_cast<int>(image)), columns.columns()[image]);
  const auto label = label_column(columns, task, options);
  if (!label) return source;
  source->label_name = fmt::format("column '{}'", printable(columns.columns()[*label]));
  source->label_type = type_of(*schema, static_cast<int>(*label));
  source->labels = cells_of(path, *table->column(static_cast<int>(*label)), false);
  return source;
}

}  // namespace hies::data
