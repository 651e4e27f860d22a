#include "hies/evidence/records.h"

#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/base/json_node.h"

namespace hies::evidence {

namespace {

constexpr std::string_view kRecordSchema1 = "hies.record/1";

// Returns a record of version 1, whose "pruned" lists heads by layer and whose "model" is the hash of the weights, as version 2.
Json upgraded(const Json& old, std::string_view where) {
  const JsonNode root(old, where);
  Json json = old;
  json["schema"] = kRecordSchema;
  json["model"] = {{"hash", root.member("model").text()}};
  json["removed"] = {{model::site_kind_name(model::SiteKind::attention), root.member("pruned").object()}};
  json["mask"] = model::unit_set_from_json(json["removed"], fmt::format("{}: pruned", where)).hash();
  return json;
}

}  // namespace

Json UnitSetForm::write(const model::UnitSet& set, const std::string& /*path*/) { return model::to_json(set); }

void UnitSetForm::read(const JsonNode& parent, std::string_view name, model::UnitSet& set) {
  const JsonNode node = parent.member(name);
  set = model::unit_set_from_json(node.object(), node.where(), node.key());
}

Json HashesForm::write(const model::ModelHashes& hashes, const std::string& /*path*/) {
  Json json;
  model::put_hashes(json, hashes);
  return json;
}

void HashesForm::read(const JsonNode& parent, std::string_view name, model::ModelHashes& hashes) {
  hashes = model::read_hashes(parent.member(name));
}

Json to_json(const Record& record) {
  Json json = {{"schema", kRecordSchema}};
  json.update(to_stored(record));
  return json;
}

Record record_from_json(const Json& json, std::string_view where) {
  const JsonNode root(json, where);
  if (root.holds("schema") && root.member("schema").is_text(kRecordSchema1))
    return record_from_json(upgraded(json, where), where);
  check_schema(root, kRecordSchema, where, "run the sweep again with this version", "give a records.jsonl that hies sweep wrote");
  return from_stored<Record>(root);
}

std::string record_line(const Record& record) { return compact(to_json(record)); }

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
