#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "hies/base/json.h"
#include "hies/model/hashes.h"
#include "hies/model/unit_set.h"

namespace hies::prune {

inline constexpr std::string_view kPlanSchema = "hies.plan/2";

// plan.json (docs/formats.md): which units are to be removed. Schema, model, units and removed bind; the rest is information, so that
// plans may be edited by hand. Indices are those of the original model.
struct Plan {
  model::ModelHashes model;           // of the checkpoint that the plan is for
  std::string units = "head";         // model::unit_name: which heads were removed together
  model::UnitSet removed;             // by this plan
  Json information = Json::object();  // budget, ratio reached, parameters and FLOPs saved, …: nothing reads it

  std::int64_t removed_count() const noexcept { return removed.count(); }
};

// Returns the members that bind, then the information in its order.
Json to_json(const Plan& plan);
// Reads versions 1 and 2. Units may be in any order. Throws bad_input that names `where` and the key; unsupported for another version
// of the schema or other units.
Plan plan_from_json(const Json& json, std::string_view where);
Plan read_plan(const std::filesystem::path& path);
// Throws bad_input when `path` exists and not `force`.
void write_plan(const std::filesystem::path& path, const Plan& plan, bool force);

// Throws bad_input when the plan is of another model, names a layer or unit that does not exist or is already removed, or takes a part
// of what its units say is removed together. Warns as model::check_same_model does.
void check_plan(const Plan& plan, const model::ModelHashes& model, const model::Layout& layout, std::string_view where,
                Progress& progress = silent_progress());

// Returns 0 for each removed unit, 1 for the others of its site: masks the units of a model that still has them. Throws as check_plan
// does for units.
model::Gates gates(const Plan& plan, const model::Layout& layout);
// Returns what is left (remaining.h), padding included. Throws as check_plan does for units.
model::Layout pruned_layout(const Plan& plan, const model::Layout& layout);

}  // namespace hies::prune
