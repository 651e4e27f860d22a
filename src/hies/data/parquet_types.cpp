#include "hies/base/json.h"
#include "hies/data/parquet_arrow.h"

namespace hies::data {
namespace {

const Json* member(const Json* json, const std::string& name) {
  if (json == nullptr || !json->is_object()) return nullptr;
  const auto found = json->find(name);
  return found == json->end() ? nullptr : &*found;
}

std::vector<std::string> hub_class_names(const arrow::Schema& schema, const std::string& column) {
  const auto& metadata = schema.metadata();
  const int at = metadata == nullptr ? -1 : metadata->FindKey("huggingface");
  if (at < 0) return {};
  const Json json = Json::parse(metadata->value(at), nullptr, false);
  const Json* found = member(member(member(member(&json, "info"), "features"), column), "names");
  if (found == nullptr || !found->is_array()) return {};
  std::vector<std::string> names;
  for (const Json& name : *found) {
    if (!name.is_string()) return {};
    names.push_back(name.get<std::string>());
  }
  return names;
}

ColumnType::Values values_of(const arrow::DataType& type) {
  const arrow::Type::type id = type.id();
  if (id == arrow::Type::DICTIONARY) return values_of(*static_cast<const arrow::DictionaryType&>(type).value_type());
  if (arrow::is_integer(id) || arrow::is_floating(id) || arrow::is_decimal(id)) return ColumnType::Values::numbers;
  if (arrow::is_base_binary_like(id) || arrow::is_binary_view_like(id)) return ColumnType::Values::texts;
  return ColumnType::Values::undeclared;
}

}  // namespace

ColumnType type_of(const arrow::Schema& schema, int column) {
  const arrow::Field& field = *schema.field(column);
  ColumnType type{values_of(*field.type())};
  if (type.values == ColumnType::Values::numbers) type.class_names = hub_class_names(schema, field.name());
  return type;
}

}  // namespace hies::data
