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
#include "hies/model/hashes.h"
#include "hies/model/unit_table.h"

namespace hies::score {

inline constexpr std::string_view kScoresSchema = "hies.scores/2";

// scores.json (docs/formats.md): raw scores of every present unit, and all that a plan needs to know of the model.
struct Scores {
  struct ModelInfo {
    std::string path;  // for people; `hashes` bind
    std::string model_type;
    model::ModelHashes hashes;
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
    double tokens = 0;                                   // sequence length that FLOPs are for
    std::map<model::Site, model::UnitCost> per_unit;     // of one unit of each site
    std::map<model::Site, model::UnitCost> per_kv_head;  // of one KV head of each attention site
  };

  ModelInfo model_info;
  Json options = Json::object();  // as resolved
  Calibration calibration;
  model::Layout layout;  // files of version 1 know attention sites only
  Cost cost;
  // By the names that the registry of statistics gives (statistics/statistic.h): raw values, finite.
  std::map<std::string, model::UnitTable<double>, std::less<>> tables;
  std::map<std::string, std::map<model::Site, double>, std::less<>> site_values;
  std::map<std::string, double, std::less<>> constants;
  std::map<std::string, double> timings;  // …_ms; the only part that differs between equal runs

  // Returns whether all is there that the statistic of that name gives.
  bool has(std::string_view statistic) const;
  // Throw bad_input for what is not there.
  const model::UnitTable<double>& table(std::string_view name) const;
  double site_value(std::string_view name, model::Site site) const;
  double constant(std::string_view name) const;
  // Return one entry for each present unit, or each present KV head, of the sites that have a cost.
  model::UnitTable<model::UnitCost> unit_costs() const;
  model::UnitTable<model::UnitCost> kv_head_costs() const;
};

// Throws bad_input that names the first score that is NaN or infinite.
void check_finite(const Scores& scores);

// Throws as check_finite does.
Json to_json(const Scores& scores);
// Reads versions 1 and 2. Checks schema, types, row lengths, ids and that numbers are finite. Throws bad_input that names `where` and
// the key; unsupported for another version of the schema.
Scores scores_from_json(const Json& json, std::string_view where);

// Reads the file and, where it names one, that of the neurons' tables beside it. Throws as scores_from_json does, and bad_input for a
// file of neurons that is not the one that was written with it.
Scores read_scores(const std::filesystem::path& path);
// Tables of neurons, which are large, go to NAME.neurons.safetensors beside NAME.json, and are written first. Throws bad_input when a
// file exists and not `force`, and for a number that is not finite.
void write_scores(const std::filesystem::path& path, const Scores& scores, bool force);

}  // namespace hies::score
