#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "hies/base/progress.h"
#include "hies/data/labels.h"
#include "hies/data/rows.h"
#include "hies/data/task.h"
#include "hies/model/spec.h"

namespace hies::data {

// The chosen rows of a data set, and their labels.
struct LabelledRows {
  std::vector<std::int64_t> rows;  // [N] from 0, in the chosen order
  std::vector<double> labels;      // [N] class ids of the model or numbers; empty: done without
};

// Chooses among `rows`, as select() does, and reads the labels of the chosen ones in `labels`, which has one for every row of the data.
// Warns of what LabelReader decided; with LabelNeed::if_readable, of labels that are done without. Throws bad_input as labelled and
// LabelReader do.
LabelledRows choose_rows(const std::vector<std::int64_t>& rows, std::string_view what, const std::filesystem::path& file,
                         std::optional<LabelColumn> labels, const Task& task, const LoadOptions& options,
                         const model::ModelSpec& spec, Progress& progress);

// Returns the rows that have a label where LoadOptions::skip_unlabelled asks for that, else all. Warns of how many are left out. Throws
// bad_input where none is left.
std::vector<std::int64_t> labelled(const std::vector<std::int64_t>& rows, std::string_view what,
                                   const std::filesystem::path& file, const std::function<bool(std::int64_t)>& is_missing,
                                   const LoadOptions& options, Progress& progress);

// 0, 1, … count − 1.
std::vector<std::int64_t> all_rows(std::int64_t count);

}  // namespace hies::data
