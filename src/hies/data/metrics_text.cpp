// Metrics of texts.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "hies/base/error.h"
#include "hies/data/metrics.h"

namespace hies::data {
namespace {

double perplexity_per(double log_likelihood, std::int64_t parts) {
  check(parts > 0, "a perplexity is of at least one part");
  // Of texts without spaces, a word may be thousands of tokens.
  return std::min(std::exp(-log_likelihood / static_cast<double>(parts)), std::numeric_limits<double>::max());
}

}  // namespace

double perplexity(const TextLikelihood& text) { return perplexity_per(text.log_likelihood, text.tokens); }

// Some windows of a text may hold no beginning of a word.
double word_perplexity(const TextLikelihood& text) {
  return perplexity_per(text.log_likelihood, std::max<std::int64_t>(text.words, 1));
}

double bits_per_byte(const TextLikelihood& text) {
  return -text.log_likelihood / (static_cast<double>(std::max<std::int64_t>(text.bytes, 1)) * std::numbers::ln2);
}

}  // namespace hies::data
