#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hies::study {

// A table as such, before anyone has said how it is printed. Nothing in it is escaped.
struct TableCell {
  std::string text;             // of a text column
  std::optional<double> value;  // of a number or spread column; not set: there is none, and the cell is empty
  std::optional<double> sd;     // spread: of a sample; not set: of a single number
  std::int64_t count = 0;       // spread: how many numbers
  bool best = false;            // among its like; bold where there are fonts

  bool operator==(const TableCell&) const = default;
};

struct TableColumn {
  enum class Kind { text, number, spread };  // spread: mean ± sd
  std::string title;
  Kind kind = Kind::text;
  int digits = 2;  // after the point, for people; plain numbers are printed whole
};

struct TableRow {
  std::vector<TableCell> cells;  // [columns]
  bool begins_group = false;     // a rule stands above it where there are rules
};

struct Table {
  std::string name;     // of its files, without ending
  std::string title;    // one line
  std::string caption;  // what the numbers are: unit, spread, which is better
  std::vector<TableColumn> columns;
  std::vector<TableRow> rows;
};

TableCell text_cell(std::string text);
TableCell number_cell(std::optional<double> value);

// One way to print tables.
struct TableFormat {
  std::string_view ending;  // ".md"
  std::string (*print)(const Table& table);
};

}  // namespace hies::study
