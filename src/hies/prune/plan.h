#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "hies/base/json.h"
#include "hies/model/heads.h"

namespace hies::prune {

inline constexpr std::string_view kPlanSchema = "hies.plan/1";

// plan.json (docs/formats.md): which heads are to be removed. Schema, model hash, units and pruned bind; the rest is information,
// so that plans may be edited by hand. Indices are those of the original model, ascending.
struct Plan {
  std::string model_hash;                  // of the checkpoint that the plan is for
  std::string units = "head";              // model::unit_name: what went as a whole
  std::map<int, std::vector<int>> pruned;  // by layer: query heads that this plan removes; layers that lose none are absent
  Json information = Json::object();       // pruned_kv, budget, ratio reached, parameters and FLOPs saved, …: nothing reads it

  int pruned_count() const noexcept;
};

// The members that bind, then the information in its order.
Json to_json(const Plan& plan);
// Lists may be in any order. Throws bad_input that names `where` and the key; unsupported for another version of the schema or
// other units.
Plan plan_from_json(const Json& json, std::string_view where);
Plan read_plan(const std::filesystem::path& path);
// Throws bad_input when `path` exists and not `force`.
void write_plan(const std::filesystem::path& path, const Plan& plan, bool force);

// Throws bad_input when the plan is of another model, names a layer or head that does not exist or is already gone, or takes a part
// of what its units say go as a whole.
void check_plan(const Plan& plan, const std::string& model_hash, const model::HeadLayout& layout, std::string_view where);

// 0 for each removed head, 1 for the others: masks the heads of a model that still has them. Throws as check_plan does for heads.
model::HeadGates gates(const Plan& plan, const model::HeadLayout& layout);
// What is left (left_heads.h), dead heads included. Throws as check_plan does for heads.
model::HeadLayout pruned_layout(const Plan& plan, const model::HeadLayout& layout);

}  // namespace hies::prune
