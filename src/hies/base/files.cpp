#include "hies/base/files.h"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <set>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hies/base/error.h"

namespace hies {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void fail(std::string_view action, const fs::path& path, int code) {
  const char* hint = code == ENOSPC ? "free some space or write to another disk" : code == EACCES ? "check the permissions" : "";
  throw Error(ErrorKind::io, fmt::format("cannot {} {}: {}", action, path.string(), std::strerror(code)), hint);
}

// The temporary files that remove_unfinished_outputs() removes.
struct Unfinished {
  std::mutex mutex;
  std::set<fs::path> paths;
};
Unfinished& unfinished() {
  static auto* all = new Unfinished;  // never destroyed, because it is used while the program exits
  return *all;
}
void remember(const fs::path& path) {
  const std::lock_guard lock(unfinished().mutex);
  unfinished().paths.insert(path);
}
void forget(const fs::path& path) {
  const std::lock_guard lock(unfinished().mutex);
  unfinished().paths.erase(path);
}

// Returns the status of the path, or, by fs::symlink_status, of a link itself. Throws io instead of std::filesystem's exception.
fs::file_status status_of(const fs::path& path, fs::file_status (*read)(const fs::path&, std::error_code&)) {
  std::error_code error;
  const fs::file_status status = read(path, error);
  if (status.type() == fs::file_type::none) fail("read", path, error.value());
  return status;
}
fs::file_status status_of(const fs::path& path) { return status_of(path, fs::status); }

fs::path parent_of(const fs::path& path) {
  const fs::path parent = fs::absolute(path).lexically_normal().parent_path();
  return parent.empty() ? fs::path(".") : parent;
}

fs::path without_trailing_slash(const fs::path& path) { return path.has_filename() ? path : path.parent_path(); }

fs::path temporary_beside(const fs::path& path) {
  static std::atomic<int> counter{0};
  return parent_of(path) / fmt::format(".{}.{}-{}.tmp", path.filename().string(), ::getpid(), counter++);
}

void sync_folder(const fs::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY);
  if (descriptor < 0) return;
  ::fsync(descriptor);  // errors are ignored: some file systems cannot
  ::close(descriptor);
}

bool has_file_with(const fs::path& folder, std::string_view extension) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (entry.path().extension() == extension) return true;
  return false;
}

// Returns true if a folder is empty, a checkpoint or an exported one.
bool may_be_replaced(const fs::path& path) {
  if (!is_folder(path)) return false;
  std::error_code error;
  if (fs::is_empty(path, error)) return true;
  // Other projects have a config.json as well, so weights are required too.
  const bool weights = has_file_with(path, ".safetensors") || has_file_with(path / "onnx", ".onnx");
  return weights && is_there(path / "config.json");
}

void refuse_existing(const fs::path& path) {
  throw Error(ErrorKind::bad_input, fmt::format("{} exists already", path.string()),
              "use `force` to overwrite it, or choose another name");
}

}  // namespace

bool is_there(const fs::path& path) { return fs::exists(status_of(path)); }
bool is_folder(const fs::path& path) { return fs::is_directory(status_of(path)); }

MappedFile::MappedFile(fs::path path) : path_(std::move(path)) {
  const int descriptor = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) fail("read", path_, errno);
  struct stat status {};
  if (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(descriptor);
    io_error("cannot read {}: not a regular file", path_.string());
  }
  size_ = static_cast<std::size_t>(status.st_size);
  if (size_ > 0) {
    void* address = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor, 0);
    const int code = errno;
    ::close(descriptor);
    if (address == MAP_FAILED) fail("map", path_, code);
    data_ = static_cast<const std::byte*>(address);
  } else {
    ::close(descriptor);
  }
}

void MappedFile::set_aside(std::span<const std::byte> part) const noexcept {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const auto offset = static_cast<std::size_t>(part.data() - data_);
  const std::size_t first = (offset + page - 1) / page * page, end = (offset + part.size()) / page * page;  // whole pages inside
  // Only advice: a failure does no harm.
  if (first < end) ::madvise(const_cast<std::byte*>(data_ + first), end - first, MADV_DONTNEED);
}

void MappedFile::read_ahead(std::span<const std::byte> part) const noexcept {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const auto offset = static_cast<std::size_t>(part.data() - data_);
  const std::size_t first = offset / page * page;
  ::madvise(const_cast<std::byte*>(data_ + first), offset + part.size() - first, MADV_WILLNEED);  // only advice
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}
MappedFile::MappedFile(MappedFile&& other) noexcept
    : path_(std::move(other.path_)), data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

std::string read_file(const fs::path& path) {
  const MappedFile file(path);
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

void check_writable(const fs::path& path, bool force) {
  const fs::path target = without_trailing_slash(path);
  if (!force && fs::exists(status_of(target, fs::symlink_status))) refuse_existing(target);
  const fs::path parent = parent_of(target);
  if (!is_folder(parent))
    throw Error(ErrorKind::io, fmt::format("cannot write {}: {} is not a directory", path.string(), parent.string()),
                "create it first");
  if (::access(parent.c_str(), W_OK) != 0) fail("write", path, errno);
}

AtomicFile::AtomicFile(fs::path path, bool force) : path_(std::move(path)) {
  check_writable(path_, force);
  if (const fs::file_status there = status_of(path_); fs::exists(there) && !fs::is_regular_file(there))
    throw Error(ErrorKind::bad_input,
                fmt::format("{} is {}", path_.string(), fs::is_directory(there) ? "a directory" : "a device, not a file"),
                "give the name of a file");
  temporary_ = temporary_beside(path_);
  descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail("write", path_, errno);
  remember(temporary_);
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) {
    ::unlink(temporary_.c_str());
    forget(temporary_);
  }
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("write", path_, errno);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    written_ += written;
  }
  // Starts writing to the disk now instead of when commit() waits for it, so that a large file is written while it is produced.
  if (constexpr std::int64_t kFlushBytes = 32 << 20; written_ - flushed_ >= kFlushBytes) {
    ::sync_file_range(descriptor_, flushed_, written_ - flushed_, SYNC_FILE_RANGE_WRITE);  // only advice
    flushed_ = written_;
  }
}

void AtomicFile::commit() {
  if (::fsync(descriptor_) != 0 && errno != EINVAL && errno != EROFS) fail("write", path_, errno);
  if (::close(std::exchange(descriptor_, -1)) != 0) fail("write", path_, errno);
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail("write", path_, errno);
  forget(std::exchange(temporary_, {}));
  sync_folder(parent_of(path_));
}

void write_file(const fs::path& path, std::string_view text, bool force) {
  AtomicFile file(path, force);
  file.write(text);
  file.commit();
}

AtomicDirectory::AtomicDirectory(const fs::path& path, bool force) : path_(without_trailing_slash(path)) {
  check_writable(path_, force);
  if (is_there(path_) && !may_be_replaced(path_))
    throw Error(ErrorKind::bad_input, fmt::format("{} exists and is not a checkpoint directory", path_.string()),
                "`force` replaces only an empty directory, or one with a config.json and safetensors or an ONNX model");
  temporary_ = temporary_beside(path_);
  if (::mkdir(temporary_.c_str(), 0777) != 0) fail("create", path_, errno);
  remember(temporary_);
}

AtomicDirectory::~AtomicDirectory() {
  std::error_code ignored;
  fs::remove_all(temporary_, ignored);
  forget(temporary_);
}

void AtomicDirectory::commit() {
  sync_folder(temporary_);
  if (is_there(path_)) {
    // An exchange, so that `path_` is a complete directory at any time; the destructor removes the old one.
    if (::renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, path_.c_str(), RENAME_EXCHANGE) != 0) {
      const fs::path aside = temporary_beside(path_);
      if (::rename(path_.c_str(), aside.c_str()) != 0) fail("replace", path_, errno);
      if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
        const int code = errno;
        ::rename(aside.c_str(), path_.c_str());
        fail("replace", path_, code);
      }
      std::error_code ignored;
      fs::remove_all(aside, ignored);
    }
  } else if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
    fail("create", path_, errno);
  }
  sync_folder(parent_of(path_));
}

void remove_unfinished_outputs() noexcept {
  const std::lock_guard lock(unfinished().mutex);
  for (const fs::path& path : unfinished().paths) {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  unfinished().paths.clear();
}

}  // namespace hies
