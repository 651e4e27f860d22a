#include "hies/sweep/folder.h"

#include <utility>

#include <fmt/ranges.h>

#include "hies/base/error.h"
#include "hies/base/fields.h"
#include "hies/base/files.h"
#include "hies/base/json_node.h"
#include "hies/evidence/records.h"

namespace hies::sweep {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kOtherFolder = "give another directory as `output`, or run the same command to resume this one";

// Returns an option's value as messages show it.
std::string shown(const Json& value) { return printable(value.is_string() ? value.get<std::string>() : compact(value), 60); }

void compare_options(const Json& stored, const Json& mine, const fs::path& folder) {
  std::vector<std::string> differences;
  for (const auto& [name, value] : mine.items()) {
    if (name == "schema" || name == "hies" || name == "runs") continue;
    const Json before = stored.value(name, Json());
    if (before != value) differences.push_back(fmt::format("`{}` was {} and is {}", name, shown(before), shown(value)));
  }
  if (!differences.empty())
    throw Error(ErrorKind::bad_input,
                fmt::format("{} holds a sweep with other options: {}", folder.string(), fmt::join(differences, "; ")),
                std::string(kOtherFolder));
}

// Compares a member of a run that must be the same.
void compare_member(const JsonNode& stored, const Json& mine, std::string_view name, std::string_view what,
                    const fs::path& folder) {
  const std::string key(name), before = stored.member(name).text();
  if (before == mine[key]) return;
  throw Error(ErrorKind::bad_input,
              fmt::format("{} holds a sweep of {} in run {}: {} was {} and is {}", folder.string(), what, shown(mine["name"]),
                          name, shown(before), shown(mine[key])),
              std::string(kOtherFolder));
}

// sweep.json of earlier versions states the weights alone.
void compare_models(const JsonNode& stored, const Json& mine, const fs::path& folder, Progress& progress) {
  compare_member(stored, mine, "model_hash", "another model", folder);
  for (const auto& [name, what] : {std::pair{"config_hash", "a model with another config.json"},
                                   std::pair{"inputs_hash", "a model with another tokenizer or image processor"}}) {
    if (stored.holds(name) && !mine[name].is_null()) compare_member(stored, mine, name, what, folder);
    else if (stored.holds(name) == mine[name].is_null())
      progress.warn(fmt::format("{}: run {} does not state its {}, which may be another than this one's", folder.string(),
                                shown(mine["name"]), name));
  }
}

void compare_runs(const JsonNode& stored, const Json& mine, const fs::path& folder, Progress& progress) {
  if (stored.list_size() != mine.size())
    throw Error(ErrorKind::bad_input,
                fmt::format("{} holds a sweep of {} runs, but this one has {}", folder.string(), stored.list_size(), mine.size()),
                std::string(kOtherFolder));
  stored.each(mine.size(), "runs", [&](std::size_t i, const JsonNode& run) {
    compare_member(run, mine[i], "name", "another name", folder);
    compare_member(run, mine[i], "task", "another task", folder);
    compare_models(run, mine[i], folder, progress);
    compare_member(run, mine[i], "calibration_hash", "other calibration data", folder);
    compare_member(run, mine[i], "data_hash", "other evaluation data", folder);
  });
}

}  // namespace

SweepFolder::SweepFolder(const fs::path& folder) : folder_(folder, {"sweep", "sweeping into", kSweepFile}) {
  for (const std::string_view part : {"scores", "tables"}) remove_unfinished(folder_.path() / part);
}

void SweepFolder::claim(const SweepConfig& config, const std::vector<RunIdentity>& identities, const std::string& version,
                        Progress& progress) const {
  const Json mine = sweep_json(config, identities, version);
  const fs::path file = folder_.path() / kSweepFile;
  if (!is_there(file)) {
    write_file(file, pretty(mine), false);
  } else {
    const Json stored = read_json(file);
    const std::string where = file.string();
    const JsonNode root(stored, where);
    check_schema(root, kSweepSchema, where, std::string(kOtherFolder), std::string(kOtherFolder));
    const std::string before = root.member("hies").text();
    if (before != version)
      throw Error(ErrorKind::bad_input,
                  fmt::format("{} holds a sweep of hies {}, but this is {}", folder_.path().string(), printable(before), version),
                  "resume it with that version, or give another directory as `output`");
    compare_options(stored, mine, folder_.path());
    compare_runs(root.member("runs"), mine["runs"], folder_.path(), progress);
  }
  create_folder(folder_.path() / "scores");
}

Json sweep_json(const SweepConfig& config, const std::vector<RunIdentity>& identities, const std::string& version) {
  check(config.runs.size() == identities.size(), "one identity per run");
  Json json = {{"schema", kSweepSchema}, {"hies", version}};
  Json runs = Json::array();
  for (std::size_t i = 0; i < config.runs.size(); ++i) {
    const SweepRun& run = config.runs[i];
    runs.push_back({{"name", run.name},
                    {"model", run.model.string()},
                    {"task", run.task},
                    {"calib", run.calib.string()},
                    {"data", run.data.string()},
                    {"model_hash", identities[i].model.weights},
                    {"config_hash", or_null(identities[i].model.config)},
                    {"inputs_hash", or_null(identities[i].model.inputs)},
                    {"calibration_hash", identities[i].calibration_hash},
                    {"data_hash", identities[i].data_hash}});
  }
  json["runs"] = std::move(runs);
  json.update(options_json(config.options));
  return json;
}

}  // namespace hies::sweep
