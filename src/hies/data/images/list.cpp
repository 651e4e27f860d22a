#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/data/columns.h"
#include "hies/data/images/kinds.h"
#include "hies/data/table.h"

namespace hies::data {
namespace {

// A table whose rows say where each image lies, from the table's own folder on.
class List : public ImageSource {
 public:
  List(const std::filesystem::path& file, const Task& task, const LoadOptions& options) : folder_(file.parent_path()) {
    const Table table = read_task_table(file, task, options);
    const std::size_t path = text_column(table, task, options);
    const auto label = label_column(table, task, options);
    for (std::int64_t row = 0; row < table.row_count(); ++row) {
      const std::string where = table.where(row);
      if (table.is_null(row, path) || table.text(row, path).empty()) bad_input("{} names no image", where);
      names.push_back(table.text(row, path));
      if (!label) continue;
      if (table.is_null(row, *label)) bad_input("{} has no label", where);
      labels.push_back(table.text(row, *label));
    }
  }

  std::string bytes(std::int64_t index) const override { return read_file(folder_ / names[static_cast<std::size_t>(index)]); }

 private:
  std::filesystem::path folder_;
};

}  // namespace

ImageSourcePtr open_list(const std::filesystem::path& file, const Task& task, const LoadOptions& options) {
  return std::make_unique<List>(file, task, options);
}

}  // namespace hies::data
