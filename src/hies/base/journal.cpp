#include "hies/base/journal.h"

#include <cerrno>
#include <cstring>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

#include "hies/base/error.h"
#include "hies/base/files.h"

namespace hies {
namespace {

[[noreturn]] void journal_failure(std::string_view action, const std::filesystem::path& file, int code) {
  const bool full = code == ENOSPC || code == EDQUOT || code == EFBIG;
  throw Error(ErrorKind::io, fmt::format("cannot {} {}: {}", action, file.string(), std::strerror(code)),
              full ? "the records so far are kept: free some space, then run the same command again to resume" : "");
}

}  // namespace

Journal::Journal(std::filesystem::path file) : file_(std::move(file)) {
  descriptor_ = ::open(file_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor_ < 0) journal_failure("write", file_, errno);
  try {
    const MappedFile mapped(file_);
    const std::string_view text(reinterpret_cast<const char*>(mapped.bytes().data()), mapped.bytes().size());
    std::size_t begin = 0;
    for (std::size_t end = text.find('\n'); end != std::string_view::npos; begin = end + 1, end = text.find('\n', begin))
      lines_.emplace_back(text.substr(begin, end - begin));
    size_ = static_cast<std::int64_t>(begin);
    count_ = static_cast<std::int64_t>(lines_.size());
    if (begin < text.size() && ::ftruncate(descriptor_, size_) != 0) journal_failure("cut the torn line off", file_, errno);
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

Journal::~Journal() { ::close(descriptor_); }

void Journal::append(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) {
    check(line.find('\n') == std::string::npos, "a line of a journal holds no line end");
    text += line;
    text += '\n';
  }
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int code = errno;
      // If this fails, too, the torn line is cut off when the file is opened again.
      [[maybe_unused]] const int ignored = ::ftruncate(descriptor_, size_);
      journal_failure("write", file_, code);
    }
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(descriptor_) != 0 && errno != EINVAL && errno != EROFS) journal_failure("write", file_, errno);
  size_ += static_cast<std::int64_t>(text.size());
  count_ += static_cast<std::int64_t>(lines.size());
}

}  // namespace hies
