#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hies/base/json.h"
#include "hies/model/spec.h"

namespace hies::arch {

// What other programs can read of a family whose layers have fewer heads than they began with.
struct Portability {
  bool pruned_heads = false;  // transformers 4: any heads, by the key of that name
  bool head_dim = false;      // transformers: the same number in every layer, with an explicit head size
  bool served = false;        // vLLM, SGLang, TensorRT-LLM: the same
  bool per_layer = false;     // llama.cpp: any number in each layer
  bool ffn_width = true;      // transformers: another number of neurons, the same in every layer
};

// The heads that every layer of a checkpoint has.
struct HeadNumbers {
  int heads = 0, kv_heads = 0, head_dim = 0;
};

// A part of canonical tensor names, and what stands in its place in other checkpoints.
struct OtherName {
  std::string canonical, stored;
};

// A matrix whose parts other checkpoints store by themselves: parts of canonical tensor names, and what stands in their place.
struct OtherParts {
  std::string canonical;
  std::vector<std::string> stored;  // one for each part
};

// A model family is data: how its config.json becomes a description. Everything else walks the description (model/spec.h).
// A family is one file x.cpp, which defines x(), and one line in families.def.
struct Family {
  std::string_view model_type;
  std::string_view description;  // one line for `hies models`
  std::string_view prefix;       // what the names in a checkpoint of the bare encoder lack ("bert.")
  Portability portability;
  // Reads config.json; `where` names it in errors. Throws bad_input, and unsupported for what the family does not have here.
  model::ModelSpec (*parse)(const Json& config, std::string_view where) = nullptr;
  // Writes the numbers of heads into config.json in the words that the family's loader reads, with another model_type where only a
  // relative's loader takes such numbers. Null: the loader takes no other numbers, and num_attention_heads stays.
  void (*write_heads)(Json& config, const HeadNumbers& numbers) = nullptr;
  // Returns whether the loader takes what write_heads writes. Null: it does.
  bool (*takes_heads)(const Json& config, const HeadNumbers& numbers) = nullptr;
  // The key of config.json that gives the neurons of every feed-forward network. Empty: no key gives them alone.
  std::string_view neurons_key = "intermediate_size";
  // How another version of transformers calls the tensors: replacements that are made one after the other in a canonical name.
  std::vector<OtherName> other_names = {};
  std::vector<OtherParts> other_parts = {};
};

// Returns all families, in the order of `hies models`.
const std::vector<const Family*>& all_families();
// Returns the family of that model_type. Throws unsupported, with the name of the model type where transformers has it, and the
// families that there are.
const Family& find_family(std::string_view model_type, std::string_view where);

}  // namespace hies::arch
