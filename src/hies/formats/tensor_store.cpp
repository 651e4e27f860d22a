#include "hies/formats/tensor_store.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <set>

#include <fmt/format.h>

#include "hies/base/error.h"
#include "hies/base/json.h"
#include "hies/formats/safetensors_file.h"

namespace hies::formats {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kFileName = "model.safetensors", kIndexName = "model.safetensors.index.json";

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

std::set<std::string> files_of(const ShardIndex& index) {
  std::set<std::string> files;
  for (const auto& [tensor, file] : index.shard_of) files.insert(file);
  return files;
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
  ShardIndex index;
  for (const auto& [tensor, file] : map->items()) {
    if (!file.is_string()) bad_input("{}: weight_map gives no file name for tensor '{}'", where, printable(tensor));
    const auto& name = file.get_ref<const std::string&>();
    if (!is_plain_file_name(name))
      bad_input("{}: weight_map places tensor '{}' in '{}', which is not the name of a file beside it", where, printable(tensor),
                printable(name));
    index.shard_of[tensor] = name;
    index.total = std::max(index.total, shard_total(name));
  }
  index.shards = static_cast<int>(files_of(index).size());
  return index;
}

}  // namespace

std::int64_t TensorView::elements() const noexcept {
  std::int64_t count = 1;
  for (const std::int64_t size : shape) count *= size;
  return count;
}

TensorStore::TensorStore() = default;

bool same_content(const TensorView& a, const TensorView& b) {
  return a.dtype == b.dtype && a.shape == b.shape &&
         (a.bytes.empty() || std::memcmp(a.bytes.data(), b.bytes.data(), a.bytes.size()) == 0);
}

bool TensorStore::is_in(const fs::path& folder) { return is_there(folder / kFileName) || is_there(folder / kIndexName); }

TensorStore TensorStore::open(const fs::path& folder) {
  if (!is_folder(folder)) io_error("{} is not a directory", folder.string());
  if (!is_in(folder))
    throw Error(ErrorKind::bad_input, fmt::format("{} has no weights: neither {} nor {}", folder.string(), kFileName, kIndexName),
                "give the path of a Hugging Face checkpoint directory");
  TensorStore store;
  // In the order in which transformers looks for them.
  if (is_there(folder / kFileName)) {
    store.add_file(folder / kFileName);
    if (is_there(folder / kIndexName))
      store.warnings_.push_back(
          fmt::format("{} has both {} and {}: the former is read, as transformers does", folder.string(), kFileName, kIndexName));
  } else {
    const fs::path index = folder / kIndexName;
    store.index_ = read_index(index);
    for (const std::string& name : files_of(store.index_)) {
      if (!is_there(folder / name)) io_error("{} names {}, which does not exist", index.string(), printable(name));
      store.add_file(folder / name);
    }
  }
  store.keep_one_of_each_name(folder);
  return store;
}

void TensorStore::add_file(const fs::path& path) {
  mapped_.push_back(std::make_shared<const MappedFile>(path));
  for (TensorView& view : read_safetensors(*mapped_.back())) {
    view.file = files_.size();
    tensors_.push_back(std::move(view));
  }
  files_.push_back(path);
}

// Sorts the tensors by name, too.
void TensorStore::keep_one_of_each_name(const fs::path& folder) {
  std::stable_sort(tensors_.begin(), tensors_.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  const auto file_of = [this](const TensorView& view) { return files_[view.file].filename().string(); };
  std::vector<TensorView> kept;
  for (TensorView& view : tensors_) {
    if (kept.empty() || kept.back().name != view.name) {
      kept.push_back(std::move(view));
      continue;
    }
    const auto listed = index_.shard_of.find(view.name);
    const bool is_listed = listed != index_.shard_of.end() && listed->second == file_of(view);
    const bool other_is_listed = listed != index_.shard_of.end() && listed->second == file_of(kept.back());
    if (!same_content(kept.back(), view)) {
      if (!is_listed && !other_is_listed)
        bad_input("{}: the tensor '{}' is in both {} and {}, with different content", folder.string(), printable(view.name),
                  file_of(kept.back()), file_of(view));
      warnings_.push_back(fmt::format(
          "{}: the tensor '{}' is in both {} and {}, with different content: that of {} is taken, as {} says", folder.string(),
          printable(view.name), file_of(kept.back()), file_of(view), printable(listed->second), kIndexName));
    }
    if (is_listed) kept.back() = std::move(view);
  }
  tensors_ = std::move(kept);
}

std::string TensorStore::why_missing(std::string_view name) const {
  if (const auto listed = index_.shard_of.find(name); listed != index_.shard_of.end())
    return fmt::format("{} places it in {}, which lacks it", kIndexName, printable(listed->second));
  if (index_.shards < index_.total) return fmt::format("{} names only {} of {} files", kIndexName, index_.shards, index_.total);
  return {};
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
