#include "hies/arch/config.h"

#include <charconv>
#include <limits>
#include <map>

#include "hies/base/error.h"

namespace hies::arch {
int require_count(const Json& config, std::string_view key, std::string_view where, int least, int most) {
  const auto value = require<std::int64_t>(config, key, where);
  if (value < least || value > most) bad_input("{}: {} is {}, but it must be {} … {}", where, key, value, least, most);
  return static_cast<int>(value);
}

int head_dim_of(int hidden, int heads, std::string_view heads_key, std::string_view where) {
  if (hidden % heads != 0) bad_input("{}: hidden size {} is not divisible by {} = {}", where, hidden, heads_key, heads);
  return hidden / heads;
}

void parse_task(const Json& config, std::string_view where, model::ModelSpec& spec) {
  const Json* names = find_member(config, "id2label", where);
  if (names != nullptr && !names->is_null()) {
    if (!names->is_object() || names->empty()) json_type_error(*names, "id2label", "an object with one name per label", where);
    std::map<int, std::string> by_id;
    for (const auto& [key, value] : names->items()) {
      int id = -1;
      const auto parsed = std::from_chars(key.data(), key.data() + key.size(), id);
      if (parsed.ec != std::errc() || parsed.ptr != key.data() + key.size() || id < 0 || id == std::numeric_limits<int>::max())
        bad_input("{}: id2label has the key '{}', which is not a label id", where, printable(key));
      by_id[id] = value.is_string() ? value.get<std::string>() : value.dump();
    }
    if (by_id.rbegin()->first + 1 != static_cast<int>(by_id.size()))
      bad_input("{}: id2label has {} labels, but their ids go up to {}", where, by_id.size(), by_id.rbegin()->first);
    for (auto& [id, name] : by_id) spec.labels.push_back(std::move(name));
  } else {
    const auto count = value_or<std::int64_t>(config, "num_labels", 2, where);
    if (count < 1 || count > 1 << 20) bad_input("{}: num_labels is {}, but it must be 1 … {}", where, count, 1 << 20);
    for (std::int64_t i = 0; i < count; ++i) spec.labels.push_back(fmt::format("LABEL_{}", i));
  }
  const auto problem = value_or<std::string>(config, "problem_type",
                                             spec.labels.size() == 1 ? "regression" : "single_label_classification", where);
  if (problem == "regression") {
    if (spec.labels.size() != 1)
      unsupported("{}: regression with {} outputs is not supported (one is)", where, spec.labels.size());
    spec.problem = model::Problem::regression;
  } else if (problem == "single_label_classification") {
    if (spec.labels.size() < 2)
      bad_input("{}: problem_type single_label_classification needs at least 2 labels, id2label has {}", where,
                spec.labels.size());
    spec.problem = model::Problem::classification;
  } else {
    unsupported("{}: problem_type '{}' is not supported (regression and single_label_classification are)", where,
                printable(problem));
  }
}

}  // namespace hies::arch
