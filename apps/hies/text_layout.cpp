#include "text_layout.h"

#include <algorithm>

#include "hies/base/printable.h"

namespace hies::cli {

int display_width(std::string_view text) {
  return static_cast<int>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::vector<std::string> wrap(std::string_view text, int width) {
  std::vector<std::string> lines(1);
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = text.find(' ', begin);
    if (end == std::string_view::npos) end = text.size();
    const std::string_view word = text.substr(begin, end - begin);
    if (!lines.back().empty() && display_width(lines.back()) + 1 + display_width(word) > width) lines.emplace_back();
    if (!lines.back().empty()) lines.back() += ' ';
    lines.back() += word;
    begin = end + 1;
  }
  return lines;
}

TextTable::TextTable(std::vector<std::string> heading, std::vector<std::size_t> left) : left_(std::move(left)) {
  rows_.push_back(std::move(heading));
}

void TextTable::row(std::vector<std::string> cells) {
  cells.resize(rows_.front().size());
  for (std::string& cell : cells) cell = printable(cell, 200);
  rows_.push_back(std::move(cells));
}

void TextTable::rule() { rows_.emplace_back(); }

std::string TextTable::text() const {
  std::vector<int> widths(rows_.front().size());
  for (const auto& cells : rows_)
    for (std::size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], display_width(cells[i]));
  int total = -2;
  for (const int width : widths) total += width + 2;
  std::string text;
  for (const auto& cells : rows_) {
    std::string line;
    if (cells.empty())
      for (int i = 0; i < total; ++i) line += "─";
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (i > 0) line += "  ";
      const std::string space(static_cast<std::size_t>(widths[i] - display_width(cells[i])), ' ');
      const bool flush_left = std::find(left_.begin(), left_.end(), i) != left_.end();
      line += flush_left ? cells[i] + space : space + cells[i];
    }
    while (line.ends_with(' ')) line.pop_back();
    text += line + "\n";
  }
  return text;
}

}  // namespace hies::cli
