#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hies/base/journal.h"
#include "hies/base/json.h"
#include "hies/base/json_node.h"
#include "hies/base/stored.h"

// Lines of a journal that hold a struct of base/stored.h.
namespace hies::sweep {

// Returns the line of an entry, its schema first. Throws bad_input where a number is not finite.
template <class Entry>
std::string journal_line(std::string_view schema, const Entry& entry) {
  Json json = {{"schema", schema}};
  json.update(to_stored(entry));
  return compact(json);
}

// Returns the entries of the run that were in the journal when it was opened. Throws bad_input that names file and key.
template <class Entry>
std::vector<Entry> journal_entries(const Journal& journal, std::string_view run) {
  const std::string where = journal.file().string();
  std::vector<Entry> entries;
  for (const std::string& text : journal.lines()) {
    const Json json = parse_json(text, where);
    auto entry = from_stored<Entry>(JsonNode(json, where));
    if (entry.run == run) entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace hies::sweep
