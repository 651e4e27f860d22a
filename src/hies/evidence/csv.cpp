#include <fmt/format.h>

#include "hies/evidence/formats.h"

namespace hies::evidence {
namespace {

std::string csv_quoted(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string safe = "\"";
  for (const char c : text) safe += c == '"' ? "\"\"" : std::string(1, c);
  return safe + '"';
}

std::string csv_number(const std::optional<double>& value) { return value ? fmt::format("{:.10g}", *value) : std::string(); }

void add(std::string& line, const std::string& field, bool first) {
  if (!first) line += ',';
  line += field;
}

}  // namespace

std::string csv_table(const Table& table) {
  std::string text;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const TableColumn& column = table.columns[i];
    add(text, csv_quoted(column.title), i == 0);
    if (column.kind == TableColumn::Kind::spread)
      text += fmt::format(",{},{}", csv_quoted(column.title + " sd"), csv_quoted(column.title + " n"));
  }
  text += "\n";
  for (const TableRow& row : table.rows) {
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      const TableCell& cell = row.cells[i];
      const bool is_text = table.columns[i].kind == TableColumn::Kind::text;
      add(text, is_text ? csv_quoted(cell.text) : csv_number(cell.value), i == 0);
      if (table.columns[i].kind != TableColumn::Kind::spread) continue;
      text += fmt::format(",{},", csv_number(cell.sd));
      if (cell.value && cell.count > 0) text += std::to_string(cell.count);
    }
    text += "\n";
  }
  return text;
}

}  // namespace hies::evidence
