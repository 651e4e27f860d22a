#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hies::evidence {

// A table as such, before anyone has said how it is printed. Nothing in it is escaped.
struct TableCell {
  std::string text;             // of a text column
  std::optional<double> value;  // of a number or spread column; not set: there is none, and the cell is empty
  std::optional<double> sd;     // spread: of a sample; not set: of a single number
  std::int64_t count = 0;       // spread: how many numbers; 0: not numbers of one kind
  bool best = false;            // among its like; bold where there are fonts
  bool second = false;          // next to the best; underlined where there are lines

  bool operator==(const TableCell&) const = default;
};

struct TableColumn {
  enum class Kind { text, number, spread };  // spread: mean ± sd
  std::string title;
  Kind kind = Kind::text;
  int digits = 2;  // after the point, for people
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

TableColumn text_column(std::string title);
TableColumn number_column(std::string title, int digits);
TableColumn spread_column(std::string title, int digits);

TableCell text_cell(std::string text);
TableCell number_cell(std::optional<double> value);
// Mean, and sd of a sample where there are two numbers or more; empty where there is none.
TableCell spread_cell(std::span<const double> numbers);

// Digits after the point that tell all of the numbers apart, at most four.
int digits_for(std::span<const double> numbers);

// Marks the best and the second of rows [begin, end) in a column, and what is printed like them. Nothing where fewer than two have a
// value.
void mark_best(Table& table, std::size_t column, std::size_t begin, std::size_t end, bool higher_is_better);

// Columns that a text takes on a terminal: code points of UTF-8, for all that stands in tables.
std::size_t display_width(std::string_view text);

// `value` with so many digits after the point; no sign before zeros.
std::string shown_number(double value, int digits);

}  // namespace hies::evidence
