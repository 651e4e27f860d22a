#include "hies/evidence/orthogonality.h"

#include <array>
#include <numeric>
#include <set>

#include "hies/base/error.h"
#include "hies/data/metrics.h"
#include "hies/evidence/kinds.h"
#include "hies/score/methods/normalise.h"

namespace hies::evidence {
namespace {

std::vector<double> flat(const model::UnitTable<double>& table) {
  std::vector<double> all;
  for (const auto& [site, row] : table) all.insert(all.end(), row.begin(), row.end());
  return all;
}

double sum(const std::vector<double>& values) { return std::accumulate(values.begin(), values.end(), 0.0); }

// The scores of one run and loss, by seed.
struct Scored {
  std::string run, loss;
  std::map<std::int64_t, Orthogonality> seeds;
};

std::vector<Scored> all_scored(const Evidence& evidence) {
  std::vector<Scored> all;
  for (const std::string& run : evidence.runs()) {
    std::set<std::string> files;
    for (const Record* record : evidence.usual_records(run))
      for (const std::string& file : {record->key.scores, record->measured.bound.scores}) files.insert(file);
    std::map<std::string, Scored> by_loss;
    for (const std::string& file : files) {
      const auto found = evidence.scores().find(file);
      if (found == evidence.scores().end()) continue;
      const score::Scores& scores = found->second;
      if (!scores.has("his") || !scores.has("ae")) continue;
      const std::string loss = value_or<std::string>(scores.options, "loss", "", file);
      Scored& mine = by_loss.try_emplace(loss, Scored{run, loss, {}}).first->second;
      mine.seeds[value_or<std::int64_t>(scores.options, "seed", 0, file)] =
          orthogonality(model::rows_of(scores.table("his"), model::SiteKind::attention), scores.table("ae"));
    }
    for (auto& [loss, scored] : by_loss) all.push_back(std::move(scored));
  }
  return all;
}

struct Measure {
  const char* title;
  double Orthogonality::*of;
  int digits;
};
constexpr std::array kMeasures = {
    Measure{"mean HIS", &Orthogonality::his_mean, 6},     Measure{"mean AE", &Orthogonality::ae_mean, 4},
    Measure{"covariance", &Orthogonality::covariance, 6}, Measure{"inner product", &Orthogonality::inner_product, 4},
    Measure{"Pearson", &Orthogonality::pearson, 4},
};

constexpr const char* kCaption =
    "HIS normalised to the sum 1 and AE by min–max, over all heads; covariance of the heads as a population, inner product "
    "Σ HIS · AE, Pearson's correlation.";

Table over_seeds(const std::vector<Scored>& all) {
  Table table{"orthogonality",
              "What HIS and AE have in common",
              std::string(kCaption) + " Mean ± standard deviation over the seeds' calibration sets.",
              {},
              {}};
  table.columns = {text_column("run"), text_column("loss")};
  for (const Measure& measure : kMeasures) table.columns.push_back(spread_column(measure.title, measure.digits));
  for (const Scored& scored : all) {
    TableRow row{{text_cell(scored.run), text_cell(scored.loss)}, false};
    for (const Measure& measure : kMeasures) {
      std::vector<double> numbers;
      for (const auto& [seed, values] : scored.seeds) numbers.push_back(values.*measure.of);
      row.cells.push_back(spread_cell(numbers));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table each_seed(const std::vector<Scored>& all) {
  Table table{"orthogonality-seeds", "What HIS and AE have in common, seed by seed", kCaption, {}, {}};
  table.columns = {text_column("run"), text_column("loss"), number_column("seed", 0)};
  for (const Measure& measure : kMeasures) table.columns.push_back(number_column(measure.title, measure.digits));
  for (const Scored& scored : all) {
    bool begins = true;
    for (const auto& [seed, values] : scored.seeds) {
      TableRow row{{text_cell(scored.run), text_cell(scored.loss), number_cell(static_cast<double>(seed))}, begins};
      begins = false;
      for (const Measure& measure : kMeasures) row.cells.push_back(number_cell(values.*measure.of));
      table.rows.push_back(std::move(row));
    }
  }
  return table;
}

}  // namespace

Orthogonality orthogonality(const model::UnitTable<double>& his, const model::UnitTable<double>& ae) {
  std::vector<double> importance = flat(his);
  const std::vector<double> entropy = flat(score::min_max(ae, score::Scope::global));
  check(!importance.empty() && importance.size() == entropy.size(), "importance and entropy are of the same heads");
  if (const double total = sum(importance); total > 0)
    for (double& value : importance) value /= total;

  const auto heads = static_cast<double>(importance.size());
  Orthogonality result;
  result.his_mean = sum(importance) / heads;
  result.ae_mean = sum(entropy) / heads;
  for (std::size_t i = 0; i < importance.size(); ++i) {
    result.inner_product += importance[i] * entropy[i];
    result.covariance += (importance[i] - result.his_mean) * (entropy[i] - result.ae_mean) / heads;
  }
  result.pearson = data::pearson(importance, entropy);
  return result;
}

std::vector<Table> orthogonality_tables(const Evidence& evidence) {
  const std::vector<Scored> all = all_scored(evidence);
  return {over_seeds(all), each_seed(all)};
}

}  // namespace hies::evidence
