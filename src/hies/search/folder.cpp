#include "hies/search/folder.h"

#include <fmt/ranges.h>

#include "hies/base/error.h"
#include "hies/base/fields.h"
#include "hies/base/files.h"
#include "hies/base/json_node.h"

namespace hies::search {
namespace {

constexpr std::string_view kSchema = "hies.search/1";
constexpr std::string_view kOtherFolder = "give another directory as `output`, or the same options to resume this search";

std::string shown(const Json& value) { return printable(value.is_string() ? value.get<std::string>() : compact(value), 60); }

Json identity(const data::Dataset& rows) { return {{"examples", rows.size()}, {"hash", rows.hash}}; }

}  // namespace

Json search_json(const SearchRequest& request, const model::ModelHashes& model, const SearchRows& rows) {
  Json json = {{"schema", kSchema}, {"hies", request.version}, {"model", {{"path", request.model.string()}}}};
  model::put_hashes(json["model"], model);
  json["task"] = request.task;
  json["calibration"] = {
      {"file", request.calibration.string()}, {"objective", identity(rows.objective)}, {"choice", identity(rows.choice)}};
  Json& options = json["options"];
  for (const Json& part : {options_json(request.load), options_json(request.score), options_json(request.method),
                           options_json(request.budget), options_json(request.search)})
    options.update(part);
  options["refit"] = request.refit.refit;
  options["damping"] = or_null(request.refit.damping);
  options["dtype"] = request.execution.dtype;
  options.erase("minutes");  // how long a process searches changes no value
  return json;
}

void claim(const JobFolder& folder, const Json& mine) {
  const std::filesystem::path file = folder.path() / kSearchFile;
  if (!is_there(file)) return write_file(file, pretty(mine), false);
  const Json stored = read_json(file);
  const std::string where = file.string();
  const JsonNode root(stored, where);
  check_schema(root, kSchema, where, std::string(kOtherFolder), std::string(kOtherFolder));
  std::vector<std::string> differences;
  const auto compare = [&](std::string_view name, const Json& before, const Json& now) {
    if (before != now) differences.push_back(fmt::format("{} was {} and is {}", name, shown(before), shown(now)));
  };
  compare("the version of hies", stored.value("hies", Json()), mine["hies"]);
  compare("`task`", stored.value("task", Json()), mine["task"]);
  for (const auto& [name, value] : mine["options"].items())
    compare(fmt::format("`{}`", name), root.member("options").object().value(name, Json()), value);
  for (const std::string_view name : {"weights", "config", "inputs"})
    compare(fmt::format("the model's hash of its {}", name), root.member("model").object().value(name, Json()),
            mine["model"][name]);
  for (const std::string_view name : {"objective", "choice"}) {
    const Json before = root.member("calibration").object().value(name, Json::object()), &now = mine["calibration"][name];
    compare(fmt::format("the hash of the {} rows", name), before.value("hash", Json()), now["hash"]);
  }
  if (!differences.empty())
    throw Error(ErrorKind::bad_input,
                fmt::format("{} holds another search: {}", folder.path().string(), fmt::join(differences, "; ")),
                std::string(kOtherFolder));
}

}  // namespace hies::search
