#include <algorithm>

#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/data/columns.h"
#include "hies/data/data_files.h"
#include "hies/data/images/kinds.h"
#include "hies/data/labels.h"
#include "hies/data/table.h"
#include "hies/data/table_readers.h"

namespace hies::data {
namespace {

std::string path_of(const Table& table, std::int64_t row, std::size_t column, const std::string& where) {
  if (table.is_null(row, column) || table.text(row, column).empty()) bad_input("{} names no image", where);
  check_image_path(table.text(row, column), where, table.columns()[column]);
  return table.text(row, column);
}

// A table whose rows say where each image lies, from the table's own folder on.
class List : public ImageSource {
 public:
  List(const std::filesystem::path& file, const Task& task, const LoadOptions& options)
      : folder_(find_data_files(file).files.front().parent_path()) {
    const Table table = read_task_table(file, task, options);
    const std::size_t path = text_column(table, task, options);
    for (std::int64_t row = 0; row < table.row_count(); ++row) names.push_back(path_of(table, row, path, table.where(row)));
    if (const auto label = label_column(table, task, options)) {
      LabelColumn column = label_cells(table, *label);
      labels = std::move(column.cells);
      label_name = std::move(column.name);
      label_type = std::move(column.type);
    }
  }

  std::string bytes(std::int64_t index) const override { return read_file(folder_ / names[static_cast<std::size_t>(index)]); }

 private:
  std::filesystem::path folder_;
};

}  // namespace

void check_image_path(const std::string& path, const std::string& where, const std::string& column) {
  constexpr std::size_t kLongest = 4096;  // bytes of a path on Linux
  const bool is_text = find_invalid_utf8(path) == std::string_view::npos &&
                       std::none_of(path.begin(), path.end(), [](unsigned char c) { return c < ' '; });
  if (is_text && path.size() <= kLongest) return;
  throw Error(ErrorKind::bad_input,
              fmt::format("{}: {} in column '{}' {} no path of an image", where,
                          is_text ? fmt::format("'{}'", printable(path, 40)) : fmt::format("{} bytes", path.size()),
                          printable(column), is_text ? "is" : "are"),
              "images themselves are read from Parquet: bytes, or records with a member 'bytes'");
}

ImageSourcePtr open_list(const std::filesystem::path& file, const Task& task, const LoadOptions& options) {
  return std::make_unique<List>(file, task, options);
}

}  // namespace hies::data
