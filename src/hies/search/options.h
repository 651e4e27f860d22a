#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace hies::search {

// How masks are searched.
struct SearchOptions {
  std::string strategy = "greedy";
  std::optional<std::int64_t> choice_examples = std::nullopt;  // not set: half of the objective's
  std::int64_t width = 16;
  double candidates = 1.5;
  std::int64_t few_examples = 128;
  std::int64_t offspring = 32;
  std::int64_t generations = 40;
  std::int64_t anneal_steps = 200;
  double temperature = 0.05;
  std::uint64_t search_seed = 0;
  std::optional<double> minutes = std::nullopt;
  std::int64_t batch_tokens = 2048;

  template <class V, class Self>
  static void fields(V& v, Self& self) {
    v("strategy", self.strategy,
      "greedy: backward elimination, one unit or block of neurons after the other; evolve: how much each site loses, in the "
      "order of "
      "the scores; anneal: single units are exchanged");
    v("choice_examples", self.choice_examples,
      "calibration rows that choose between what was found and the scores' own plan, beside those of `examples` (default: half "
      "of "
      "`examples`)");
    v("width", self.width,
      "candidates evaluated anew in a step at most, those first whose last known increase is least; 0: all of them, in every "
      "step");
    v("candidates", self.candidates,
      "units that are candidates, lowest scores first, as a multiple of those that the scores alone would remove; 0: all");
    v("few_examples", self.few_examples,
      "evolve: rows of the objective, the first, that judge all offspring; all of them judge the best");
    v("offspring", self.offspring, "evolve: masks of a generation");
    v("generations", self.generations, "evolve: generations");
    v("anneal_steps", self.anneal_steps, "anneal: steps");
    v("temperature", self.temperature, "anneal: temperature of the first step, as a share of the objective; it falls to 0");
    v("search_seed", self.search_seed, "evolve, anneal: seed of what is tried");
    v("minutes", self.minutes, "minutes after which no more masks are evaluated: the best plan so far is taken");
    v("batch_tokens", self.batch_tokens, "tokens computed at once; bounds memory, does not change results");
  }
};

// Throws bad_input for an unknown strategy, counts out of range and minutes that are not above 0.
void check_options(const SearchOptions& options);

}  // namespace hies::search
