#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace hies::arch {

// Returns a command of the shell for a hint: Python that, after `import`, which names a class M, loads a directory with
// from_pretrained and further `arguments`, calls `and_then` on the model, and saves it beside that directory under its name and
// `ending`. A path that would need quoting is written as DIR.
std::string python_line(std::string_view import, const std::filesystem::path& folder, std::string_view arguments,
                        std::string_view and_then, std::string_view ending);

}  // namespace hies::arch
