#pragma once

// For the tests of tables: records by hand, and cells found by what stands beside them.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "hies/evidence/records.h"
#include "hies/evidence/tables.h"
#include "hies/model/unit_table.h"

namespace hies::evidence {

// Returns the table of these rows, one for the heads of each layer.
inline model::UnitTable<double> rows(const std::vector<std::vector<double>>& layers) {
  model::UnitTable<double> table;
  for (std::size_t layer = 0; layer < layers.size(); ++layer)
    table[model::attention_site(static_cast<int>(layer))] = layers[layer];
  return table;
}

// The record of an sst2 model with ten heads. Chain what differs: cell("his", 0.5).seed(1).quality(0.8).
struct Made {
  Record record;

  operator const Record&() const { return record; }
  Made& run(std::string name, std::string task, std::string metric) {
    record.key.run = std::move(name);
    record.key.task = std::move(task);
    record.measured.metrics = {{std::move(metric), 0}};
    return *this;
  }
  Made& seed(std::int64_t value) {
    return set([&] { record.key.seed = value; });
  }
  Made& alpha(double value) {
    return set([&] { record.key.alpha = value; });
  }
  Made& loss(std::string value) {
    return set([&] { record.key.loss = std::move(value); });
  }
  Made& examples(std::int64_t value) {
    return set([&] { record.key.examples = value; });
  }
  Made& sites(std::string sites, std::string budget = "ratio") {
    return set([&] {
      record.key.sites = std::move(sites);
      record.key.budget = std::move(budget);
    });
  }
  // With one site, whose error falls from `before` to `after`.
  Made& refit(std::string name, double before, double after) {
    return set([&] {
      record.key.refit = std::move(name);
      record.measured.refitted = Refitted{0.01, 100, 1000, 50, before / 2, after / 2, {{0, "ffn", before, after}}};
    });
  }
  Made& flops(double value) {
    return set([&] { record.measured.cost.flops_per_example = value; });
  }
  Made& uniform() {
    return set([&] { record.key.uniform = true; });
  }
  Made& chosen_alpha(double value) {
    return alpha(value).set([&] { record.key.alpha_from = "calibration:heldout"; });
  }
  Made& chosen_loss(std::string value) {
    return loss(std::move(value)).set([&] { record.key.loss_from = "calibration:heldout"; });
  }
  Made& quality(double value) {
    return set([&] { record.measured.metrics.front().second = value; });
  }
  Made& stability(double value) {
    return set([&] { record.measured.stability = value; });
  }
  template <class Change>
  Made& set(const Change& change) {
    change();
    return *this;
  }
};

inline Made cell(std::string method, double ratio) {
  Made made;
  Record& r = made.record;
  r.key.method = std::move(method);
  r.key.ratio = ratio;
  r.mask.heads_removed = std::llround(10 * ratio);
  r.mask.heads = 10 - r.mask.heads_removed;
  for (int head = 0; head < r.mask.heads_removed; ++head) r.mask.removed.insert(model::attention_site(0), head);
  r.measured.cost = {
      1000 - 20 * r.mask.heads_removed, 5000 - 100.0 * static_cast<double>(r.mask.heads_removed), {ratio, ratio / 5, ratio / 5}};
  return made.run("sst2", "sst2", "accuracy");
}

inline const Table* find_table(const std::vector<Table>& tables, std::string_view name) {
  const auto found = std::find_if(tables.begin(), tables.end(), [&](const Table& table) { return table.name == name; });
  return found == tables.end() ? nullptr : &*found;
}

// As people read it; numbers with all their digits up to six.
inline std::string shown(const TableCell& cell, const TableColumn& column) {
  if (column.kind == TableColumn::Kind::text) return cell.text;
  return cell.value ? shown_number(*cell.value, column.digits) : "";
}

// The tables of some records, asked for single cells.
class Tables {
 public:
  explicit Tables(const std::vector<Record>& records, const ScoresFiles& scores = {}, const TableOptions& options = {})
      : tables_(evidence_tables(records, scores, options)) {}

  const std::vector<Table>& all() const { return tables_; }
  bool has(std::string_view name) const { return find_table(tables_, name) != nullptr; }
  const Table& table(std::string_view name) const {
    const Table* found = find_table(tables_, name);
    if (found == nullptr) throw std::runtime_error("no table " + std::string(name));
    return *found;
  }
  // The rows that have all these texts among their cells.
  std::vector<const TableRow*> rows(std::string_view name, const std::vector<std::string>& texts) const {
    const Table& mine = table(name);
    std::vector<const TableRow*> found;
    for (const TableRow& row : mine.rows) {
      const bool fits = std::all_of(texts.begin(), texts.end(), [&](const std::string& text) {
        for (std::size_t i = 0; i < mine.columns.size(); ++i)
          if (shown(row.cells[i], mine.columns[i]) == text) return true;
        return false;
      });
      if (fits) found.push_back(&row);
    }
    return found;
  }
  // The cell of the only such row in the column of that title.
  const TableCell& at(std::string_view name, const std::vector<std::string>& texts, std::string_view title) const {
    const std::vector<const TableRow*> found = rows(name, texts);
    if (found.size() != 1)
      throw std::runtime_error(std::string(name) + " has " + std::to_string(found.size()) + " such rows: " + texts.front());
    return found.front()->cells[column(name, title)];
  }
  std::size_t column(std::string_view name, std::string_view title) const {
    const auto& columns = table(name).columns;
    for (std::size_t i = 0; i < columns.size(); ++i)
      if (columns[i].title == title) return i;
    throw std::runtime_error("no column " + std::string(title));
  }
  // Texts of one column, top to bottom.
  std::vector<std::string> texts(std::string_view name, std::string_view title) const {
    const std::size_t i = column(name, title);
    std::vector<std::string> all;
    for (const TableRow& row : table(name).rows) all.push_back(shown(row.cells[i], table(name).columns[i]));
    return all;
  }

 private:
  std::vector<Table> tables_;
};

inline void expect_spread(const TableCell& cell, double mean, double sd, std::int64_t count) {
  ASSERT_TRUE(cell.value && cell.sd);
  EXPECT_NEAR(*cell.value, mean, 1e-9);
  EXPECT_NEAR(*cell.sd, sd, 1e-9);
  EXPECT_EQ(cell.count, count);
}

inline void expect_single(const TableCell& cell, double value) {
  ASSERT_TRUE(cell.value);
  EXPECT_NEAR(*cell.value, value, 1e-9);
  EXPECT_FALSE(cell.sd);
}

}  // namespace hies::evidence
