#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hies/data/rows.h"
#include "hies/data/table.h"
#include "hies/data/task.h"

namespace hies::data {

// Reads a table for a task. The columns of a file without header are those that the user names, else the task's own.
// `keep_nested` as in TableOptions. Throws bad_input where `columns` names one twice, or is given for a file that names its
// columns itself; and what read_table throws.
Table read_task_table(const std::filesystem::path& path, const Task& task, const LoadOptions& options, bool keep_nested = false);

// The column that the user names. Throws bad_input, with those that are there, when there is none.
std::size_t named_column(const Table& table, const std::string& name);

// Throws bad_input: none of a task's usual columns for `what` ("text") is there; `flags` name another one.
[[noreturn]] void no_usual_column(const Table& table, const Task& task, std::string_view what,
                                  const std::vector<std::string>& usual, std::string_view flags);

// The column of a task of one text, or of images: the one that is named, or the first usual one. Throws bad_input without any.
std::size_t text_column(const Table& table, const Task& task, const LoadOptions& options);
// The column of labels, likewise; none where there is none and labels are not required.
std::optional<std::size_t> label_column(const Table& table, const Task& task, const LoadOptions& options);

}  // namespace hies::data
