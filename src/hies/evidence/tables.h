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

// What tables cannot see in the records.
struct TableOptions {
  std::int64_t examples = 32;                   // of each seed's calibration set; other numbers are of the study of its size
  double alpha = score::MethodOptions().alpha;  // shown where there is room for one; the nearest that the records have is taken
};

// The scores files that records name, by that name.
using ScoresFiles = std::map<std::string, score::Scores>;

// The scores files that records of the usual number of examples name, relative to `folder`: no table needs others. Throws what
// read_scores throws.
ScoresFiles read_scores_files(const std::filesystem::path& folder, std::span<const Record> records, const TableOptions& options);

// All tables of evidence that the records have something for (docs/formats.md, tables/). The order of the records does not matter,
// but for that of the runs.
std::vector<Table> evidence_tables(std::span<const Record> records, const ScoresFiles& scores, const TableOptions& options = {});

inline constexpr const char* kTablesFolder = "tables";

// Writes evidence_tables() of a sweep to FOLDER/tables in Markdown, CSV and LaTeX, each file whole, and replaces those that are
// there. Throws what read_scores_files throws; io.
void write_tables(const std::filesystem::path& folder, std::span<const Record> records, const TableOptions& options = {});

}  // namespace hies::evidence
