#include "hies/evidence/series.h"

#include <fmt/format.h>

#include <tuple>

#include "hies/data/task.h"
#include "hies/score/methods/method.h"

namespace hies::evidence {
namespace {

constexpr std::string_view kLogit = "-logit";  // "hies-logit" names its loss itself

// Returns the place of a method in tables. A name that is not a method, such as "hies-logit", has the place of the method that it
// begins with.
std::ptrdiff_t rank(std::string_view name) {
  std::ptrdiff_t place = 0, found = -1;
  std::size_t longest = 0;
  for (const score::Method& known : score::methods()) {
    const bool is_it = name == known.name || (name.starts_with(known.name) && name[known.name.size()] == '-');
    if (is_it && known.name.size() > longest) {
      found = place;
      longest = known.name.size();
    }
    ++place;
  }
  return -found;
}

auto key(const Series& s) {
  return std::make_tuple(s.budget != kRatioBudget, budget_label(s.budget), s.sites, s.refit != kNoRefit, s.refit, rank(s.method),
                         s.method, s.uniform, s.loss_chosen, s.loss, s.alpha_chosen, s.alpha, s.examples);
}

}  // namespace

Series series_of(const Record& record, std::int64_t examples) {
  Series series;
  series.method = record.key.method;
  series.uniform = record.key.uniform;
  series.loss_chosen = !record.key.loss_from.empty();
  if (!series.loss_chosen && record.key.loss && *record.key.loss != data::task(record.key.task).loss)
    series.loss = *record.key.loss;
  series.alpha_chosen = !record.key.alpha_from.empty();
  if (!series.alpha_chosen) series.alpha = record.key.alpha;
  series.sites = record.key.sites;
  series.budget = record.key.budget;
  series.refit = record.key.refit;
  if (record.key.examples && *record.key.examples != examples) series.examples = record.key.examples;
  return series;
}

bool operator<(const Series& a, const Series& b) { return key(a) < key(b); }

std::string label(const Series& series) {
  std::string text = label_without_alpha(series);
  if (!series.alpha && !series.alpha_chosen) return text;
  const std::string alpha = series.alpha_chosen ? " α auto" : fmt::format(" α = {}", *series.alpha);
  return text.insert(std::min(text.find(','), text.size()), alpha);
}

std::string label_without_alpha(const Series& series) {
  std::string text = series.method + (series.uniform ? "/uniform" : "");
  if (series.loss_chosen) text += ", loss auto";
  else if (!series.loss.empty() && !series.method.ends_with(kLogit)) text += ", loss " + series.loss;
  if (series.sites != Series().sites) text += ", " + sites_label(series.sites);
  if (series.budget != kRatioBudget) text += ", by " + budget_label(series.budget);
  if (series.refit != kNoRefit) text += ", refit " + series.refit;
  return text;
}

std::string sites_label(std::string_view sites) {
  if (sites == "attention") return "heads";
  if (sites == "ffn") return "neurons";
  return sites == "attention,ffn" ? "heads + neurons" : std::string(sites);
}

std::string budget_label(std::string_view budget) {
  if (budget == kRatioBudget) return "units";
  if (budget == "matrix_flops_ratio") return "matrix FLOPs";
  if (budget == "flops_ratio") return "FLOPs";
  return budget == "params_ratio" ? "parameters" : std::string(budget);
}

}  // namespace hies::evidence
