#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hies/data/rows.h"
#include "hies/data/table.h"
#include "hies/data/task.h"

namespace hies::data {

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
