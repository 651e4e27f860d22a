#include "hies/base/job_folder.h"

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "hies/base/error.h"
#include "hies/base/files.h"

namespace hies {
namespace fs = std::filesystem;
namespace {

// Returns whether AtomicFile gives such a name to an unfinished file.
bool is_unfinished(const fs::path& file) {
  const std::string name = file.filename().string();
  return name.starts_with('.') && name.ends_with(".tmp");
}

// Returns the entries of a folder. Throws io.
std::vector<fs::path> entries(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code code;
  for (fs::directory_iterator entry(folder, code); !code && entry != fs::directory_iterator(); entry.increment(code))
    found.push_back(entry->path());
  if (code) io_error("cannot read {}: {}", folder.string(), code.message());
  return found;
}

void check_content(const fs::path& folder, const JobFolder::Job& job) {
  if (is_there(folder / job.marker)) return;
  for (const fs::path& file : entries(folder)) {
    if (is_unfinished(file)) continue;
    throw Error(ErrorKind::bad_input,
                fmt::format("{} is not empty and holds no {}: there is {}", folder.string(), job.noun,
                            printable(file.filename().string())),
                "give an empty or a new directory as `output`");
  }
}

}  // namespace

void remove_unfinished(const fs::path& folder) {
  if (!is_folder(folder)) return;
  for (const fs::path& file : entries(folder)) {
    std::error_code code;
    if (is_unfinished(file) && fs::remove_all(file, code); code) io_error("cannot remove {}: {}", file.string(), code.message());
  }
}

void create_folder(const fs::path& folder) {
  std::error_code code;
  if (!fs::create_directory(folder, code) && code) io_error("cannot create {}: {}", folder.string(), code.message());
}

JobFolder::JobFolder(const fs::path& folder, const Job& job) : folder_(folder) {
  if (is_there(folder_) && !is_folder(folder_)) bad_input("{} is not a directory", folder_.string());
  if (!is_there(folder_)) {
    check_writable(folder_, false);
    create_folder(folder_);
    created_ = true;
  }
  descriptor_ = ::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor_ < 0) io_error("cannot read {}: {}", folder_.string(), std::strerror(errno));
  try {
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) io_error("cannot lock {}: {}", folder_.string(), std::strerror(errno));
      throw Error(ErrorKind::bad_input, fmt::format("another process is {} {}", job.action, folder_.string()),
                  "wait until it has ended, or give another directory as `output`");
    }
    check_content(folder_, job);
    check_writable(folder_ / job.marker, true);
    remove_unfinished(folder_);
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

JobFolder::~JobFolder() {
  if (created_) ::rmdir(folder_.c_str());  // fails where the directory is not empty
  ::close(descriptor_);
}

}  // namespace hies
