#include "hies/model/hashes.h"

#include <array>
#include <vector>

#include <fmt/ranges.h>

#include "hies/base/error.h"

namespace hies::model {
namespace {

constexpr std::string_view kWeights = "the weights";

// The parts of a checkpoint that decide its numbers.
struct Part {
  std::string_view name;
  const std::string* (*of)(const ModelHashes& hashes);
};
const std::string* pointer(const std::optional<std::string>& hash) { return hash ? &*hash : nullptr; }
constexpr std::array<Part, 3> kParts = {
    {{kWeights, [](const ModelHashes& hashes) { return &hashes.weights; }},
     {"config.json", [](const ModelHashes& hashes) { return pointer(hashes.config); }},
     {"the tokenizer or image processor", [](const ModelHashes& hashes) { return pointer(hashes.inputs); }}}};

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

std::string_view differing_part(const ModelHashes& a, const ModelHashes& b) {
  for (const Part& part : kParts) {
    const std::string *mine = part.of(a), *other = part.of(b);
    if (mine != nullptr && other != nullptr && *mine != *other) return part.name;
  }
  return {};
}

void check_same_model(const ModelHashes& file, const ModelHashes& present, std::string_view where, std::string_view what,
                      std::string_view hint, Progress& progress) {
  std::vector<std::string_view> unsaid, unknown;
  for (const Part& part : kParts) {
    const std::string *theirs = part.of(file), *ours = part.of(present);
    if (theirs == nullptr && ours != nullptr) unsaid.push_back(part.name);
    if (theirs != nullptr && ours == nullptr) unknown.push_back(part.name);
    if (theirs == nullptr || ours == nullptr || *theirs == *ours) continue;
    const std::string message =
        part.name == kWeights
            ? fmt::format("{}: {} for model {}, but this model is {}", where, what, printable(*theirs), *ours)
            : fmt::format("{}: {} differs: {} for {}, but this model has {}", where, part.name, what, printable(*theirs), *ours);
    throw Error(ErrorKind::bad_input, message, std::string(hint));
  }
  if (!unsaid.empty())
    progress.warn(fmt::format("{}: {} for a model with these weights, but {} are not stated, and may differ from this model's",
                              where, what, fmt::join(unsaid, " and ")));
  if (!unknown.empty())
    progress.warn(fmt::format("{}: {} of this model cannot be read, and may differ from what {} for", where,
                              fmt::join(unknown, " and "), what));
}

}  // namespace hies::model
