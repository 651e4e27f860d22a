#include "hies/evidence/formats.h"

#include <array>

namespace hies::evidence {

std::span<const TableFormat> table_formats() noexcept {
  static constexpr std::array kFormats = {
      TableFormat{".md", markdown_table},
      TableFormat{".csv", csv_table},
      TableFormat{".tex", latex_table},
  };
  return kFormats;
}

}  // namespace hies::evidence
