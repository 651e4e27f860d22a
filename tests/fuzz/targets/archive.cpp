// Tar files and compressed files.
#include "hies/data/images/archive.h"

#include <algorithm>

#include "../target.h"
#include "hies/base/error.h"
#include "image_files.h"

namespace hies::fuzz {
namespace {

std::vector<Bundle> archive_seeds() {
  const std::string tar = tar_of(class_folders());
  return {{{"a.tar", tar}}, {{"a.tar.gz", gzip_of(tar)}}, {{"a.gz", gzip_of(std::string(5000, 'x'))}}, {{"a.gz", "plain"}}};
}

void read_archive(const std::filesystem::path& input, const std::filesystem::path& /*output*/) {
  for (const auto& entry : std::filesystem::directory_iterator(input)) {
    if (entry.path().filename().string().find(".tar") == std::string::npos) {
      data::read_uncompressed(entry.path());
      continue;
    }
    data::visit_archive(entry.path(), [](const data::ArchiveEntry& member) {
      const std::filesystem::path path(member.path);
      check(!path.is_absolute() && std::find(path.begin(), path.end(), "..") == path.end(),
            fmt::format("it leaves: {}", member.path));
      if (!member.is_folder) member.read();
    });
  }
}

}  // namespace

Target archive_target() { return {"archive", archive_seeds, read_archive}; }

}  // namespace hies::fuzz
