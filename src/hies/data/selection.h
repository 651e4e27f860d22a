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

// As select(), among `rows` only.
std::vector<std::int64_t> select_among(const std::vector<std::int64_t>& rows, std::string_view what,
                                       const std::filesystem::path& file, const LoadOptions& options, Progress& progress);

// The hint of errors about rows without text.
inline constexpr std::string_view kSkipEmptyHint = "leave such rows out with `skip_empty`";

// Warns, if `empty` is not 0, that so many of `all` examples of a file are left out. `why` is the sentence about them: "rows
// have no text". Throws bad_input if all are.
void warn_of_empty(const std::filesystem::path& file, std::int64_t empty, std::int64_t all, std::string_view why,
                   Progress& progress);

}  // namespace hies::data
