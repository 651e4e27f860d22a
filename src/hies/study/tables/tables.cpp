#include "hies/study/tables/tables.h"

namespace hies::study {

std::vector<Table> evidence_tables(std::span<const Record> /*records*/, const ScoresFiles& /*scores*/,
                                   const TableOptions& /*options*/) {
  return {};
}

void write_tables(const std::filesystem::path& folder, std::span<const Record> /*records*/, const TableOptions& /*options*/) {
  std::filesystem::create_directories(folder / kTablesFolder);
}

}  // namespace hies::study
