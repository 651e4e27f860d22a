#include "hies/formats/tensor_store.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <set>

#include <fmt/format.h>

#include "hies/base/error.h"
#include "hies/base/json.h"
#include "hies/formats/safetensors_file.h"

namespace hies::formats {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kIndexName = "model.safetensors.index.json";

// The tensors that the index assigns to each shard, by file name.
using ShardIndex = std::map<std::string, std::vector<std::string>>;

bool is_plain_file_name(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.find_first_of(std::string_view("/\\\0", 3)) == std::string::npos;
}

// Returns 3 for model-00002-of-00003.safetensors, and 0 for a name of another form.
int shard_total(std::string_view name) {
  const auto of = name.rfind("-of-");
  if (of == std::string_view::npos) return 0;
  int total = 0;
  std::from_chars(name.data() + of + 4, name.data() + name.size(), total);
  return total;
}

ShardIndex read_index(const fs::path& path) {
  const std::string where = path.string();
  const std::string text = read_file(path);
  nlohmann::json json;
  try {
    json = nlohmann::json::parse(text);
  } catch (const nlohmann::json::exception&) {
    parse_json(text, where);  // its error has line and column
    throw;
  }
  const auto map = json.is_object() ? json.find("weight_map") : json.end();
  if (!json.is_object() || map == json.end() || !map->is_object() || map->empty())
    bad_input("{}: 'weight_map' must be an object that gives each tensor's file", where);
  ShardIndex shards;
  for (const auto& [tensor, file] : map->items()) {
    if (!file.is_string()) bad_input("{}: weight_map gives no file name for tensor '{}'", where, printable(tensor));
    const auto& name = file.get_ref<const std::string&>();
    if (!is_plain_file_name(name))
      bad_input("{}: weight_map places tensor '{}' in '{}', which is not the name of a file beside it", where, printable(tensor),
                printable(name));
    shards[name].push_back(tensor);
  }
  const int total = shard_total(shards.begin()->first);
  if (total > 0 && static_cast<std::size_t>(total) != shards.size())
    bad_input("{} names {} of {} shards ({} is one of them)", where, shards.size(), total, printable(shards.begin()->first));
  return shards;
}

// Throws an error that names the weight files that there are instead of safetensors.
[[noreturn]] void refuse(const fs::path& folder) {
  const auto has = [&](const char* name) { return is_there(folder / name); };
  const std::string where = folder.string();
  if (has("pytorch_model.bin") || has("pytorch_model.bin.index.json"))
    throw Error(ErrorKind::unsupported,
                fmt::format("{} has its weights in pytorch_model.bin only; hies reads safetensors", where),
                fmt::format("convert once: python -c \"from transformers import AutoModelForSequenceClassification as M; "
                            "M.from_pretrained('{0}').save_pretrained('{0}', safe_serialization=True)\"",
                            where));
  constexpr std::array<std::array<const char*, 2>, 4> kForeign = {{{"tf_model.h5", "from_tf=True"},
                                                                   {"flax_model.msgpack", "from_flax=True"},
                                                                   {"tf_model.h5.index.json", "from_tf=True"},
                                                                   {"flax_model.msgpack.index.json", "from_flax=True"}}};
  for (const auto& [name, option] : kForeign) {
    if (has(name))
      throw Error(ErrorKind::unsupported, fmt::format("{} has its weights in {} only; hies reads safetensors", where, name),
                  fmt::format("convert once with transformers 4: from_pretrained('{0}', {1}).save_pretrained('{0}', "
                              "safe_serialization=True)",
                              where, option));
  }
  std::string other;
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const std::string extension = entry->path().extension().string();
    const std::string name = entry->path().filename().string();
    for (const char* weights : {".safetensors", ".bin", ".gguf", ".onnx", ".pt", ".pth", ".ckpt"})
      if (extension == weights && (other.empty() || name < other)) other = name;
  }
  if (error) io_error("cannot read {}: {}", where, error.message());
  if (other.empty())
    throw Error(ErrorKind::bad_input, fmt::format("{} has no weights: neither model.safetensors nor {}", where, kIndexName),
                "give the path of a Hugging Face checkpoint directory");
  throw Error(ErrorKind::unsupported, fmt::format("{} has neither model.safetensors nor {}, only {}", where, kIndexName, other),
              "hies reads the Hugging Face layout: save the model with save_pretrained(…, safe_serialization=True)");
}

}  // namespace

std::int64_t TensorView::elements() const noexcept {
  std::int64_t count = 1;
  for (const std::int64_t size : shape) count *= size;
  return count;
}

TensorStore::TensorStore() = default;

TensorStore TensorStore::open(const fs::path& folder) {
  if (!is_folder(folder)) io_error("{} is not a directory", folder.string());
  ShardIndex shards;
  const fs::path index = folder / kIndexName;
  // In the order in which transformers looks for them.
  if (is_there(folder / "model.safetensors")) {
    shards["model.safetensors"];
  } else if (is_there(index)) {
    shards = read_index(index);
  } else {
    refuse(folder);
  }

  TensorStore store;
  for (const auto& [name, expected] : shards) {
    const fs::path path = folder / name;
    if (!is_there(path)) io_error("{} names {}, which does not exist", index.string(), printable(name));
    const std::size_t file = store.files_.size();
    store.files_.push_back(path);
    store.mapped_.push_back(std::make_shared<const MappedFile>(path));
    std::set<std::string_view> present;
    auto views = read_safetensors(*store.mapped_.back());
    for (const TensorView& view : views) present.insert(view.name);
    for (const std::string& tensor : expected)
      if (!present.contains(tensor))
        bad_input("{} has no tensor '{}', which {} places there", path.string(), printable(tensor), kIndexName);
    for (TensorView& view : views) {
      view.file = file;
      store.tensors_.push_back(std::move(view));
    }
  }
  std::sort(store.tensors_.begin(), store.tensors_.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  const auto twice = std::adjacent_find(store.tensors_.begin(), store.tensors_.end(),
                                        [](const auto& a, const auto& b) { return a.name == b.name; });
  if (twice != store.tensors_.end())
    bad_input("{}: the tensor '{}' is in both {} and {}", folder.string(), printable(twice->name),
              store.files_[twice->file].filename().string(), store.files_[std::next(twice)->file].filename().string());
  return store;
}

std::uint64_t TensorStore::file_bytes() const noexcept {
  std::uint64_t bytes = 0;
  for (const auto& file : mapped_) bytes += file->bytes().size();
  return bytes;
}

const TensorView* TensorStore::find(std::string_view name) const {
  const auto found = std::lower_bound(tensors_.begin(), tensors_.end(), name,
                                      [](const TensorView& view, std::string_view n) { return view.name < n; });
  return found != tensors_.end() && found->name == name ? &*found : nullptr;
}

}  // namespace hies::formats
