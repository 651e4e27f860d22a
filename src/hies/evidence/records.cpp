#include "hies/evidence/records.h"

#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/base/json_node.h"

namespace hies::evidence {

namespace {

constexpr std::string_view kRecordSchema1 = "hies.record/1", kRecordSchema2 = "hies.record/2";

// Returns a record of version 1, whose "pruned" lists heads by layer and whose "model" is the hash of the weights, as version 2.
Json of_version_2(const Json& old, std::string_view where) {
  const JsonNode root(old, where);
  Json json = old;
  json["schema"] = kRecordSchema2;
  json["model"] = {{"hash", root.member("model").text()}};
  json["removed"] = {{model::site_kind_name(model::SiteKind::attention), root.member("pruned").object()}};
  json["mask"] = model::unit_set_from_json(json["removed"], fmt::format("{}: pruned", where)).hash();
  return json;
}

// Returns a record of version 2, which knows heads alone, as version 3.
Json of_version_3(const Json& old, std::string_view where) {
  JsonNode(old, where).member("cost").member("removed").object();
  const RecordKey key;
  Json json = old;
  json["schema"] = kRecordSchema;
  json["sites"] = key.sites;
  json["budget"] = key.budget;
  json["refit"] = key.refit;
  json["neurons"] = nullptr;
  json["neurons_removed"] = 0;
  json["cost"]["removed"]["neurons"] = 0;
  json["refitted"] = nullptr;
  return json;
}

}  // namespace

Json Refitted::GainsForm::write(const std::vector<Gain>& gains, const std::string& path) {
  Json json = Json::array();
  for (const Gain& gain : gains) json.push_back(stored::write(gain, path));
  return json;
}

void Refitted::GainsForm::read(const JsonNode& parent, std::string_view name, std::vector<Gain>& gains) {
  const JsonNode list = parent.member(name);
  gains.clear();
  list.each(list.list_size(), "sites", [&](std::size_t, const JsonNode& node) {
    stored::Reader reader(node);
    Gain::fields(reader, gains.emplace_back());
  });
}

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
    return record_from_json(of_version_2(json, where), where);
  if (root.holds("schema") && root.member("schema").is_text(kRecordSchema2))
    return record_from_json(of_version_3(json, where), where);
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
