#pragma once

#include <cstdint>
#include <string>

#include "hies/base/progress.h"
#include "hies/data/dataset.h"
#include "hies/data/rows.h"
#include "hies/data/task.h"
#include "hies/search/options.h"

namespace hies::search {

// Calibration rows of a search: those whose answers the search keeps near the unmasked model's, which are also scored, and those that
// choose between plans. No row, and no text, is in both.
struct SearchRows {
  data::Dataset objective, choice;
};

// Sets the numbers of rows that are not given: 512 to search with, of a task that reads windows of a text 64, and half as many to choose.
void set_default_rows(const data::Task& task, data::LoadOptions& load, SearchOptions& options);

// Divides rows in their order: the first `examples` are the objective's, the next `choice` choose. Rows of the latter whose tokens are
// those of one of the former are left out, with a warning. Throws bad_input for fewer rows, and where nothing is left to choose with.
SearchRows divide(const data::Dataset& rows, std::int64_t examples, std::int64_t choice, Progress& progress);

// Warns of evaluation rows that are also calibration rows.
void warn_of_shared_rows(const SearchRows& rows, const data::Dataset& evaluation, Progress& progress);

}  // namespace hies::search
