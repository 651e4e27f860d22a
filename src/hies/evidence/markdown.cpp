#include <fmt/format.h>

#include <algorithm>

#include "hies/evidence/formats.h"

namespace hies::evidence {
namespace {

// Returns the text escaped: nothing in it becomes markup or ends the cell.
std::string markdown_escaped(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    if (std::string_view("\\`*_<>[]|#").find(c) != std::string_view::npos) safe += '\\';
    safe += c == '\n' || c == '\r' || c == '\t' ? ' ' : c;
  }
  return safe;
}

std::string markdown_cell(const TableCell& cell, const TableColumn& column) {
  if (column.kind == TableColumn::Kind::text) return markdown_escaped(cell.text);
  if (!cell.value) return {};
  std::string text = shown_number(*cell.value, column.digits);
  if (cell.sd) text += " ± " + shown_number(*cell.sd, column.digits);
  return cell.best ? fmt::format("**{}**", text) : text;
}

std::string padded(const std::string& text, std::size_t wanted, bool right) {
  const std::string space(wanted - display_width(text), ' ');
  return right ? space + text : text + space;
}

}  // namespace

std::string markdown_table(const Table& table) {
  std::vector<std::vector<std::string>> lines(1);
  for (const TableColumn& column : table.columns) lines[0].push_back(markdown_escaped(column.title));
  for (const TableRow& row : table.rows) {
    std::vector<std::string>& line = lines.emplace_back();
    for (std::size_t i = 0; i < table.columns.size(); ++i) line.push_back(markdown_cell(row.cells[i], table.columns[i]));
  }
  std::string text = fmt::format("# {}\n\n{}\n\n", markdown_escaped(table.title), markdown_escaped(table.caption));
  std::vector<std::size_t> widths(table.columns.size(), 3);
  for (const auto& line : lines)
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], display_width(line[i]));
  const auto is_number = [&](std::size_t i) { return table.columns[i].kind != TableColumn::Kind::text; };
  for (std::size_t k = 0; k < lines.size(); ++k) {
    for (std::size_t i = 0; i < widths.size(); ++i) text += fmt::format("| {} ", padded(lines[k][i], widths[i], is_number(i)));
    text += "|\n";
    if (k > 0) continue;
    for (std::size_t i = 0; i < widths.size(); ++i)
      text += fmt::format("|{}{}", std::string(widths[i] + 1, '-'), is_number(i) ? ':' : '-');
    text += "|\n";
  }
  return text;
}

}  // namespace hies::evidence
