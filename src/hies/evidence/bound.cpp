// Tables of the paper's bound on the loss increase and of the measured increase.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "hies/data/metrics.h"
#include "hies/evidence/kinds.h"

namespace hies::evidence {
namespace {

using Number = std::optional<double>;

// Returns the sum; not set where one of the two is not.
Number plus(const Number& a, const Number& b) { return a && b ? Number(*a + *b) : std::nullopt; }

struct Term {
  const char* title;
  int digits;
  Number (*of)(const Bound& bound);
};
constexpr std::array kTerms = {
    Term{"first order", 4, [](const Bound& b) { return b.first_order; }},
    Term{"second order", 2, [](const Bound& b) { return b.second_order; }},
    Term{"second order by heads", 2, [](const Bound& b) { return b.second_order_heads; }},
    Term{"increase", 4, [](const Bound& b) { return b.loss_increase; }},
};
constexpr std::array kBounds = {
    Term{"first order", 3, [](const Bound& b) { return b.first_order; }},
    Term{"both orders", 3, [](const Bound& b) { return plus(b.first_order, b.second_order); }},
    Term{"both orders by heads", 3, [](const Bound& b) { return plus(b.first_order, b.second_order_heads); }},
};

// Returns the loss of a run's bounds.
std::string loss_of(const std::vector<const Record*>& records) {
  return records.empty() ? "" : records.front()->measured.bound.loss;
}

Table by_method(const Evidence& evidence) {
  Table table{
      "bound",
      "Bound and measured loss increase",
      "Terms of the bound, of the calibration examples, and increase of the mean loss on the evaluation data, which may be "
      "negative; all of the task's own loss. First order: Σ over removed heads of E|⟨∇L, A⟩|; second order: Σ of "
      "(β/2)·E‖A‖² with the norm of the layer's output projection in β, by heads: with that of each head's own part. Mean "
      "± standard deviation over the seeds.",
      {},
      {}};
  table.columns = {text_column("run"), text_column("loss"), text_column("method"),
                   number_column("ratio", digits_for(evidence.ratios()))};
  for (const Term& term : kTerms) table.columns.push_back(spread_column(term.title, term.digits));
  for (const std::string& run : evidence.runs()) {
    bool begins = true;
    for (const Series& series : evidence.shown_series()) {
      for (const double ratio : evidence.ratios()) {
        const std::vector<const Record*>& records = evidence.records(series, run, ratio);
        TableRow row{{text_cell(run), text_cell(loss_of(records)), text_cell(label(series)), number_cell(ratio)}, begins};
        bool any = false;
        for (const Term& term : kTerms) {
          std::vector<double> numbers;
          for (const Record* record : records)
            if (const Number value = term.of(record->measured.bound)) numbers.push_back(*value);
          any = any || !numbers.empty();
          row.cells.push_back(spread_cell(numbers));
        }
        if (!any) continue;
        begins = false;
        table.rows.push_back(std::move(row));
      }
    }
  }
  return table;
}

Table correlations(const Evidence& evidence) {
  Table table{
      "bound-correlation",
      "Does the bound order what happens?",
      "Spearman's rank correlation of the bound with the measured loss increase, over all cells of the sweep with the usual "
      "number of calibration examples; below: over the cells of one ratio.",
      {},
      {}};
  table.columns = {text_column("run"), text_column("loss"), text_column("ratios"), number_column("cells", 0)};
  for (const Term& term : kBounds) table.columns.push_back(number_column(term.title, term.digits));
  for (const std::string& run : evidence.runs()) {
    std::vector<Number> ratios = {std::nullopt};
    for (const double ratio : evidence.ratios()) ratios.emplace_back(ratio);
    bool begins = true;
    for (const Number& ratio : ratios) {
      std::vector<const Record*> records = evidence.usual_records(run);
      std::erase_if(records,
                    [&](const Record* record) { return record->mask.removed.empty() || (ratio && record->key.ratio != *ratio); });
      TableRow row{{text_cell(run), text_cell(loss_of(records)), text_cell(ratio ? fmt::format("{}", *ratio) : "all"), {}},
                   begins};
      std::size_t most = 0;
      for (const Term& term : kBounds) {
        std::vector<double> bounds, increases;
        for (const Record* record : records) {
          const Number bound = term.of(record->measured.bound);
          if (!bound || !record->measured.bound.loss_increase) continue;
          bounds.push_back(*bound);
          increases.push_back(*record->measured.bound.loss_increase);
        }
        most = std::max(most, bounds.size());
        row.cells.push_back(number_cell(bounds.size() < 2 ? std::nullopt : Number(data::spearman(bounds, increases))));
      }
      if (most < 2) continue;
      row.cells[3] = number_cell(static_cast<double>(most));
      begins = false;
      table.rows.push_back(std::move(row));
    }
  }
  return table;
}

}  // namespace

std::vector<Table> bound_tables(const Evidence& evidence) { return {by_method(evidence), correlations(evidence)}; }

}  // namespace hies::evidence
