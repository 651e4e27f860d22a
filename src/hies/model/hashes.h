#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "hies/base/json_node.h"
#include "hies/base/progress.h"

namespace hies::model {

// What a file was made of: names of the parts of a checkpoint that decide its numbers, 32 hexadecimal digits each.
struct ModelHashes {
  std::string weights;                               // of the tensors, whatever the sharding
  std::optional<std::string> config = std::nullopt;  // of what config.json says of the computation; not set by version 1 of files
  // Of the files that turn texts into ids or images into pixels; not set where a job read token ids, nor by version 1 of files.
  std::optional<std::string> inputs = std::nullopt;
  bool operator==(const ModelHashes&) const = default;
};

// Adds "weights", "config" and "inputs" to an object; null for what is not set.
void put_hashes(Json& json, const ModelHashes& hashes);
// Reads what put_hashes adds, or the "hash" of version 1. Throws bad_input that names the key.
ModelHashes read_hashes(const JsonNode& node);

// Returns which part both sides state and differs, as messages call it ("the weights", "config.json", "the tokenizer or image
// processor"); empty: none does.
std::string_view differing_part(const ModelHashes& a, const ModelHashes& b);

// Throws bad_input where `file`, of the file that `where` names and `what` describes ("the plan is"), is of another model than
// `present`: other weights, or another config.json or other inputs where both state them. Warns of what only one of them states.
void check_same_model(const ModelHashes& file, const ModelHashes& present, std::string_view where, std::string_view what,
                      std::string_view hint, Progress& progress = silent_progress());

}  // namespace hies::model
