#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "hies/base/json.h"

namespace hies::data {

// The rows of a file that is one JSON object.
struct ObjectRows {
  std::vector<Json> rows;  // each an object
  bool is_record = false;  // the object itself is the only row
};

// Returns the rows of the JSON object in `text`, or of what `members`, one inside the other, lead to in it. Read are
//   a record          an object with a text, number, truth value or null: one row
//   lists of values   of equal length, one for each column
//   a list of records alone in its object ({"data": […]})
//   what pandas' to_json() writes with orient "columns", "index", "split" or "table"
// Throws bad_input that says what the object holds where it is none of these, or could be two of them. `path` names the table.
ObjectRows rows_of_object(const std::filesystem::path& path, std::string_view text, const std::vector<std::string>& members);

}  // namespace hies::data
