#include "hies/score/options.h"

#include <algorithm>
#include <array>

#include <fmt/ranges.h>

#include "hies/base/error.h"
#include "hies/base/suggest.h"
#include "hies/score/objectives/objectives.h"
#include "hies/score/statistics/statistic.h"

namespace hies::score {
namespace {

void check_least(std::string_view name, std::int64_t value) {
  if (value < 1) bad_input("`{}` is {}, but at least 1 is needed", name, value);
}

void check_sites(const ScoreOptions& options) {
  for (const model::SiteKind kind : model::parse_site_kinds(options.sites)) {
    if (kind == model::SiteKind::cross_attention) unsupported("no family has sites '{}'", model::site_kind_name(kind));
    const auto judges = [&](const std::string& table) { return find_statistic(table).judges(kind); };
    if (std::none_of(options.tables.begin(), options.tables.end(), judges))
      throw Error(ErrorKind::bad_input,
                  fmt::format("none of the tables {} has values for sites '{}'", fmt::join(options.tables, ", "),
                              model::site_kind_name(kind)),
                  fmt::format("tables of these sites: {}", fmt::join(statistic_names(kind), ", ")));
    if (kind == model::SiteKind::ffn && parse_granularity(options.granularity) != Granularity::example)
      bad_input("`granularity` {} is of heads, but neurons are scored by example", options.granularity);
  }
}

}  // namespace

Granularity parse_granularity(std::string_view name) {
  if (name == "example") return Granularity::example;
  if (name == "token") return Granularity::token;
  if (name == "batch") return Granularity::batch;
  const std::array<std::string, 3> known = {"example", "token", "batch"};
  throw Error(ErrorKind::bad_input, fmt::format("unknown granularity '{}'", printable(name)), known_names_hint(name, known));
}

model::EntropyTokens parse_entropy_tokens(std::string_view name) {
  if (name == "all") return model::EntropyTokens::all;
  if (name == "cls") return model::EntropyTokens::first;
  throw Error(ErrorKind::bad_input, fmt::format("unknown `entropy_tokens` '{}'", printable(name)), "known: all, cls");
}

std::vector<std::string> default_tables() { return default_statistics(); }

std::string_view tables_help() {
  static const std::string kHelp = fmt::format("what to compute: {}", fmt::join(statistic_names(), ", "));
  return kHelp;
}

void check_options(const ScoreOptions& options) {
  parse_granularity(options.granularity);
  parse_entropy_tokens(options.entropy_tokens);
  if (!options.loss.empty() && find_objective(options.loss).drawn && parse_granularity(options.granularity) == Granularity::batch)
    bad_input("`granularity` batch is of one answer for each example, but `loss` {} draws several", options.loss);
  check_least("draws", options.draws);
  check_least("batch_examples", options.batch_examples);
  check_least("batch_tokens", options.batch_tokens);
  if (options.tables.empty()) throw Error(ErrorKind::bad_input, "no table is asked for", known_names_hint("", statistic_names()));
  for (const std::string& table : options.tables) find_statistic(table);
  check_sites(options);
}

}  // namespace hies::score
