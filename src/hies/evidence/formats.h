#pragma once

#include <span>
#include <string>
#include <string_view>

#include "hies/evidence/table.h"

namespace hies::evidence {

// Returns title, caption and a table whose columns are aligned in the text, too. Best cells are bold.
std::string markdown_table(const Table& table);
// Returns one header line and one line per row (RFC 4180), numbers to ten significant digits, nothing bold. A spread takes three
// columns: the mean under the column's title, "… sd" and "… n".
std::string csv_table(const Table& table);
// Returns a table with the rules of package booktabs; long ones with package longtable. Best cells are bold.
std::string latex_table(const Table& table);

// A format of table files.
struct TableFormat {
  std::string_view ending;  // of its files: ".md"
  std::string (*print)(const Table& table);
};
std::span<const TableFormat> table_formats() noexcept;

}  // namespace hies::evidence
