#include "hies/evidence/formats.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace hies::evidence {
namespace {

TableCell spread(double value, double sd, std::int64_t count) {
  TableCell cell = number_cell(value);
  cell.sd = sd;
  cell.count = count;
  return cell;
}

Table sample() {
  Table table{"sample", "A_title", "Mean ± sd, 50 % of α|β.", {}, {}};
  table.columns = {text_column("a|b, c"), number_column("n", 0), spread_column("x", 2)};
  table.rows = {{{text_cell("plain"), number_cell(3), spread(12.5, 0.25, 5)}, true},
                {{text_cell("say \"{hi}\", *now*"), number_cell({}), spread(-1.0 / 3, 0, 2)}, true},
                {{text_cell("two\nlines & more"), number_cell(-0.2), number_cell(100)}, false}};
  table.rows[0].cells[2].best = true;
  return table;
}

TEST(Formats, MarkdownIsAlignedAndItsTextIsNoMarkup) {
  EXPECT_EQ(markdown_table(sample()),
            "# A\\_title\n"
            "\n"
            "Mean ± sd, 50 % of α\\|β.\n"
            "\n"
            "| a\\|b, c             |   n |                x |\n"
            "|---------------------|----:|-----------------:|\n"
            "| plain               |   3 | **12.50 ± 0.25** |\n"
            "| say \"{hi}\", \\*now\\* |     |     -0.33 ± 0.00 |\n"
            "| two lines & more    |   0 |           100.00 |\n");
}

TEST(Formats, CsvHasPlainNumbersInColumnsOfTheirOwn) {
  EXPECT_EQ(csv_table(sample()),
            "\"a|b, c\",n,x,x sd,x n\n"
            "plain,3,12.5,0.25,5\n"
            "\"say \"\"{hi}\"\", *now*\",,-0.3333333333,0,2\n"
            "\"two\nlines & more\",-0.2,100,,\n");
}

TEST(Formats, LatexIsEscapedAndHasRules) {
  EXPECT_EQ(latex_table(sample()),
            "% \\usepackage{booktabs}\n"
            "\\begin{table}\n"
            "\\centering\n"
            "\\caption{A\\_title. Mean $\\pm$ sd, 50 \\% of $\\alpha$\\textbar{}$\\beta$.}\n"
            "\\label{tab:sample}\n"
            "\\begin{tabular}{lrr}\n"
            "\\toprule\n"
            "a\\textbar{}b, c & n & x \\\\\n"
            "\\midrule\n"
            "plain & 3 & \\textbf{12.50 $\\pm$ 0.25} \\\\\n"
            "\\midrule\n"
            "say ''\\{hi\\}'', *now* &  & $-0.33$ $\\pm$ 0.00 \\\\\n"
            "two lines \\& more & 0 & 100.00 \\\\\n"
            "\\bottomrule\n"
            "\\end{tabular}\n"
            "\\end{table}\n");
  Table names = sample();
  names.rows[0].cells[0].text = "a\\b_c#d$e%f~g^h<i>";
  EXPECT_NE(latex_table(names).find("a\\textbackslash{}b\\_c\\#d\\$e\\%f\\textasciitilde{}g\\textasciicircum{}h\\textless{}i"
                                    "\\textgreater{} & 3"),
            std::string::npos);
}

TEST(Formats, ALongLatexTableGoesOverPages) {
  Table table = sample();
  table.rows.resize(46, table.rows[2]);
  const std::string text = latex_table(table);
  EXPECT_NE(text.find("\\begin{longtable}{lrr}\n"), std::string::npos);
  EXPECT_NE(text.find("\\midrule\n\\endhead\n"), std::string::npos);
  EXPECT_EQ(text.find("\\begin{table}"), std::string::npos);
}

TEST(Cells, SpreadIsMeanAndSampleDeviation) {
  const TableCell three = spread_cell(std::array{1.0, 2.0, 6.0});
  EXPECT_DOUBLE_EQ(*three.value, 3);
  EXPECT_DOUBLE_EQ(*three.sd, std::sqrt(7.0));  // (4 + 1 + 9) / 2
  EXPECT_EQ(three.count, 3);
  const TableCell one = spread_cell(std::array{4.0});
  EXPECT_EQ(one.value, 4);
  EXPECT_FALSE(one.sd);
  EXPECT_FALSE(spread_cell({}).value);
}

TEST(Cells, DigitsAreAsManyAsNeeded) {
  EXPECT_EQ(digits_for(std::array{1.0, 32.0}), 0);
  EXPECT_EQ(digits_for(std::array{0.1, 0.3, 0.1 + 0.2}), 1);
  EXPECT_EQ(digits_for(std::array{0.1, 0.125}), 3);
  EXPECT_EQ(digits_for(std::array{1.0 / 3}), 4);
  EXPECT_EQ(shown_number(-0.004, 2), "0.00");
  EXPECT_EQ(shown_number(-0.006, 2), "-0.01");
}

TEST(Cells, TheBestIsAllThatIsPrintedLikeIt) {
  Table table = sample();
  table.rows = {{{{}, {}, number_cell(1.001)}, false},
                {{{}, {}, number_cell(0.5)}, false},
                {{{}, {}, number_cell(1.0)}, false},
                {{{}, {}, {}}, false}};
  const auto marked = [&](std::size_t begin, std::size_t end, bool higher) {
    for (TableRow& row : table.rows) row.cells[2].best = row.cells[2].second = false;
    mark_best(table, 2, begin, end, higher);
    std::string marks;
    for (const TableRow& row : table.rows) marks += row.cells[2].best ? 'b' : row.cells[2].second ? 's' : '-';
    return marks;
  };
  EXPECT_EQ(marked(0, 4, true), "bsb-");
  EXPECT_EQ(marked(0, 4, false), "sbs-");
  EXPECT_EQ(marked(2, 4, true), "----");  // one number alone is no best
}

}  // namespace
}  // namespace hies::evidence
