#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "hies/base/json_node.h"
#include "hies/score/scores.h"

namespace hies::score {

// Tables of neurons by name: rows of the ffn sites alone.
using NeuronTables = std::map<std::string, model::UnitTable<double>, std::less<>>;

// Returns the file of neurons that belongs to scores at `path`: NAME.neurons.safetensors for NAME.json.
std::filesystem::path neurons_path(const std::filesystem::path& path);

// Takes the rows of the ffn sites out of the tables of the scores; a table that had no others goes whole.
NeuronTables take_neurons(Scores& scores);

// Writes them as float64 tensors "TABLE.LAYER" [F]. Returns what scores.json says of the file: its name and XXH3-128 of its bytes.
Json write_neurons(const std::filesystem::path& path, const NeuronTables& tables, bool force);

// Adds the tables of the file that `said` names, beside `scores_path`. Throws bad_input for another file than was written with the scores,
// and for tensors that are no tables of the scores' layout.
void read_neurons(const std::filesystem::path& scores_path, const JsonNode& said, Scores& scores);

}  // namespace hies::score
