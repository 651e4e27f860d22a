#include "hies/data/images/archive.h"

#include <array>
#include <memory>

#include <archive.h>
#include <archive_entry.h>

#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/base/progress.h"

namespace hies::data {
namespace {

using Handle = std::unique_ptr<::archive, decltype(&::archive_read_free)>;

[[noreturn]] void damaged(const std::filesystem::path& file, ::archive* handle) {
  const char* why = ::archive_error_string(handle);
  bad_input("{}: not a readable archive: {}", file.string(), printable(why == nullptr ? "unknown format" : why, 200));
}

Handle open(const std::filesystem::path& file, int (*support)(::archive*)) {
  const MappedFile exists(file);  // says what is wrong where it does not
  Handle handle(::archive_read_new(), ::archive_read_free);
  check(handle != nullptr, "no memory for an archive");
  ::archive_read_support_filter_all(handle.get());
  support(handle.get());
  if (::archive_read_open_filename(handle.get(), file.c_str(), 1 << 18) != ARCHIVE_OK) damaged(file, handle.get());
  return handle;
}

std::string read_entry(const std::filesystem::path& file, ::archive* handle, std::size_t most_bytes) {
  std::string content;
  std::array<char, 1 << 16> piece;
  while (true) {
    const la_ssize_t count = ::archive_read_data(handle, piece.data(), piece.size());
    if (count < 0) damaged(file, handle);
    if (count == 0) return content;
    if (content.size() + static_cast<std::size_t>(count) > most_bytes)
      throw Error(ErrorKind::bad_input,
                  fmt::format("{}: a file in it has more than {} bytes when it is unpacked", file.string(), most_bytes),
                  "if that is right, unpack it first");
    content.append(piece.data(), static_cast<std::size_t>(count));
  }
}

bool leaves(const std::filesystem::path& path) {
  if (path.is_absolute()) return true;
  for (const std::filesystem::path& part : path)
    if (part == "..") return true;
  return false;
}

std::string clean(const std::filesystem::path& path) {
  std::string text = path.lexically_normal().generic_string();
  if (text.ends_with('/')) text.pop_back();
  return text == "." ? "" : text;
}

}  // namespace

void visit_archive(const std::filesystem::path& file, const std::function<void(const ArchiveEntry&)>& visit,
                   std::size_t most_bytes) {
  const Handle handle = open(file, ::archive_read_support_format_tar);
  ::archive_entry* entry = nullptr;
  for (int result = 0; (result = ::archive_read_next_header(handle.get(), &entry)) != ARCHIVE_EOF;) {
    if (result < ARCHIVE_WARN) damaged(file, handle.get());
    Progress::throw_if_cancelled();
    const char* name = ::archive_entry_pathname(entry);
    const std::filesystem::path path = name == nullptr ? "" : name;
    if (leaves(path)) bad_input("{}: the path '{}' leaves the archive", file.string(), printable(path.string()));
    const auto type = ::archive_entry_filetype(entry);
    const bool link = ::archive_entry_hardlink(entry) != nullptr || ::archive_entry_symlink(entry) != nullptr;
    if (link || (type != AE_IFREG && type != AE_IFDIR))
      throw Error(ErrorKind::bad_input,
                  fmt::format("{}: '{}' is a {}, which is not read from an archive", file.string(), printable(path.string()),
                              link ? "link" : "special file"),
                  "pack the images themselves: tar --dereference");
    visit({clean(path), type == AE_IFDIR, [&] { return read_entry(file, handle.get(), most_bytes); }});
  }
}

std::string read_uncompressed(const std::filesystem::path& file, std::size_t most_bytes) {
  const Handle handle = open(file, [](::archive* raw) {
    ::archive_read_support_format_empty(raw);
    return ::archive_read_support_format_raw(raw);
  });
  ::archive_entry* entry = nullptr;
  const int result = ::archive_read_next_header(handle.get(), &entry);
  if (result == ARCHIVE_EOF) return {};
  if (result < ARCHIVE_WARN) damaged(file, handle.get());
  return read_entry(file, handle.get(), most_bytes);
}

void check_unpacked(const std::filesystem::path& file, std::size_t bytes, std::size_t usual) {
  constexpr std::uintmax_t kMostRatio = 16;
  std::error_code failure;
  if (bytes > usual && bytes / kMostRatio > std::filesystem::file_size(file, failure))
    throw Error(ErrorKind::bad_input, fmt::format("{}: its images have more than {} times its bytes", file.string(), kMostRatio),
                "if that is right, unpack it first");
}

}  // namespace hies::data
