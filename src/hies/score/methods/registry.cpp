#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "hies/base/error.h"
#include "hies/base/suggest.h"
#include "hies/score/methods/method.h"
#include "hies/score/methods/normalise.h"
#include "hies/score/methods/unit_scores.h"
#include "hies/score/statistics/statistic.h"

namespace hies::score {

#define METHOD(name) Method name##_method();
#include "hies/score/methods/methods.def"
#undef METHOD

std::span<const Method> methods() {
  static const std::array kMethods = {
#define METHOD(name) name##_method(),
#include "hies/score/methods/methods.def"
#undef METHOD
  };
  return kMethods;
}

const Method& find_method(std::string_view name) {
  std::vector<std::string> names;
  for (const Method& known : methods()) {
    if (known.name == name) return known;
    names.emplace_back(known.name);
  }
  throw Error(ErrorKind::bad_input, fmt::format("unknown method '{}'", printable(name)), known_names_hint(name, names));
}

namespace {

std::vector<std::string> names_judging(model::SiteKind kind) {
  std::vector<std::string> names;
  for (const Method& known : methods())
    if (known.judges(kind)) names.emplace_back(known.name);
  return names;
}

}  // namespace

MethodOptions for_site(const MethodOptions& options, model::SiteKind kind) {
  MethodOptions own = options;
  own.sites = model::site_kind_name(kind);
  if (kind == model::SiteKind::ffn && !options.ffn_method.empty()) own.method = options.ffn_method;
  own.ffn_method.clear();
  return own;
}

std::vector<std::string> tables_of(const MethodOptions& options) {
  std::vector<std::string> tables;
  for (const model::SiteKind kind : model::parse_site_kinds(options.sites))
    for (const std::string_view table : find_method(for_site(options, kind).method).tables)
      if (std::find(tables.begin(), tables.end(), table) == tables.end()) tables.emplace_back(table);
  return tables;
}

void check_options(const MethodOptions& options) {
  find_method(options.method);
  if (!options.ffn_method.empty()) find_method(options.ffn_method);
  if (!(options.alpha >= 0 && options.alpha <= 1)) bad_input("`alpha` is {}, but it must be within 0 … 1", options.alpha);
  parse_scope(options.normalise);
  if (!options.units.empty()) model::parse_unit_kind(options.units);
  parse_group_score(options.group_score);
  if (options.ffn_multiple < 1) bad_input("`ffn_multiple` is {}, but at least 1 is needed", options.ffn_multiple);
  for (const model::SiteKind kind : model::parse_site_kinds(options.sites)) {
    const Method& method = find_method(for_site(options, kind).method);
    if (!method.judges(kind))
      throw Error(ErrorKind::bad_input, fmt::format("method {} has no value for a {}", method.name, model::unit_noun(kind)),
                  fmt::format("methods for sites '{}': {}", model::site_kind_name(kind), fmt::join(names_judging(kind), ", ")));
  }
  if (!options.ffn_method.empty() && !model::names_site_kind(options.sites, model::SiteKind::ffn))
    throw Error(ErrorKind::bad_input, fmt::format("`ffn_method` is {}, but `sites` is {}", options.ffn_method, options.sites),
                "give `sites` attention,ffn");
}

bool Method::judges(model::SiteKind kind) const {
  if (heads_only && kind != model::SiteKind::attention) return false;
  return std::all_of(tables.begin(), tables.end(), [kind](std::string_view table) { return find_statistic(table).judges(kind); });
}

model::UnitTable<double> keep_scores(const Scores& scores, const MethodOptions& options) {
  check_options(options);
  const Method& method = find_method(options.method);
  for (const std::string_view asked : method.tables) {
    if (!scores.has(asked))
      throw Error(ErrorKind::bad_input,
                  fmt::format("method {} needs table '{}', which the scores do not have", method.name, asked),
                  fmt::format("run `hies score` again with `tables` {}", fmt::join(method.tables, ",")));
  }
  return method.keep_scores(scores, options);
}

}  // namespace hies::score
