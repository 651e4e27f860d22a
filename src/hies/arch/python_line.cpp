#include "hies/arch/python_line.h"

#include <fmt/format.h>

namespace hies::arch {

std::string python_line(std::string_view import, const std::filesystem::path& folder, std::string_view arguments,
                        std::string_view and_then, std::string_view ending) {
  std::string path = folder.string();
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  for (const char c : path)
    if (static_cast<unsigned char>(c) < 0x20 || std::string_view("\"'\\$`!").find(c) != std::string_view::npos) path = "DIR";
  // A directory such as "." or ".." has no name that an ending could follow.
  const bool has_name = !path.ends_with('.');
  const std::string target = has_name ? path + std::string(ending) : path + "/model" + std::string(ending);
  return fmt::format("python -c \"{}; M.from_pretrained('{}'{}{}){}.save_pretrained('{}')\"", import, path,
                     arguments.empty() ? "" : ", ", arguments, and_then, target);
}

}  // namespace hies::arch
