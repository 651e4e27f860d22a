#include "hies/model/hashes.h"

#include "hies/base/error.h"

namespace hies::model {
namespace {

Json or_null(const std::optional<std::string>& hash) { return hash ? Json(*hash) : Json(); }

std::optional<std::string> read_optional(const JsonNode& node, std::string_view name) {
  return node.holds(name) ? std::optional(node.member(name).text()) : std::nullopt;
}

}  // namespace

void put_hashes(Json& json, const ModelHashes& hashes) {
  json["weights"] = hashes.weights;
  json["config"] = or_null(hashes.config);
  json["inputs"] = or_null(hashes.inputs);
}

ModelHashes read_hashes(const JsonNode& node) {
  if (!node.has("weights") && node.has("hash")) return {node.member("hash").text()};
  return {node.member("weights").text(), read_optional(node, "config"), read_optional(node, "inputs")};
}

void check_same_model(const ModelHashes& file, const ModelHashes& present, std::string_view where, std::string_view what,
                      std::string_view hint) {
  if (file.weights != present.weights)
    throw Error(ErrorKind::bad_input,
                fmt::format("{}: {} for model {}, but this model is {}", where, what, printable(file.weights), present.weights),
                std::string(hint));
  const auto compare = [&](const std::optional<std::string>& theirs, const std::optional<std::string>& ours,
                           std::string_view part) {
    if (theirs && ours && *theirs != *ours)
      throw Error(ErrorKind::bad_input,
                  fmt::format("{}: {} differs: {} for {}, but this model has {}", where, part, what, printable(*theirs), *ours),
                  std::string(hint));
  };
  compare(file.config, present.config, "config.json");
  compare(file.inputs, present.inputs, "the tokenizer or image processor");
}

}  // namespace hies::model
