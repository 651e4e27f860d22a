#include "hies/refit/options.h"

#include <array>

#include "hies/base/error.h"
#include "hies/base/suggest.h"

namespace hies::refit {

RefitSites parse_refit_sites(std::string_view name) {
  if (name == "none") return RefitSites::none;
  if (name == "attention") return RefitSites::attention;
  if (name == "all") return RefitSites::all;
  const std::array<std::string, 3> known = {"none", "attention", "all"};
  throw Error(ErrorKind::bad_input, fmt::format("unknown `refit` '{}'", printable(name)), known_names_hint(name, known));
}

void check_options(const RefitOptions& options) {
  parse_refit_sites(options.refit);
  if (options.damping && !(*options.damping > 0))
    throw Error(ErrorKind::bad_input, fmt::format("`damping` is {}, but it must be above 0", *options.damping), "give 0.01");
  if (options.refit_examples < 1) bad_input("`refit_examples` is {}, but at least 1 is needed", options.refit_examples);
  if (options.refit_heldout < 0) bad_input("`refit_heldout` is {}, but it must be 0 or more", options.refit_heldout);
  if (options.refit_heldout == 0 && !options.damping)
    throw Error(ErrorKind::bad_input, "without held-out rows nothing can choose the damping", "give `damping` 0.01");
}

std::vector<double> damping_candidates(const RefitOptions& options) {
  if (options.damping) return {*options.damping};
  return {1e-3, 1e-2, 1e-1};
}

}  // namespace hies::refit
