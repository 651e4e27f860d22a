#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bundle.h"

namespace hies::fuzz {

// One kind of files that a stranger may have made, and the code that reads them. A target is one file targets/x.cpp, which defines
// x_target(), and one line in targets.def.
struct Target {
  std::string_view name;
  // Returns valid inputs, which are mutated.
  std::vector<Bundle> (*seeds)();
  // Reads the files in `input`; may write into `output`. Everything it throws but a user's Error is a finding, as is a file elsewhere.
  void (*read)(const std::filesystem::path& input, const std::filesystem::path& output);
  // The memory that reading an input may take beside a hundred bytes for each byte of the input.
  std::uint64_t memory = std::uint64_t{64} << 20;
};

std::span<const Target> targets();
// Returns the target of that name, or null.
const Target* find_target(std::string_view name);

// Returns the first JSON block of the section "## `title`" of docs/formats.md.
std::string documented(std::string_view title);

inline std::filesystem::path source_dir() { return HIES_SOURCE_DIR; }
inline std::filesystem::path goldens() { return source_dir() / "tests/golden"; }

}  // namespace hies::fuzz
