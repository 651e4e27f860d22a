#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hies/model/unit_table.h"
#include "hies/score/scores.h"

namespace hies::score {

// How keep-scores are made of raw scores.
struct MethodOptions {
  std::string method = "hies";
  double alpha = 0.7;
  std::string normalise = "global";
  std::uint64_t seed = 0;
  std::string units = {};  // empty: what fits the model
  std::string group_score = "sum";
  std::string sites = "attention";  // model::parse_site_kinds
  std::int64_t ffn_multiple = 1;
  std::string ffn_method = {};  // empty: as `method`

  template <class V, class Self>
  static void fields(V& v, Self& self) {
    v("method", self.method, "scoring method (`hies methods` lists them)");
    v("alpha", self.alpha, "weight of importance against concentration in the methods that mix them, 0 … 1");
    v("normalise", self.normalise, "min-max of scores: global (over all heads) or per-layer");
    v("seed", self.seed, "seed of random");
    v("units", self.units,
      "heads that are removed together: head (each alone), kv-group (a KV head with its query heads) or even (a head of each KV "
      "head of a layer) "
      "(default: kv-group where heads share keys, else head)");
    v("group_score", self.group_score, "of a unit of several heads: the sum or the max of their scores; entropies are averaged");
    v("sites", self.sites, "where units are removed: attention (heads), ffn (feed-forward neurons) or attention,ffn");
    v("ffn_multiple", self.ffn_multiple, "neurons of a layer leave in blocks of so many, so that a multiple of it is kept");
    v("ffn_method", self.ffn_method,
      "scoring method of neurons, where each site has a share of its own, since their scores have no common unit (default: as "
      "method)");
  }
};

// A scoring method. All data but for `keep_scores`: a method is one file x.cpp, which defines x_method(), and one line in
// methods.def.
struct Method {
  std::string_view name;
  std::string_view description;          // one line
  std::vector<std::string_view> tables;  // the statistics that it needs: entries of ScoreOptions::tables
  // Gives a value for each unit of the scores, higher = keep.
  model::UnitTable<double> (*keep_scores)(const Scores& scores, const MethodOptions& options) = nullptr;
  bool takes_alpha = false;  // MethodOptions::alpha matters
  bool drawn = false;        // MethodOptions::seed matters: one ranking says nothing, the mean of many does
  bool heads_only = false;   // has no value for neurons, even where its statistics do
  bool additive = false;     // scores of units add up, so that score ÷ FLOPs compares units of any site and size

  // Returns whether the method has a value for the units of such sites: all its statistics do.
  bool judges(model::SiteKind kind) const;
};

// Returns all methods, in the order in which they are listed to the user.
std::span<const Method> methods();
// Throws bad_input for an unknown name, with the known ones as hint.
const Method& find_method(std::string_view name);

// Returns the options for the units of such sites alone: `sites` names them, and `method` what scores them.
MethodOptions for_site(const MethodOptions& options, model::SiteKind kind);

// Returns the statistics that the methods of the options' sites need, each once.
std::vector<std::string> tables_of(const MethodOptions& options);

// Throws bad_input for an unknown method, normalisation, unit, group score or site, a site whose units the method cannot judge, alpha
// outside 0 … 1 or NaN, and ffn_multiple below 1. For early refusal, before long work.
void check_options(const MethodOptions& options);

// Returns the keep-scores of single heads, whatever units the options name, by the options' method, higher = keep, finite. Throws as
// check_options does, and bad_input for a missing table (it says how to compute it).
model::UnitTable<double> keep_scores(const Scores& scores, const MethodOptions& options);

}  // namespace hies::score
