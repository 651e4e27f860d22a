#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hies::refit {

// Which output matrices are fitted anew: none, attention's, or every one (also where nothing was removed, since it can correct what came
// before).
enum class RefitSites { none, attention, all };
// Reads "none", "attention" or "all". Throws bad_input.
RefitSites parse_refit_sites(std::string_view name);

struct RefitOptions {
  std::string refit = "none";                    // parse_refit_sites
  std::optional<double> damping = std::nullopt;  // λ as a share of the mean square of an input; not set: chosen on held-out rows
  std::int64_t refit_examples = 1024;
  std::int64_t refit_heldout = 256;

  template <class V, class Self>
  static void fields(V& v, Self& self) {
    v("refit", self.refit, "output matrices to fit anew by least squares: none, attention or all");
    v("damping", self.damping, "weight that keeps a fitted matrix near the old one, > 0 (default: the best of 0.001, 0.01, 0.1)");
    v("refit_examples", self.refit_examples, "calibration rows to fit with, beside those that are scored");
    v("refit_heldout", self.refit_heldout, "calibration rows that choose the damping, beside both");
  }
};

// Throws bad_input for an unknown name, a damping that is not above 0, no rows to fit with, a negative number of held-out rows, and
// none of them where they are to choose the damping.
void check_options(const RefitOptions& options);

// Returns the dampings that are tried: the one that is given, or the three of the default.
std::vector<double> damping_candidates(const RefitOptions& options);

}  // namespace hies::refit
