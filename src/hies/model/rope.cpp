#include "hies/model/rope.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "hies/base/error.h"

namespace hies::model {
namespace {

RopeKind parse_kind(const std::string& name, std::string_view where) {
  if (name == "default") return RopeKind::standard;
  if (name == "linear") return RopeKind::linear;
  if (name == "dynamic") return RopeKind::dynamic;
  if (name == "llama3") return RopeKind::llama3;
  if (name == "yarn") return RopeKind::yarn;
  throw Error(ErrorKind::unsupported, fmt::format("{}: rope_type '{}' is not supported", where, printable(name)),
              "known: default, linear, dynamic, llama3, yarn");
}

double positive(std::string_view key, double value, std::string_view where) {
  if (!(value > 0) || !std::isfinite(value)) bad_input("{}: {} is {}, but it must be positive", where, key, value);
  return value;
}

double require_positive(const Json& parameters, std::string_view key, std::string_view where) {
  return positive(key, require<double>(parameters, key, where), where);
}

// How much a softmax over stretched positions is sharpened (Peng et al. 2023, YaRN).
double sharpening(double scale, double mscale) { return scale <= 1 ? 1.0 : 0.1 * mscale * std::log(scale) + 1.0; }

double yarn_attention_factor(const Json& parameters, double factor, std::string_view where) {
  const double mscale = value_or<double>(parameters, "mscale", 0, where);
  const double all = value_or<double>(parameters, "mscale_all_dim", 0, where);
  const double inferred = mscale != 0 && all != 0 ? sharpening(factor, mscale) / sharpening(factor, all) : sharpening(factor, 1);
  return positive("attention_factor", value_or<double>(parameters, "attention_factor", inferred, where), where);
}

// The object that holds the scaling, or null.
const Json* scaling_of(const Json& config, std::string_view where) {
  for (const char* key : {"rope_scaling", "rope_parameters"}) {
    const Json* found = find_member(config, key, where);
    if (found == nullptr || found->is_null()) continue;
    if (!found->is_object()) json_type_error(*found, key, "an object", where);
    if (!found->empty()) return found;
  }
  return nullptr;
}

}  // namespace

Rope parse_rope(const Json& config, std::string_view where, int positions) {
  static const Json nothing = Json::object();
  const Json* found = scaling_of(config, where);
  const Json& parameters = found == nullptr ? nothing : *found;
  Rope rope;
  const auto old_name = value_or<std::string>(parameters, "type", "default", where);
  rope.kind = parse_kind(value_or<std::string>(parameters, "rope_type", old_name, where), where);
  rope.theta = value_or<double>(parameters, "rope_theta", value_or<double>(config, "rope_theta", 10000, where), where);
  positive("rope_theta", rope.theta, where);
  const double part =
      value_or<double>(parameters, "partial_rotary_factor", value_or<double>(config, "partial_rotary_factor", 1, where), where);
  if (part != 1) unsupported("{}: partial_rotary_factor {} is not supported (1 is)", where, part);
  if (rope.kind == RopeKind::standard) return rope;

  rope.original_positions = positions;
  if (rope.kind == RopeKind::llama3 || rope.kind == RopeKind::yarn) {
    const double inside = value_or<double>(parameters, "original_max_position_embeddings", positions, where);
    rope.original_positions = value_or<double>(config, "original_max_position_embeddings", inside, where);
    positive("original_max_position_embeddings", rope.original_positions, where);
  }
  rope.factor = rope.kind == RopeKind::yarn && value_or<double>(parameters, "factor", 0, where) == 0
                    ? positions / rope.original_positions
                    : require_positive(parameters, "factor", where);
  if (rope.kind == RopeKind::llama3) {
    rope.low_freq_factor = require_positive(parameters, "low_freq_factor", where);
    rope.high_freq_factor = require_positive(parameters, "high_freq_factor", where);
    if (rope.high_freq_factor == rope.low_freq_factor)
      bad_input("{}: low_freq_factor and high_freq_factor are both {}", where, rope.low_freq_factor);
  }
  if (rope.kind == RopeKind::yarn) {
    rope.attention_factor = yarn_attention_factor(parameters, rope.factor, where);
    // transformers takes a 0 for nothing said.
    const auto or_default = [](double value, double fallback) { return value == 0 ? fallback : value; };
    rope.beta_fast = positive("beta_fast", or_default(value_or<double>(parameters, "beta_fast", 32, where), 32), where);
    rope.beta_slow = positive("beta_slow", or_default(value_or<double>(parameters, "beta_slow", 1, where), 1), where);
    rope.truncate = value_or<bool>(parameters, "truncate", true, where);
  }
  return rope;
}

int stretched_positions(const Rope& rope, int positions) {
  if (rope.kind != RopeKind::linear && rope.kind != RopeKind::dynamic) return positions;
  return static_cast<int>(std::min(positions * std::max(rope.factor, 1.0), 1073741824.0));
}

}  // namespace hies::model
