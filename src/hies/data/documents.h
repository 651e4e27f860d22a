#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "hies/base/progress.h"
#include "hies/data/rows.h"
#include "hies/data/task.h"

namespace hies::data {

// A text that is judged as a whole.
struct Document {
  std::string text;
  std::int64_t line = 1;  // where it begins in the file, from 1 (row for Parquet)
  std::string where;      // "books.jsonl: line 7"; the file where it is all of it
};

// The texts of a file: of a .txt file, one if the task reads documents, else one for each line; of any other file one for each
// row, or one of all rows if they are joined. Line ends of a .txt file are read as LF, whatever they are; texts of tables are
// as they stand. Throws bad_input for an empty text that is not left out, a column that is not there; and what read_table
// throws.
std::vector<Document> load_documents(const std::filesystem::path& file, const Task& task, const LoadOptions& options,
                                     Progress& progress);

}  // namespace hies::data
