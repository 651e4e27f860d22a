#pragma once

#include <string_view>

namespace hies {

// Returns true for the name of a file or folder that a system or program puts beside people's own, and that no data set means:
// everything that begins with a dot (".DS_Store", "._image.jpg", ".ipynb_checkpoints"), "@eaDir", "__MACOSX", "Thumbs.db" and the
// like, in any case. `file_name` is one name, without folders.
bool is_hidden_name(std::string_view file_name);

// Returns true if a part of the path, with '/' between them, has such a name. "." and ".." are none.
bool has_hidden_part(std::string_view path);

}  // namespace hies
