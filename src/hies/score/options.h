#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hies/model/recorder.h"

namespace hies::score {

// Return the statistics that are computed unless others are asked for, and what the option says of itself.
std::vector<std::string> default_tables();
std::string_view tables_help();

// What is computed of every unit. Which examples are used is data::LoadOptions' matter.
struct ScoreOptions {
  std::string loss;  // empty: what fits the model, ce or mse
  std::int64_t draws = 4;
  std::uint64_t draw_seed = 0;
  std::string granularity = "example";
  std::int64_t batch_examples = 32;
  std::string entropy_tokens = "all";
  // Fewer than evaluation takes: a backward pass keeps what every layer computed, 92 KB for a token of a model of six layers of 384,
  // and larger batches are not faster.
  std::int64_t batch_tokens = 512;
  std::vector<std::string> tables = default_tables();  // names of statistics
  std::string sites = "attention";                     // model::parse_site_kinds

  template <class V, class Self>
  static void fields(V& v, Self& self) {
    v("loss", self.loss, "loss whose gradient is taken: ce, mse, pseudo-label, logit-norm or sampled (default: the task's)");
    v("draws", self.draws,
      "answers that loss sampled draws for each example (of texts: for each token), each with a pass of its own");
    v("draw_seed", self.draw_seed, "seed of these answers");
    v("granularity", self.granularity, "where HIS takes the absolute value: per example, token or batch");
    v("batch_examples", self.batch_examples, "examples of a group with `granularity` batch, in calibration order");
    v("entropy_tokens", self.entropy_tokens,
      "queries whose entropy AE averages: all tokens, or cls (the first token of each sequence)");
    v("batch_tokens", self.batch_tokens, "tokens computed at once; bounds memory, does not change results");
    v("tables", self.tables, tables_help());
    v("sites", self.sites, "whose units are scored: attention (heads), ffn (feed-forward neurons) or attention,ffn");
  }
};

// Where the absolute value of HIS is taken (HIES paper, Eq. 2): over the sum of an example's tokens, over each token, or over the
// mean of a group of examples.
enum class Granularity { example, token, batch };
// Throws bad_input.
Granularity parse_granularity(std::string_view name);

// "all" or "cls". Throws bad_input.
model::EntropyTokens parse_entropy_tokens(std::string_view name);

// Throws bad_input for an unknown table, site, granularity or loss, no table at all, none that judges a unit of a site that is asked
// for, a granularity that neurons or a loss with drawn answers do not have, or a count below 1.
void check_options(const ScoreOptions& options);

}  // namespace hies::score
