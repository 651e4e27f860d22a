// Sites and budgets of the grid, and which methods can have them.
#include <algorithm>

#include <fmt/ranges.h>

#include "hies/base/error.h"
#include "hies/evidence/records.h"
#include "hies/model/site.h"
#include "hies/score/methods/method.h"
#include "hies/sweep/grid.h"

namespace hies::sweep {
namespace {

bool is_joint(std::string_view budget) { return budget != evidence::kRatioBudget; }

}  // namespace

std::string spelled(const GridMethod& method) { return method.name + (method.uniform ? "/uniform" : ""); }

std::vector<std::string> parse_sites(std::string_view text) {
  std::vector<std::string> all;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('/', begin), text.size());
    std::vector<std::string_view> names;
    for (const model::SiteKind kind : model::parse_site_kinds(text.substr(begin, end - begin)))
      names.push_back(model::site_kind_name(kind));
    std::string sites = fmt::format("{}", fmt::join(names, ","));
    if (std::find(all.begin(), all.end(), sites) != all.end())
      throw Error(ErrorKind::bad_input, fmt::format("`sites`: {} is there twice", sites), "name each once");
    all.push_back(std::move(sites));
    begin = end + 1;
  }
  return all;
}

std::string scored_sites(const SweepOptions& options) {
  std::vector<model::SiteKind> kinds = {model::SiteKind::attention};
  for (const std::string& sites : parse_sites(options.sites))
    for (const model::SiteKind kind : model::parse_site_kinds(sites))
      if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) kinds.push_back(kind);
  std::sort(kinds.begin(), kinds.end());
  std::vector<std::string_view> names;
  for (const model::SiteKind kind : kinds) names.push_back(model::site_kind_name(kind));
  return fmt::format("{}", fmt::join(names, ","));
}

std::vector<GridBudget> grid_budgets(const SweepOptions& options) {
  std::vector<GridBudget> budgets = {{evidence::kRatioBudget, "ratios", options.ratios},
                                     {"matrix_flops_ratio", "matrix_flops_ratios", options.matrix_flops_ratios},
                                     {"flops_ratio", "flops_ratios", options.flops_ratios},
                                     {"params_ratio", "params_ratios", options.params_ratios}};
  std::vector<GridBudget> given;
  for (const GridBudget& budget : budgets)
    if (!budget.shares.empty()) given.push_back(budget);
  return given;
}

void drop_default_ratios(SweepOptions& options) {
  if (grid_budgets(options).size() > 1) options.ratios.clear();
}

std::string no_cells_because(const GridMethod& method, std::string_view sites, std::string_view budget) {
  const std::vector<model::SiteKind> kinds = model::parse_site_kinds(sites);
  const score::Method& scorer = score::find_method(method.scorer);
  for (const model::SiteKind kind : kinds)
    if (!scorer.judges(kind)) return fmt::format("method {} has no value for a {}", method.name, model::unit_noun(kind));
  if (is_joint(budget) && kinds.size() > 1 && !method.additive)
    return fmt::format("scores of {} do not compare heads with neurons, which `{}s` need (those of fisher do)", method.name,
                       budget);
  if (is_joint(budget) && method.uniform)
    return fmt::format("{} removes the same share of every layer, which only `ratios` give", spelled(method));
  return {};
}

std::vector<std::string> left_out(const SweepOptions& options) {
  const std::vector<std::string> all_sites = parse_sites(options.sites);
  const std::vector<GridBudget> budgets = grid_budgets(options);
  std::vector<std::string> sentences;
  // Returns the reasons of the combinations that `holds` is true for, or nothing where one of these has cells.
  const auto reason_for_none = [&](const auto& holds) {
    std::string reason;
    for (const std::string& name : options.methods)
      for (const std::string& sites : all_sites)
        for (const GridBudget& budget : budgets) {
          if (!holds(name, sites, budget.name)) continue;
          const std::string because = no_cells_because(parse_method(name), sites, budget.name);
          if (because.empty()) return std::string();
          if (reason.empty()) reason = because;
        }
    return reason;
  };
  const auto refuse = [&](std::string_view option, std::string_view value, const std::string& reason) {
    if (!reason.empty())
      throw Error(ErrorKind::bad_input, fmt::format("`{}` {} has no cell in this grid: {}", option, value, reason),
                  "leave it out, or add what it goes with; `hies methods` lists which sites a method can judge");
  };
  for (const std::string& name : options.methods)
    refuse("methods", name, reason_for_none([&](const auto& mine, const auto&, const auto&) { return mine == name; }));
  for (const std::string& sites : all_sites)
    refuse("sites", sites, reason_for_none([&](const auto&, const auto& mine, const auto&) { return mine == sites; }));
  for (const GridBudget& budget : budgets)
    refuse(budget.options, fmt::format("{}", fmt::join(budget.shares, ",")),
           reason_for_none([&](const auto&, const auto&, const auto& mine) { return mine == budget.name; }));
  for (const std::string& name : options.methods)
    for (const std::string& sites : all_sites)
      for (const GridBudget& budget : budgets)
        if (const std::string because = no_cells_because(parse_method(name), sites, budget.name); !because.empty())
          sentences.push_back(fmt::format("no cells of {} with sites {} and `{}`: {}", name, sites, budget.options, because));
  return sentences;
}

prune::BudgetOptions cell_budget(const SweepOptions& options, const Cell& cell) {
  prune::BudgetOptions budget = options.budget;
  budget.uniform = cell.method.uniform;
  if (cell.budget == "matrix_flops_ratio") budget.matrix_flops_ratio = cell.ratio;
  else if (cell.budget == "flops_ratio") budget.flops_ratio = cell.ratio;
  else if (cell.budget == "params_ratio") budget.params_ratio = cell.ratio;
  else {
    const bool heads = model::names_site_kind(cell.sites, model::SiteKind::attention);
    const bool neurons = model::names_site_kind(cell.sites, model::SiteKind::ffn);
    // Where only neurons are units, `uniform` takes their share from `ratio`.
    if (heads || budget.uniform) budget.ratio = cell.ratio;
    if (neurons && (heads || !budget.uniform)) budget.ffn_ratio = cell.ratio;
  }
  return budget;
}

}  // namespace hies::sweep
