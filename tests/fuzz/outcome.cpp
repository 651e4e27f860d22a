#include "outcome.h"

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <typeinfo>

#include "hies/base/error.h"

namespace hies::fuzz {
namespace {

// Returns a number of bytes of /proc/self/status; 0 where there is none.
std::uint64_t status_bytes(std::string_view name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(name)) return std::strtoull(line.c_str() + name.size() + 1, nullptr, 10) << 10;
  return 0;
}

#ifdef __SANITIZE_ADDRESS__
constexpr bool kMemoryIsOurs = false;  // the sanitizer's memory would be counted, too
#elif defined(__has_feature)
constexpr bool kMemoryIsOurs = !__has_feature(address_sanitizer);
#else
constexpr bool kMemoryIsOurs = true;
#endif

// The memory that was taken since an object of this class was made, at most at a time.
class PeakMemory {
 public:
  PeakMemory() {
    std::ofstream("/proc/self/clear_refs") << "5";  // the peak begins anew
    before_ = status_bytes("VmRSS:");
  }
  std::uint64_t taken() const {
    const std::uint64_t peak = status_bytes("VmHWM:");
    return peak > before_ ? peak - before_ : 0;
  }

 private:
  std::uint64_t before_ = 0;
};

std::string thrown(const Target& target, const BundleFolder& folder) {
  try {
    target.read(folder.input(), folder.output());
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::internal || error.kind() == ErrorKind::interrupted)
      return fmt::format("internal: {}", error.what());
    if (std::string_view(error.what()).empty()) return "an error without a message";
  } catch (const std::exception& error) {
    return fmt::format("{}: {}", typeid(error).name(), error.what());
  } catch (...) {
    return "something that is no exception was thrown";
  }
  return {};
}

}  // namespace

std::string run(const Target& target, const Bundle& bundle, BundleFolder& folder) {
  folder.hold(bundle);
  std::uint64_t size = 0;
  for (const auto& [name, content] : bundle) size += content.size();
  const PeakMemory memory;
  std::string failure = thrown(target, folder);
  if (!failure.empty()) return failure;
  if (kMemoryIsOurs)
    if (const std::uint64_t taken = memory.taken(); taken > target.memory + 100 * size)
      return fmt::format("reading {} bytes took {} MiB of memory", size, taken >> 20);
  if (const std::string stray = folder.stray(); !stray.empty()) return fmt::format("it wrote {}", stray);
  return {};
}

std::filesystem::path new_root() {
  static int count = 0;
  const char* given = std::getenv("TMPDIR");
  const std::filesystem::path base = given != nullptr                  ? std::filesystem::path(given)
                                     : ::access("/dev/shm", W_OK) == 0 ? std::filesystem::path("/dev/shm")
                                                                       : std::filesystem::temp_directory_path();
  return base / fmt::format("hies-fuzz-{}-{}", ::getpid(), count++);
}

}  // namespace hies::fuzz
