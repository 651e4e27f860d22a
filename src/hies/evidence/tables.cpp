#include "hies/evidence/tables.h"

#include <system_error>

#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/evidence/formats.h"
#include "hies/evidence/kinds.h"

namespace hies::evidence {

std::vector<Table> evidence_tables(std::span<const Record> records, const ScoresFiles& scores, const TableOptions& options) {
  const Evidence evidence(records, scores, options);
  std::vector<Table> tables;
  for (const auto kind : {
           quality_tables,
           random_tables,
           alpha_tables,
           calibration_size_tables,
           loss_tables,
           choice_tables,
           orthogonality_tables,
           bound_tables,
           pareto_tables,
           site_front_tables,
           refit_tables,
           latency_tables,
       }) {
    for (Table& table : kind(evidence))
      if (!table.rows.empty()) tables.push_back(std::move(table));
  }
  return tables;
}

ScoresFiles read_scores_files(const std::filesystem::path& folder, std::span<const Record> records, const TableOptions& options) {
  ScoresFiles scores;
  for (const Record& record : records) {
    if (record.key.examples.value_or(options.examples) != options.examples) continue;
    for (const std::string& file : {record.key.scores, record.measured.bound.scores})
      if (!file.empty() && !scores.contains(file)) scores[file] = score::read_scores(folder / file);
  }
  return scores;
}

void write_tables(const std::filesystem::path& folder, std::span<const Record> records, const TableOptions& options) {
  const std::vector<Table> tables = evidence_tables(records, read_scores_files(folder, records, options), options);
  const std::filesystem::path target = folder / kTablesFolder;
  std::error_code failure;
  std::filesystem::create_directories(target, failure);
  if (failure) io_error("cannot create {}: {}", target.string(), failure.message());
  for (const Table& table : tables)
    for (const TableFormat& format : table_formats())
      write_file(target / (table.name + std::string(format.ending)), format.print(table), true);
}

}  // namespace hies::evidence
