#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "hies/data/table.h"
#include "hies/data/task.h"

namespace hies::data {

// The column that the user names. Throws bad_input, with those that are there, when there is none.
std::size_t named_column(const Table& table, const std::string& name);

// Throws bad_input: none of a task's usual columns for `what` ("text") is there; `flags` name another one.
[[noreturn]] void no_usual_column(const Table& table, const Task& task, std::string_view what,
                                  const std::vector<std::string>& usual, std::string_view flags);

}  // namespace hies::data
