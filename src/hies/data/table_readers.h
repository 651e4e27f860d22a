#pragma once

// One reader per format, behind read_table(). Each gets the whole file and reports lines from 1.

#include <cstddef>
#include <span>
#include <string_view>

#include "hies/data/table.h"

namespace hies::data {

Table read_tsv(const std::filesystem::path& path, std::string_view content, const TableOptions& options);
Table read_csv(const std::filesystem::path& path, std::string_view content, const TableOptions& options);
Table read_text_lines(const std::filesystem::path& path, std::string_view content);
// Reads an array of objects, or one object per line; the first character decides.
Table read_json_table(const std::filesystem::path& path, std::string_view content, const TableOptions& options);
Table read_parquet(const std::filesystem::path& path, std::span<const std::byte> content, const TableOptions& options);

// Without the mark that some programs put before UTF-8.
std::string_view without_byte_order_mark(std::string_view text) noexcept;

// Position of the first byte that is not part of well-formed UTF-8 (Unicode 15, table 3-7), npos when all is well.
std::size_t find_invalid_utf8(std::string_view text) noexcept;

// Throws bad_input that names the line.
void check_utf8(const std::filesystem::path& path, std::string_view content);

// Throws bad_input when two columns have the same name.
void check_columns(const std::filesystem::path& path, const std::vector<std::string>& columns);

}  // namespace hies::data
