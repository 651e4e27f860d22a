#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "hies/base/json.h"
#include "hies/sweep/options.h"

namespace hies::sweep {

inline constexpr std::string_view kSweepSchema = "hies.sweep/1";
inline constexpr std::string_view kSweepFile = "sweep.json";
inline constexpr std::string_view kSummaryFile = "summary.json";

// What a run's numbers follow from, beside the options.
struct RunIdentity {
  std::string model_hash;
  std::string calibration_hash;  // of the rows of every seed
  std::string data_hash;         // data::Dataset::hash
};

// A sweep's directory, held by this process: no other can sweep into it meanwhile.
class SweepFolder {
 public:
  // Creates the directory where there is none, and takes the lock, which ends with the process however that ends. Removes what an
  // earlier process left half written. A directory that it has created is gone again when nothing was put into it. Throws
  // bad_input when another process holds the lock, and for a directory with other things in it; io when it cannot be created or
  // written.
  explicit SweepFolder(const std::filesystem::path& folder);
  ~SweepFolder();
  SweepFolder(const SweepFolder&) = delete;
  SweepFolder& operator=(const SweepFolder&) = delete;

  const std::filesystem::path& path() const noexcept { return folder_; }

  // Writes sweep.json; where there is one, compares instead. Throws bad_input that names the options, the version or the model and
  // data that differ.
  void claim(const SweepConfig& config, const std::vector<RunIdentity>& identities, const std::string& version) const;

 private:
  std::filesystem::path folder_;
  int descriptor_ = -1;
  bool created_ = false;
};

// sweep.json.
Json sweep_json(const SweepConfig& config, const std::vector<RunIdentity>& identities, const std::string& version);

}  // namespace hies::sweep
