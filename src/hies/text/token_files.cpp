#include "hies/text/token_files.h"

#include "hies/base/lfs_pointer.h"
#include "hies/base/plain_text.h"

namespace hies::text {

std::string read_token_file(const std::filesystem::path& path) {
  const std::string content = read_file(path);
  refuse_lfs_pointer(content, path.string());
  return std::string(without_byte_order_mark(content));
}

Json read_token_json(const std::filesystem::path& path) { return parse_json(read_token_file(path), path.string()); }

}  // namespace hies::text
