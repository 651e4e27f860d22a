#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hies::cli {

// Returns the columns that `text` takes on a terminal: its code points (nothing that we print is wider than one column or
// combines).
int display_width(std::string_view text);

// Returns lines of at most `width` columns, broken at spaces; a longer word gets a line of its own.
std::vector<std::string> wrap(std::string_view text, int width);

// Rows of cells in aligned columns, two spaces between them. The first row is the heading. Columns named in `left` are flush
// left, the others (numbers) flush right. Cells go through printable: they may be names of others.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> heading, std::vector<std::size_t> left = {0});
  void row(std::vector<std::string> cells);
  // Adds a line between the rows before and after.
  void rule();
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;  // an empty one is a rule
  std::vector<std::size_t> left_;
};

}  // namespace hies::cli
