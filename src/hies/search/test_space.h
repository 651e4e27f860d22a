#pragma once

// For tests: a tiny model, the Fisher information of its units, and what a search needs to know of them.

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "hies/base/test_files.h"
#include "hies/data/test_golden.h"
#include "hies/score/methods/unit_scores.h"
#include "hies/score/scorer.h"
#include "hies/search/greedy.h"

namespace hies::search {

struct TinyModel {
  explicit TinyModel(const std::string& name, const std::string& sites = "attention")
      : golden(std::filesystem::path(HIES_SOURCE_DIR) / "tests/golden" / name),
        model(golden.load(engine::ComputeType::float64, 1)) {
    score::ScoreOptions options;
    options.loss = "logit-norm";
    options.tables = {"fisher"};
    options.sites = method.sites = sites;
    method.method = "fisher";
    method.ffn_multiple = 8;
    scores = score::score_heads(model, golden.dataset, options);
    units = score::unit_scores(scores, method);
    unit_costs = scores.unit_costs();
    kv_costs = scores.kv_head_costs();
  }
  prune::PlanInput input() const {
    return {.model = {},
            .layout = scores.layout,
            .unit_kind = units.kind,
            .units = units.units,
            .keep_scores = units.keep,
            .unit_costs = unit_costs,
            .kv_costs = kv_costs,
            .parameters = scores.cost.parameters,
            .flops_per_token = scores.cost.flops_per_token,
            .portability = {},
            .additive = true};
  }
  const model::Layout& layout() const { return scores.layout; }

  data::GoldenModel golden;
  engine::Model model;
  score::MethodOptions method;
  score::Scores scores;
  score::UnitScores units;
  model::UnitTable<model::UnitCost> unit_costs, kv_costs;
};

}  // namespace hies::search
