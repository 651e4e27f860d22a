#include <arrow/io/file.h>

#include "hies/base/files.h"
#include "hies/base/json.h"
#include "hies/data/columns.h"
#include "hies/data/images/kinds.h"
#include "hies/data/parquet_arrow.h"
#include "hies/data/table_readers.h"

namespace hies::data {
namespace {

// Names of the classes that the Hugging Face hub keeps beside the data; none where it does not.
std::vector<std::string> hub_class_names(const arrow::Schema& schema, const std::string& label) {
  const auto& metadata = schema.metadata();
  const int at = metadata == nullptr ? -1 : metadata->FindKey("huggingface");
  if (at < 0) return {};
  const Json json = Json::parse(metadata->value(at), nullptr, false);
  const Json::json_pointer place(Json::json_pointer("/info/features") / label / "names");
  if (json.is_discarded() || !json.contains(place)) return {};
  std::vector<std::string> names;
  for (const Json& name : json.at(place))
    if (name.is_string()) names.push_back(name.get<std::string>());
  return names;
}

bool holds_bytes(const arrow::DataType& type) {
  return type.id() == arrow::Type::BINARY || type.id() == arrow::Type::LARGE_BINARY;
}
// Else it may hold paths.
bool holds_files(const arrow::DataType& type) { return holds_bytes(type) || type.id() == arrow::Type::STRUCT; }

// The column of files: of bytes, or of records with a member "bytes" as the Hugging Face hub stores images.
std::shared_ptr<arrow::ChunkedArray> bytes_column(const std::filesystem::path& path, const arrow::ChunkedArray& column,
                                                  const std::string& name) {
  if (holds_bytes(*column.type())) return value_of(path, arrow::ChunkedArray::Make(column.chunks(), column.type()));
  const int at = static_cast<const arrow::StructType&>(*column.type()).GetFieldIndex("bytes");
  if (at < 0) bad_input("{}: the records of column '{}' have no member 'bytes'", path.string(), printable(name));
  arrow::ArrayVector parts;
  for (const auto& chunk : column.chunks())
    parts.push_back(value_of(path, static_cast<const arrow::StructArray&>(*chunk).Flatten())[static_cast<std::size_t>(at)]);
  return value_of(path, arrow::ChunkedArray::Make(std::move(parts), arrow::binary()));
}

class ParquetImages : public ImageSource {
 public:
  ParquetImages(const std::filesystem::path& path, std::shared_ptr<arrow::ChunkedArray> files) : files_(std::move(files)) {
    for (std::int64_t row = 0; row < files_->length(); ++row) names.push_back(fmt::format("{}, row {}", path.string(), row + 1));
  }

  std::string bytes(std::int64_t index) const override {
    const auto scalar = files_->GetScalar(index);
    if (!scalar.ok() || !(*scalar)->is_valid) bad_input("{}: there is no image", names[static_cast<std::size_t>(index)]);
    return std::string(static_cast<const arrow::BaseBinaryScalar&>(**scalar).view());
  }

 private:
  std::shared_ptr<arrow::ChunkedArray> files_;
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
  if (!holds_files(*schema->field(static_cast<int>(image))->type())) return open_list(path, task, options);
  const std::shared_ptr<arrow::Table> table = value_of(path, reader->ReadTable());
  const auto files = bytes_column(path, *table->column(static_cast<int>(image)), columns.columns()[image]);
  auto source = std::make_unique<ParquetImages>(path, files);
  const auto label = label_column(columns, task, options);
  if (!label) return source;
  source->class_names = hub_class_names(*schema, columns.columns()[*label]);
  const auto& labels = *table->column(static_cast<int>(*label));
  for (std::int64_t row = 0; row < labels.length(); ++row) {
    const auto scalar = value_of(path, labels.GetScalar(row));
    if (!scalar->is_valid) bad_input("{} has no label", source->names[static_cast<std::size_t>(row)]);
    source->labels.push_back(scalar->ToString());
  }
  return source;
}

}  // namespace hies::data
