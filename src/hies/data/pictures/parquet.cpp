#include <arrow/api.h>
#include <arrow/io/file.h>
#include <parquet/arrow/reader.h>

#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/base/json.h"
#include "hies/data/columns.h"
#include "hies/data/pictures/kinds.h"
#include "hies/data/table_readers.h"

namespace hies::data {
namespace {

template <class T>
T value_of(const std::filesystem::path& path, arrow::Result<T> result) {
  if (!result.ok()) bad_input("{}: not a readable Parquet file: {}", path.string(), printable(result.status().message(), 200));
  return std::move(result).ValueUnsafe();
}

// Names of the classes that the Hugging Face hub keeps beside the data; none where it does not.
std::vector<std::string> hub_class_names(const arrow::Schema& schema, const std::string& label) {
  const auto metadata = schema.metadata();
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

// The column of files: of bytes, or of records with a member "bytes" as the Hugging Face hub stores pictures.
std::shared_ptr<arrow::ChunkedArray> bytes_column(const std::filesystem::path& path, const arrow::ChunkedArray& column,
                                                  const std::string& name) {
  const arrow::Type::type type = column.type()->id();
  if (type == arrow::Type::BINARY || type == arrow::Type::LARGE_BINARY)
    return value_of(path, arrow::ChunkedArray::Make(column.chunks(), column.type()));
  if (type != arrow::Type::STRUCT) return nullptr;
  const int at = static_cast<const arrow::StructType&>(*column.type()).GetFieldIndex("bytes");
  if (at < 0) bad_input("{}: the records of column '{}' have no member 'bytes'", path.string(), printable(name));
  arrow::ArrayVector parts;
  for (const auto& chunk : column.chunks())
    parts.push_back(value_of(path, static_cast<const arrow::StructArray&>(*chunk).Flatten())[static_cast<std::size_t>(at)]);
  return value_of(path, arrow::ChunkedArray::Make(std::move(parts), arrow::binary()));
}

class ParquetPictures : public PictureSource {
 public:
  ParquetPictures(const std::filesystem::path& path, std::shared_ptr<arrow::ChunkedArray> files) : files_(std::move(files)) {
    for (std::int64_t row = 0; row < files_->length(); ++row) names.push_back(fmt::format("{}, row {}", path.string(), row + 1));
  }

  std::string bytes(std::int64_t index) const override {
    const auto scalar = files_->GetScalar(index);
    if (!scalar.ok() || !(*scalar)->is_valid) bad_input("{}: there is no picture", names[static_cast<std::size_t>(index)]);
    return std::string(static_cast<const arrow::BaseBinaryScalar&>(**scalar).view());
  }

 private:
  std::shared_ptr<arrow::ChunkedArray> files_;
};

}  // namespace

Pictures open_parquet_pictures(const std::filesystem::path& path, const Task& task, const LoadOptions& options) {
  const MappedFile exists(path);  // says what is wrong where it does not
  const auto input = value_of(path, arrow::io::ReadableFile::Open(path.string()));
  const auto reader = value_of(path, parquet::arrow::OpenFile(input, arrow::default_memory_pool()));
  const std::shared_ptr<arrow::Table> table = value_of(path, reader->ReadTable());
  const Table columns(path, table->ColumnNames());
  check_columns(path, columns.columns());
  const std::size_t picture = text_column(columns, task, options);
  const auto files = bytes_column(path, *table->column(static_cast<int>(picture)), columns.columns()[picture]);
  if (files == nullptr) return open_list(path, task, options);
  auto source = std::make_unique<ParquetPictures>(path, files);
  const auto label = label_column(columns, task, options);
  if (!label) return source;
  source->class_names = hub_class_names(*table->schema(), columns.columns()[*label]);
  const auto& labels = *table->column(static_cast<int>(*label));
  for (std::int64_t row = 0; row < labels.length(); ++row) {
    const auto scalar = value_of(path, labels.GetScalar(row));
    if (!scalar->is_valid) bad_input("{} has no label", source->names[static_cast<std::size_t>(row)]);
    source->labels.push_back(scalar->ToString());
  }
  return source;
}

}  // namespace hies::data
