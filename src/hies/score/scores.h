#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hies/base/json.h"
#include "hies/model/cost.h"
#include "hies/model/heads.h"
#include "hies/score/weight_norms.h"

namespace hies::score {

inline constexpr std::string_view kScoresSchema = "hies.scores/1";

// scores.json (docs/formats.md): raw scores of every present head, and all that a plan needs to know of the model.
struct Scores {
  struct ModelInfo {
    std::string path;  // for people; `hash` binds
    std::string model_type;
    std::string hash;
  };
  struct Calibration {
    std::string file;
    std::int64_t examples = 0;
    std::int64_t tokens = 0;
    std::string hash;                 // data::Dataset::hash
    std::optional<double> mean_loss;  // not set when no loss was computed
  };
  struct Cost {
    std::int64_t parameters = 0;
    double flops_per_token = 0;
    double tokens = 0;                         // sequence length that FLOPs are for
    std::vector<model::HeadCost> per_head;     // [L] of one query head
    std::vector<model::HeadCost> per_kv_head;  // [L] of one KV head
  };

  ModelInfo model_info;
  Json options = Json::object();  // as resolved
  Calibration calibration;
  model::HeadLayout layout;  // [L]
  Cost cost;
  // "his", "ae", "l2", "l2-out", "gate_grad", "a_sq": raw values, finite.
  std::map<std::string, model::HeadTable<double>, std::less<>> tables;
  std::optional<OutputNorms> output_norms;  // with second-order
  std::optional<double> curvature;          // of the loss, with second-order: ObjectiveKind::curvature
  std::map<std::string, double> timings;    // …_ms; the only part that differs between equal runs

  // Whether all is there that an entry of ScoreOptions::tables gives.
  bool has(std::string_view asked) const;
  // Throws bad_input for a table that is not there.
  const model::HeadTable<double>& table(std::string_view name) const;
  // One entry per present query head.
  model::HeadTable<model::HeadCost> head_costs() const;
  // One entry per present KV head.
  model::HeadTable<model::HeadCost> kv_head_costs() const;
};

// Throws bad_input that names the first score that is NaN or infinite.
void check_finite(const Scores& scores);

// Throws as check_finite does.
Json to_json(const Scores& scores);
// Checks schema, types, row lengths, ids and that numbers are finite. Throws bad_input that names `where` and the key;
// unsupported for another version of the schema.
Scores scores_from_json(const Json& json, std::string_view where);

Scores read_scores(const std::filesystem::path& path);
// Throws bad_input when `path` exists and not `force`, and for a number that is not finite.
void write_scores(const std::filesystem::path& path, const Scores& scores, bool force);

}  // namespace hies::score
