#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "hies/evidence/records.h"
#include "hies/evidence/table.h"
#include "hies/score/methods/method.h"
#include "hies/score/scores.h"

namespace hies::evidence {

// What tables need beside the records.
struct TableOptions {
  std::int64_t examples = 32;                   // usual size of a calibration set; other sizes are of the study of that size
  double alpha = score::MethodOptions().alpha;  // shown where a table has only one; the nearest of the records is taken
};

// The scores files that records name, by that name.
using ScoresFiles = std::map<std::string, score::Scores>;

// Reads the scores files that records of the usual number of examples name, relative to `folder`: no table needs others. Throws
// what read_scores throws.
ScoresFiles read_scores_files(const std::filesystem::path& folder, std::span<const Record> records, const TableOptions& options);

// Returns all tables that the records have data for (docs/formats.md, tables/). Only the order of the runs among the records
// matters.
std::vector<Table> evidence_tables(std::span<const Record> records, const ScoresFiles& scores, const TableOptions& options = {});

inline constexpr const char* kTablesFolder = "tables";

// Writes evidence_tables() of a sweep to FOLDER/tables in Markdown, CSV and LaTeX, each file whole, and replaces those that are
// there. Throws what read_scores_files throws; io.
void write_tables(const std::filesystem::path& folder, std::span<const Record> records, const TableOptions& options = {});

}  // namespace hies::evidence
