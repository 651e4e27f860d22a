#include "hies/search/options.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "hies/base/error.h"
#include "hies/base/suggest.h"

namespace hies::search {

void check_options(const SearchOptions& options) {
  const std::array<std::string, 3> known = {"greedy", "evolve", "anneal"};
  if (std::find(known.begin(), known.end(), options.strategy) == known.end())
    throw Error(ErrorKind::bad_input, fmt::format("unknown `strategy` '{}'", printable(options.strategy)),
                known_names_hint(options.strategy, known));
  if (options.choice_examples && *options.choice_examples < 1)
    bad_input("`choice_examples` is {}, but at least 1 is needed", *options.choice_examples);
  if (options.width < 0) bad_input("`width` is {}, but it must be 0 or more", options.width);
  if (!(options.candidates >= 1 || options.candidates == 0) || !std::isfinite(options.candidates))
    throw Error(ErrorKind::bad_input, fmt::format("`candidates` is {}, but it must be 1 or more, or 0", options.candidates),
                "1.5 lets a search choose among half as many units again as it removes");
  for (const auto& [name, count] :
       {std::pair("few_examples", options.few_examples), std::pair("offspring", options.offspring),
        std::pair("generations", options.generations), std::pair("anneal_steps", options.anneal_steps)})
    if (count < 1) bad_input("`{}` is {}, but at least 1 is needed", name, count);
  if (!(options.temperature >= 0 && std::isfinite(options.temperature)))
    bad_input("`temperature` is {}, but it must be 0 or more", options.temperature);
  if (options.minutes && !(*options.minutes > 0 && std::isfinite(*options.minutes)))
    throw Error(ErrorKind::bad_input, fmt::format("`minutes` is {}, but a search needs time", *options.minutes),
                "give a number above 0, or leave `minutes` out to search to the end");
  if (options.batch_tokens < 1) bad_input("`batch_tokens` is {}, but at least 1 is needed", options.batch_tokens);
}

}  // namespace hies::search
