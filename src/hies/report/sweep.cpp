#include "hies/report/sweep.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <system_error>

#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/base/json_node.h"
#include "hies/sweep/folder.h"

namespace hies::report {
namespace {

namespace fs = std::filesystem;

const sweep::SweepRun* find_run(const sweep::SweepConfig& config, const std::string& name) {
  const auto found = std::find_if(config.runs.begin(), config.runs.end(), [&](const auto& run) { return run.name == name; });
  return found == config.runs.end() ? nullptr : &*found;
}

void check_folder(const fs::path& folder) {
  if (!is_there(folder)) io_error("{}: there is no such folder", folder.string());
  if (!is_folder(folder)) bad_input("{} is a file, but a sweep is a folder", folder.string());
  for (const std::string_view file : {sweep::kSweepFile, evidence::kRecordsFile})
    if (!is_there(folder / file))
      throw Error(ErrorKind::bad_input, fmt::format("{}: no sweep is in this folder: it has no {}", folder.string(), file),
                  "give the folder that `hies sweep -o` or `hies explain -o` wrote");
}

sweep::SweepConfig read_sweep_config(const fs::path& file) {
  const std::string where = file.string();
  const Json json = read_json(file);
  check_schema(JsonNode(json, where), sweep::kSweepSchema, where, "run the sweep again with this version",
               "give the folder of a sweep");
  sweep::SweepConfig config;
  sweep::read_config(json, where, config);
  return config;
}

bool ends_torn(const fs::path& file) {
  const MappedFile mapped(file);
  return !mapped.bytes().empty() && mapped.bytes().back() != std::byte{'\n'};
}

// Returns what makes two models different, "the weights are … and …"; empty: nothing does.
std::string difference(const model::ModelHashes& a, const model::ModelHashes& b) {
  if (a.weights != b.weights) return fmt::format("the weights are {} and {}", printable(a.weights), printable(b.weights));
  const std::string_view part = model::differing_part(a, b);
  return part.empty() ? std::string() : fmt::format("{} is not the same", part);
}

void check_records(const Sweep& sweep) {
  const std::string file = (sweep.folder / evidence::kRecordsFile).string();
  if (sweep.records.empty())
    throw Error(ErrorKind::bad_input, fmt::format("{}: no records are in it", file),
                "the sweep was stopped before its first masks were done: run the same command to resume it");
  std::map<std::string, const evidence::Record*> unpruned;
  for (const evidence::Record& record : sweep.records) {
    if (record.is_unpruned()) unpruned.emplace(record.key.run, &record);
    const auto first = unpruned.find(record.key.run);
    if (first == unpruned.end())
      bad_input("{}: run '{}' has no record of the unpruned model before its others", file, printable(record.key.run));
    if (const std::string differs = difference(record.key.model, first->second->key.model); !differs.empty())
      throw Error(ErrorKind::bad_input,
                  fmt::format("{}: run '{}' has records of two models: {}", file, printable(record.key.run), differs),
                  "records of different models belong into different folders");
    if (record.key.task != first->second->key.task)
      bad_input("{}: run '{}' has records of two tasks, {} and {}", file, printable(record.key.run), first->second->key.task,
                printable(record.key.task));
  }
  for (const auto& [name, record] : unpruned)
    if (find_run(sweep.config, name) == nullptr) bad_input("{}: run '{}' is not in sweep.json", file, printable(name));
}

void check_scores(const Sweep& sweep) {
  std::set<std::string> seen;
  for (const evidence::Record& record : sweep.records) {
    for (const std::string& file : {record.key.scores, record.measured.bound.scores}) {
      const auto found = sweep.scores.find(file);
      if (found == sweep.scores.end() || !seen.insert(file + record.key.run).second) continue;
      if (const std::string differs = difference(found->second.model_info.hashes, record.key.model); !differs.empty())
        bad_input("{}: the scores are of another model than run '{}': {}", (sweep.folder / file).string(),
                  printable(record.key.run), differs);
    }
  }
}

}  // namespace

const sweep::SweepRun& Sweep::run(const std::string& name) const {
  const sweep::SweepRun* found = find_run(config, name);
  check(found != nullptr, "every record's run is in sweep.json");
  return *found;
}

evidence::TableOptions Sweep::table_options() const {
  evidence::TableOptions options;
  options.examples = config.options.examples;
  return options;
}

Sweep read_sweep(const fs::path& folder) {
  check_folder(folder);
  Sweep sweep{
      folder, read_sweep_config(folder / sweep::kSweepFile), evidence::read_records(folder / evidence::kRecordsFile), {}, {}};
  check_records(sweep);
  sweep.scores = evidence::read_scores_files(folder, sweep.records, sweep.table_options());
  check_scores(sweep);
  if (ends_torn(folder / evidence::kRecordsFile))
    sweep.notes.emplace_back("The last record was not written to its end and is left out.");
  if (!is_there(folder / sweep::kSummaryFile)) sweep.notes.emplace_back("The sweep is not finished: cells are missing.");
  return sweep;
}

fs::path real_place(const fs::path& folder) {
  std::error_code failure;
  const fs::path real = fs::canonical(folder, failure);
  return failure ? folder : real;
}

void check_distinct(std::span<const Sweep> sweeps) {
  std::set<fs::path> places;
  for (const Sweep& sweep : sweeps)
    if (!places.insert(real_place(sweep.folder)).second) bad_input("{} is given twice", sweep.folder.string());
}

}  // namespace hies::report
