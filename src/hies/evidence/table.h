#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hies::evidence {

// A table independent of its format. Nothing in it is escaped.
struct TableCell {
  std::string text;             // of a text column
  std::optional<double> value;  // of a number or spread column; not set: the cell is empty
  std::optional<double> sd;     // spread: of a sample; not set: of a single number
  std::int64_t count = 0;       // spread: how many numbers
  bool best = false;            // of its column and group; bold where the format has fonts
  bool second = false;          // second best; underlined where the format can

  bool operator==(const TableCell&) const = default;
};

struct TableColumn {
  enum class Kind { text, number, spread };  // spread: mean ± sd
  std::string title;
  Kind kind = Kind::text;
  int digits = 2;  // after the decimal point
};

struct TableRow {
  std::vector<TableCell> cells;  // [columns]
  bool begins_group = false;     // a rule is drawn above it where the format has rules
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
// Returns the mean, with the sd of a sample where there are two numbers or more; an empty cell where there is none.
TableCell spread_cell(std::span<const double> numbers);

// Returns how many decimals distinguish all of the numbers, at most four.
int digits_for(std::span<const double> numbers);

// Marks the best and the second best of rows [begin, end) in a column, and the cells that are printed like them. Marks nothing
// where fewer than two rows have a value.
void mark_best(Table& table, std::size_t column, std::size_t begin, std::size_t end, bool higher_is_better);

// Returns the columns that a text takes on a terminal: its code points, which is right for all text of tables.
std::size_t display_width(std::string_view text);

// Returns `value` with so many decimals; zeros have no sign.
std::string shown_number(double value, int digits);

}  // namespace hies::evidence
