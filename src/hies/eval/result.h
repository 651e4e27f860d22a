#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hies/base/json.h"
#include "hies/eval/cost.h"
#include "hies/eval/quality.h"
#include "hies/eval/timing.h"

namespace hies::eval {

inline constexpr std::string_view kResultSchema = "hies.result/1";

// What one model achieves on a data set, and what it costs.
struct Measurements {
  std::string path;  // of the checkpoint, for people
  std::string hash;
  std::int64_t heads = 0;      // that take part
  std::optional<double> loss;  // mean over the examples; not set without labels
  Metrics metrics;             // primary first; empty without labels
  Cost cost;
  std::optional<Speed> speed;             // not set when it was not measured
  std::vector<GroupQuality> groups = {};  // of data that is divided: categories, then groups
};

// result.json (docs/formats.md).
struct Result {
  std::string task;
  std::string data_file;  // for people
  std::string data_hash;  // data::Dataset::hash
  std::int64_t examples = 0;
  std::int64_t tokens = 0;
  Measurements model;
  std::optional<Measurements> reference;
  std::optional<double> stability;  // 0 … 1; not set without reference
  std::optional<double> tolerance;  // within which two predicted numbers agree; not set for classes, or without reference
  std::optional<Speedup> speedup;   // against the reference
  Json options = Json::object();    // as resolved
};

// Throws bad_input that names the first number that is not finite.
Json to_json(const Result& result);
// Checks schema, types, ranges, and that numbers are finite. Throws bad_input that names `where` and the key; unsupported for
// another version of the schema.
Result result_from_json(const Json& json, std::string_view where);

// Throws bad_input when `path` exists and not `force`.
void write_result(const std::filesystem::path& path, const Result& result, bool force);

}  // namespace hies::eval
