#pragma once

#include <filesystem>
#include <string>
#include <vector>

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
  // Creates the directory where there is none and takes the lock, which the operating system releases when the process ends.
  // Removes unfinished files of an earlier process. The destructor removes a directory that it has created if it is still empty.
  // Throws bad_input when another process holds the lock, and for a directory with other things in it; io when it cannot be
  // created or written.
  explicit SweepFolder(const std::filesystem::path& folder);
  ~SweepFolder();
  SweepFolder(const SweepFolder&) = delete;
  SweepFolder& operator=(const SweepFolder&) = delete;

  const std::filesystem::path& path() const noexcept { return folder_; }

  // Writes sweep.json; where there is one, compares with it instead. Throws bad_input that names the options, the version, the
  // model or the data that differ. Warns of what of the model the file does not state.
  void claim(const SweepConfig& config, const std::vector<RunIdentity>& identities, const std::string& version,
             Progress& progress = silent_progress()) const;

 private:
  std::filesystem::path folder_;
  int descriptor_ = -1;
  bool created_ = false;
};

// Returns the content of sweep.json.
Json sweep_json(const SweepConfig& config, const std::vector<RunIdentity>& identities, const std::string& version);

}  // namespace hies::sweep
