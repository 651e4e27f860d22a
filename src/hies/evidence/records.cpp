#include "hies/evidence/records.h"

#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/base/json_node.h"

namespace hies::evidence {

Json PrunedHeadsForm::write(const PrunedHeads& pruned, const std::string& /*path*/) {
  Json json = Json::object();
  for (const auto& [layer, heads] : pruned) json[std::to_string(layer)] = heads;
  return json;
}

void PrunedHeadsForm::read(const JsonNode& parent, std::string_view name, PrunedHeads& pruned) {
  constexpr int kMost = 1 << 20;
  const JsonNode node = parent.member(name);
  pruned.clear();
  for (const auto& [key, list] : node.object().items()) {
    const JsonNode heads = node.member(key);
    if (key.empty() || key.size() > 6 || key.find_first_not_of("0123456789") != std::string::npos)
      node.fail(fmt::format("has '{}' in the place of a layer's number", printable(key)));
    std::vector<int>& mine = pruned[std::stoi(key)];
    heads.each(heads.list_size(), "heads", [&](std::size_t, const JsonNode& head) {
      mine.push_back(static_cast<int>(head.count(kMost)));
      if (mine.size() > 1 && mine.back() <= mine[mine.size() - 2]) head.fail("is not greater than the head before it");
    });
  }
}

Json to_json(const Record& record) {
  Json json = {{"schema", kRecordSchema}};
  json.update(to_stored(record));
  return json;
}

Record record_from_json(const Json& json, std::string_view where) {
  const JsonNode root(json, where);
  check_schema(root, kRecordSchema, where, "run the sweep again with this version", "give a records.jsonl that hies sweep wrote");
  return from_stored<Record>(root);
}

std::string record_line(const Record& record) { return to_json(record).dump(); }

std::vector<Record> read_records(const std::filesystem::path& file) {
  const MappedFile mapped(file);
  const std::string_view text(reinterpret_cast<const char*>(mapped.bytes().data()), mapped.bytes().size());
  std::vector<Record> records;
  std::size_t begin = 0;
  for (std::size_t end = text.find('\n'); end != std::string_view::npos; begin = end + 1, end = text.find('\n', begin)) {
    const std::string where = fmt::format("{}: line {}", file.string(), records.size() + 1);
    records.push_back(record_from_json(parse_json(text.substr(begin, end - begin), where), where));
  }
  return records;
}

}  // namespace hies::evidence
