#include <fmt/ranges.h>

#include <array>
#include <utility>

#include "hies/evidence/formats.h"

namespace hies::evidence {
namespace {

constexpr std::size_t kRowsOfAPage = 45;

// Replacements for characters that are markup in LaTeX, and for those of our own texts that not every font has.
constexpr std::array<std::pair<std::string_view, std::string_view>, 32> kReplacements = {{
    {"\\", "\\textbackslash{}"},
    {"{", "\\{"},
    {"}", "\\}"},
    {"$", "\\$"},
    {"&", "\\&"},
    {"#", "\\#"},
    {"%", "\\%"},
    {"_", "\\_"},
    {"^", "\\textasciicircum{}"},
    {"~", "\\textasciitilde{}"},
    {"<", "\\textless{}"},
    {">", "\\textgreater{}"},
    {"|", "\\textbar{}"},
    {"\"", "''"},
    {"\n", " "},
    {"\r", " "},
    {"\t", " "},
    {"±", "$\\pm$"},
    {"α", "$\\alpha$"},
    {"β", "$\\beta$"},
    {"ρ", "$\\rho$"},
    {"Σ", "$\\Sigma$"},
    {"×", "$\\times$"},
    {"·", "$\\cdot$"},
    {"−", "$-$"},
    {"–", "--"},
    {"≥", "$\\geq$"},
    {"‖", "$\\Vert$"},
    {"⟨", "$\\langle$"},
    {"⟩", "$\\rangle$"},
    {"∇", "$\\nabla$"},
    {"²", "$^2$"},
}};

std::string latex_escaped(std::string_view text) {
  std::string safe;
  while (!text.empty()) {
    std::string_view found = text.substr(0, 1), replacement = found;
    for (const auto& [from, to] : kReplacements) {
      if (!text.starts_with(from)) continue;
      found = from;
      replacement = to;
      break;
    }
    safe += replacement;
    text.remove_prefix(found.size());
  }
  return safe;
}

std::string in_math(const std::string& number) { return number.front() == '-' ? fmt::format("${}$", number) : number; }

std::string latex_cell(const TableCell& cell, const TableColumn& column) {
  if (column.kind == TableColumn::Kind::text) return latex_escaped(cell.text);
  if (!cell.value) return {};
  std::string text = in_math(shown_number(*cell.value, column.digits));
  if (cell.sd) text += fmt::format(" $\\pm$ {}", shown_number(*cell.sd, column.digits));
  if (cell.second) return fmt::format("\\underline{{{}}}", text);
  return cell.best ? fmt::format("\\textbf{{{}}}", text) : text;
}

std::string line(const std::vector<std::string>& fields) { return fmt::format("{} \\\\\n", fmt::join(fields, " & ")); }

std::string header(const Table& table) {
  std::vector<std::string> titles;
  for (const TableColumn& column : table.columns) titles.push_back(latex_escaped(column.title));
  return line(titles);
}

std::string body(const Table& table) {
  std::string text;
  for (std::size_t k = 0; k < table.rows.size(); ++k) {
    std::vector<std::string> fields;
    for (std::size_t i = 0; i < table.columns.size(); ++i) fields.push_back(latex_cell(table.rows[k].cells[i], table.columns[i]));
    if (table.rows[k].begins_group && k > 0) text += "\\midrule\n";
    text += line(fields);
  }
  return text;
}

// Parts of the two environments: columns, caption and label, header, body.
constexpr std::string_view kOnePage = R"(% \usepackage{{booktabs}}
\begin{{table}}
\centering
{1}
\begin{{tabular}}{{{0}}}
\toprule
{2}\midrule
{3}\bottomrule
\end{{tabular}}
\end{{table}}
)";
constexpr std::string_view kPages = R"(% \usepackage{{booktabs,longtable}}
\begin{{longtable}}{{{0}}}
{1} \\
\toprule
{2}\midrule
\endhead
{3}\bottomrule
\end{{longtable}}
)";

}  // namespace

std::string latex_table(const Table& table) {
  std::string columns;
  for (const TableColumn& column : table.columns) columns += column.kind == TableColumn::Kind::text ? 'l' : 'r';
  const std::string caption =
      fmt::format("\\caption{{{}. {}}}\n\\label{{tab:{}}}", latex_escaped(table.title), latex_escaped(table.caption), table.name);
  if (table.rows.size() > kRowsOfAPage) return fmt::format(kPages, columns, caption, header(table), body(table));
  return fmt::format(kOnePage, columns, caption, header(table), body(table));
}

}  // namespace hies::evidence
