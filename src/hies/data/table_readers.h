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
// Reads an array of objects, objects one after another, or one object that holds a table; the first characters decide. `members`:
// names that lead from the object to the table; `path` ends with them, too.
Table read_json_table(const std::filesystem::path& path, std::string_view content, const std::vector<std::string>& members,
                      const TableOptions& options);
Table read_parquet(const std::filesystem::path& path, std::span<const std::byte> content, const TableOptions& options);

// Position of the first byte that is not part of well-formed UTF-8 (Unicode 15, table 3-7), npos when all is well.
std::size_t find_invalid_utf8(std::string_view text) noexcept;

// Throws bad_input that names the line.
void check_utf8(const std::filesystem::path& path, std::string_view content);

// Returns a text without its byte order mark. Throws bad_input for a Git LFS pointer, for other encodings than UTF-8 (with the
// line), and where there is nothing but white space.
std::string_view checked_text(const std::filesystem::path& path, std::string_view content);

// Throws bad_input when two columns have the same name. `header_line`: the names are those of a first line.
void check_columns(const std::filesystem::path& path, const std::vector<std::string>& columns, bool header_line = false);

}  // namespace hies::data
