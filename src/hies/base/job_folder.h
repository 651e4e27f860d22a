#pragma once

#include <filesystem>
#include <string_view>

namespace hies {

// A directory that one kind of job fills over time and resumes from, locked by this process: no other process can do that job in it at
// the same time.
class JobFolder {
 public:
  struct Job {
    std::string_view noun;    // "sweep"
    std::string_view action;  // "sweeping into": what another process does that holds the lock
    std::string_view marker;  // the file that every directory of such a job holds
  };

  // Creates the directory where there is none and takes the lock, which the operating system releases when the process ends. Removes
  // unfinished files of an earlier process. The destructor removes a directory that it has created if it is still empty. Throws
  // bad_input when another process holds the lock, and for a directory with other things in it; io when it cannot be created or written.
  JobFolder(const std::filesystem::path& folder, const Job& job);
  ~JobFolder();
  JobFolder(const JobFolder&) = delete;
  JobFolder& operator=(const JobFolder&) = delete;

  const std::filesystem::path& path() const noexcept { return folder_; }

 private:
  std::filesystem::path folder_;
  int descriptor_ = -1;
  bool created_ = false;
};

// Creates a folder where there is none. Throws io.
void create_folder(const std::filesystem::path& folder);
// Removes what an AtomicFile or AtomicDirectory of an earlier process has left unfinished in a folder, if there is one. Throws io.
void remove_unfinished(const std::filesystem::path& folder);

}  // namespace hies
