#include "hies/score/options.h"

#include <algorithm>
#include <array>

#include "hies/base/error.h"
#include "hies/base/suggest.h"
#include "hies/score/objectives/objectives.h"

namespace hies::score {
namespace {

constexpr std::array kTables = {"his", "ae", "l2", "l2-out", "second-order"};

void check_least(std::string_view name, std::int64_t value) {
  if (value < 1) bad_input("`{}` is {}, but at least 1 is needed", name, value);
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

void check_options(const ScoreOptions& options) {
  parse_granularity(options.granularity);
  parse_entropy_tokens(options.entropy_tokens);
  if (!options.loss.empty()) find_objective(options.loss);
  check_least("batch_examples", options.batch_examples);
  check_least("batch_tokens", options.batch_tokens);
  const std::vector<std::string> names(kTables.begin(), kTables.end());
  if (options.tables.empty()) throw Error(ErrorKind::bad_input, "no table is asked for", known_names_hint("", names));
  for (const std::string& table : options.tables) {
    if (std::find(names.begin(), names.end(), table) == names.end())
      throw Error(ErrorKind::bad_input, fmt::format("unknown table '{}'", printable(table)), known_names_hint(table, names));
  }
}

}  // namespace hies::score
