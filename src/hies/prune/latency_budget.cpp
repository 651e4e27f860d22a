#include "hies/prune/latency_budget.h"

#include <limits>

#include "hies/base/error.h"
#include "hies/base/stored.h"
#include "hies/prune/remaining.h"

namespace hies::prune {
namespace {

const LatencyTable& table_of(const PlanInput& input) {
  check(input.latency != nullptr, "a budget of latency without a table");
  return *input.latency;
}

}  // namespace

void check_latency_options(const BudgetOptions& options) {
  if (options.latency_ratio && options.latency_table.empty())
    throw Error(ErrorKind::bad_input, "`latency_ratio` is a share of measured times, but no table has them",
                "measure one with `hies latency-table` and give it as `latency_table`");
  if (!options.latency_ratio && !options.latency_table.empty())
    throw Error(ErrorKind::bad_input, "`latency_table` goes with `latency_ratio`, not with another budget",
                "give `latency_ratio`, or leave `latency_table` out");
}

double latency_order(const PlanInput& input, model::Site site, const std::vector<int>& members, double keep_score) {
  const double ms = table_of(input).curve(site).per_unit(input.layout.at(site).count()) * static_cast<double>(members.size());
  return ms > 0 ? keep_score / ms : std::numeric_limits<double>::infinity();
}

LatencySavings::LatencySavings(const PlanInput& input) : input_(input) {
  table_of(input);
  if (input.unit_kind == model::UnitKind::kv_group) return;
  for (const auto& [site, groups] : input.units)
    if (site.kind != model::SiteKind::ffn && input.layout.at(site).grouped())
      throw Error(ErrorKind::bad_input,
                  fmt::format("latency tables are of whole KV groups, but `units` is '{}'", model::unit_name(input.unit_kind)),
                  "give `units` kv-group, or a share of FLOPs");
}

void LatencySavings::remove(model::Site site, const std::vector<int>& removed) {
  const model::SiteLayout& before = input_.layout.at(site);
  const auto [place, is_new] = by_site_.try_emplace(site);
  OfSite& own = place->second;
  if (is_new) own.left = before.count();
  if (site.kind == model::SiteKind::ffn) {
    own.left -= std::ssize(removed);
  } else {
    own.removed.insert(own.removed.end(), removed.begin(), removed.end());
    own.left = remaining(before, own.removed).count();
  }
  const LatencyCurve& curve = table_of(input_).curve(site);
  const double saved = curve.at(before.count()) - curve.at(own.left);
  saved_ms_ += saved - own.saved_ms;
  own.saved_ms = saved;
}

double LatencySavings::share() const { return saved_ms_ / table_of(input_).whole.least; }

void LatencySavings::refuse(double ratio) const {
  throw Error(
      ErrorKind::bad_input,
      fmt::format("`latency_ratio` is {}, but all units that can be removed take {:.4g} of the model's {:.4g} ms; no plan saves "
                  "the other {:.4g} ms",
                  ratio, saved_ms_, table_of(input_).whole.least, table_of(input_).whole.least - saved_ms_),
      fmt::format("give a `latency_ratio` of at most {}", share()));
}

Json latency_information(const PlanInput& input, const model::Layout& left) {
  if (input.latency == nullptr) return {};
  const double before = input.latency->whole.least, after = input.latency->predicted_ms(input.layout, left);
  Json json = {{"before", before}, {"removed", before - after}, {"share", (before - after) / before}};
  json["setting"] = to_stored(input.latency->setting);
  return json;
}

}  // namespace hies::prune
