#include "hies/arch/no_weights.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

#include <fmt/format.h>

#include "hies/arch/adapter.h"
#include "hies/arch/python_line.h"
#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/formats/tensor_store.h"

namespace hies::arch {
namespace fs = std::filesystem;
namespace {

constexpr const char* kGiveCheckpoint = "give the path of a Hugging Face checkpoint directory";

// Names of the files of a directory, in order.
std::vector<std::string> files_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error); !error && entry != fs::directory_iterator(); entry.increment(error))
    names.push_back(entry->path().filename().string());
  if (error) io_error("cannot read {}: {}", folder.string(), error.message());
  std::sort(names.begin(), names.end());
  return names;
}

bool has(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// What a trainer leaves beside the weights.
bool is_of_training(std::string_view name) {
  return name.starts_with("training_args") || name.starts_with("optimizer") || name.starts_with("scheduler") ||
         name.starts_with("rng_state");
}

// Returns the first name that ends so, or an empty text.
std::string first_with(const std::vector<std::string>& names, std::initializer_list<std::string_view> endings) {
  for (const std::string& name : names)
    for (const std::string_view ending : endings)
      if (name.ends_with(ending) && !is_of_training(name)) return name;
  return {};
}

// The class of the trained model, by `architectures`: where transformers has a class for the task of any model, that one. Empty:
// config.json names none.
std::string loading_class(const Json& config) {
  const auto names = config.find("architectures");
  if (names == config.end() || !names->is_array() || names->empty() || !names->front().is_string()) return {};
  const auto name = names->front().get<std::string>();
  const auto fits = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  if (!std::all_of(name.begin(), name.end(), fits)) return {};  // it becomes part of a command
  for (const std::string_view task : {"ForSequenceClassification", "ForImageClassification", "ForCausalLM", "ForMaskedLM",
                                      "ForTokenClassification", "ForQuestionAnswering", "ForMultipleChoice"})
    if (name.ends_with(task)) return "AutoModel" + std::string(task);
  return name.ends_with("LMHeadModel") ? "AutoModelForCausalLM" : name;
}

std::string convert_hint(const fs::path& folder, const Json& config, std::string_view version, std::string_view arguments) {
  const std::string loads = loading_class(config);
  if (loads.empty())
    return "write the class of the model into config.json first (\"architectures\": [\"BertForSequenceClassification\"], …): it "
           "decides "
           "how the weights are converted";
  return fmt::format("convert it into another directory{}: {}, and copy the files of the tokenizer or image processor there",
                     version,
                     python_line(fmt::format("from transformers import {} as M", loads), folder, arguments, "", "-safetensors"));
}

// Throws io if the directory holds the file as a link to nothing, as a cache does that was not filled to its end.
void refuse_broken_link(const fs::path& folder, const std::vector<std::string>& names, const char* file) {
  if (has(names, file) && !is_there(folder / file))
    throw Error(ErrorKind::io, fmt::format("{} is a link to a file that does not exist", (folder / file).string()),
                "download the model again");
}

// Returns the path of a checkpoint inside a directory (checkpoint-500 of a trainer, a snapshot of the Hugging Face cache), or an empty
// text.
std::string inner_checkpoint(const fs::path& folder) {
  for (const fs::path& outer : {folder, folder / "snapshots"}) {
    if (!is_there(outer) || !is_folder(outer)) continue;
    for (const std::string& name : files_in(outer)) {
      const fs::path inner = outer / name;
      if (!is_there(inner) || !is_folder(inner) || !is_there(inner / "config.json")) continue;
      if (formats::TensorStore::is_in(inner) || is_there(inner / "pytorch_model.bin")) return inner.string();
    }
  }
  return {};
}

[[noreturn]] void refuse(const fs::path& folder, std::string_view what, std::string hint) {
  throw Error(ErrorKind::unsupported, fmt::format("{} {}; hies reads safetensors", folder.string(), what), std::move(hint));
}

// Weights that transformers writes or wrote.
void refuse_other_frameworks(const fs::path& folder, const Json& config, const std::vector<std::string>& names) {
  if (has(names, "pytorch_model.bin") || has(names, "pytorch_model.bin.index.json"))
    refuse(folder, "has its weights in pytorch_model.bin only", convert_hint(folder, config, "", ""));
  constexpr std::array<std::array<const char*, 2>, 4> kForeign = {{{"tf_model.h5", "from_tf=True"},
                                                                   {"flax_model.msgpack", "from_flax=True"},
                                                                   {"tf_model.h5.index.json", "from_tf=True"},
                                                                   {"flax_model.msgpack.index.json", "from_flax=True"}}};
  for (const auto& [name, option] : kForeign)
    if (has(names, name))
      refuse(folder, fmt::format("has its weights in {} only", name),
             convert_hint(folder, config, ", with transformers 4", option));
}

// Weights for another program, and safetensors under other names.
void refuse_other_files(const fs::path& folder, const std::vector<std::string>& names) {
  if (const std::string file = first_with(names, {".gguf", ".onnx"}); !file.empty())
    refuse(folder, fmt::format("has its weights in {} only", printable(file)),
           fmt::format("give the checkpoint that the {} file was made from", fs::path(file).extension().string()));
  const std::string file = first_with(names, {".safetensors"});
  if (file.empty()) return;
  const std::string message =
      fmt::format("{} has neither model.safetensors nor model.safetensors.index.json, only {}", folder.string(), printable(file));
  const bool shard = file.find("-of-") != std::string::npos;
  throw Error(ErrorKind::bad_input, message,
              shard ? "the weights are in several files: download model.safetensors.index.json, too, which lists them"
                    : "rename it to model.safetensors if it holds the whole model");
}

}  // namespace

void refuse_without_config(const fs::path& folder) {
  if (const std::string adapter = adapter_file(folder); !adapter.empty())
    throw Error(ErrorKind::unsupported,
                fmt::format("{} holds an adapter alone ({}), not the model that it changes", folder.string(), adapter),
                adapter_hint(folder));
  const std::vector<std::string> names = files_in(folder);
  if (const std::string file = first_with(names, {".gguf"}); !file.empty())
    refuse(folder, fmt::format("has no config.json, only {}", printable(file)),
           "give the checkpoint that the .gguf file was made from");
  if (has(names, "params.json"))
    refuse(folder, "has no config.json, but params.json: weights as their authors published them",
           "convert them to the Hugging Face layout first, or give a checkpoint that is converted");
  refuse_broken_link(folder, names, "config.json");
  const std::string inner = inner_checkpoint(folder);
  throw Error(ErrorKind::bad_input, fmt::format("{} has no config.json", folder.string()),
              inner.empty() ? kGiveCheckpoint : fmt::format("a checkpoint is in {}", printable(inner, 300)));
}

void refuse_without_weights(const fs::path& folder, const Json& config) {
  const std::vector<std::string> names = files_in(folder);
  for (const char* file : {"model.safetensors", "model.safetensors.index.json"}) refuse_broken_link(folder, names, file);
  refuse_other_frameworks(folder, config, names);
  if (const std::string adapter = adapter_file(folder); !adapter.empty())
    throw Error(
        ErrorKind::unsupported,
        fmt::format("{} holds an adapter ({}), but not the weights of the model that it changes", folder.string(), adapter),
        adapter_hint(folder));
  refuse_other_files(folder, names);
  if (const std::string file = first_with(names, {".bin", ".pt", ".pth", ".ckpt"}); !file.empty())
    refuse(folder, fmt::format("has its weights in {} only", printable(file)),
           "save the model with transformers' save_pretrained into another directory");
  throw Error(ErrorKind::bad_input,
              fmt::format("{} has no weights: neither model.safetensors nor model.safetensors.index.json", folder.string()),
              kGiveCheckpoint);
}

}  // namespace hies::arch
