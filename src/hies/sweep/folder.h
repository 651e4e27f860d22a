#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "hies/base/job_folder.h"
#include "hies/base/json.h"
#include "hies/base/progress.h"
#include "hies/model/hashes.h"
#include "hies/sweep/options.h"

namespace hies::sweep {

inline constexpr std::string_view kSweepSchema = "hies.sweep/1";
inline constexpr std::string_view kSweepFile = "sweep.json";
inline constexpr std::string_view kSummaryFile = "summary.json";

// Hashes of what a run's results depend on, besides the options.
struct RunIdentity {
  model::ModelHashes model;
  std::string calibration_hash;  // of the rows of every seed
  std::string data_hash;         // data::Dataset::hash
};

// A sweep's directory, locked by this process: no other process can sweep into it at the same time.
class SweepFolder {
 public:
  // Throws what JobFolder throws.
  explicit SweepFolder(const std::filesystem::path& folder);
  const std::filesystem::path& path() const noexcept { return folder_.path(); }

  // Writes sweep.json; where there is one, compares with it instead. Throws bad_input that names the options, the version, the
  // model or the data that differ. Warns of what of the model the file does not state.
  void claim(const SweepConfig& config, const std::vector<RunIdentity>& identities, const std::string& version,
             Progress& progress = silent_progress()) const;

 private:
  JobFolder folder_;
};

// Returns the content of sweep.json.
Json sweep_json(const SweepConfig& config, const std::vector<RunIdentity>& identities, const std::string& version);

}  // namespace hies::sweep
