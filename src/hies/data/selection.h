#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

#include "hies/base/progress.h"
#include "hies/data/rows.h"

namespace hies::data {

// Throws bad_input for examples < 1 and an unknown order.
void check_selection(const LoadOptions& options);

// Which of `count` examples of a file are used, in this order: the first LoadOptions::examples of permutation(count, Rng(seed)), or
// of the file. `what` ("rows") is what they are called in the warning that there are fewer than asked for.
std::vector<std::int64_t> select(std::int64_t count, std::string_view what, const std::filesystem::path& file,
                                 const LoadOptions& options, Progress& progress);

}  // namespace hies::data
