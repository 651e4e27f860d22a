#include "target.h"

#include <array>

#include "hies/base/error.h"
#include "hies/base/files.h"

namespace hies::fuzz {

#define TARGET(name) Target name##_target();
#include "targets.def"
#undef TARGET

std::span<const Target> targets() {
  static const std::array all = {
#define TARGET(name) name##_target(),
#include "targets.def"
#undef TARGET
  };
  return all;
}

const Target* find_target(std::string_view name) {
  for (const Target& target : targets())
    if (target.name == name) return &target;
  return nullptr;
}

std::string documented(std::string_view title) {
  constexpr std::string_view kFence = "```json\n";
  const std::string page = read_file(source_dir() / "docs/formats.md");
  const std::size_t begin = page.find(kFence, page.find(fmt::format("\n## {}", title)));
  check(begin != std::string::npos, "docs/formats.md lacks an example");
  return page.substr(begin + kFence.size(), page.find("```", begin + kFence.size()) - begin - kFence.size());
}

}  // namespace hies::fuzz
