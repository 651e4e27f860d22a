#include "hies/formats/safetensors_writer.h"

#include <algorithm>
#include <array>
#include <map>

#include <fmt/ranges.h>

#include "hies/base/files.h"
#include "hies/base/json.h"
#include "hies/formats/tensor_file.h"

namespace hies::formats {
namespace {

using Shard = std::vector<const TensorSource*>;

std::vector<Shard> split(std::span<const TensorSource> tensors, std::uint64_t max_shard_bytes) {
  std::map<std::size_t, Shard> groups;
  for (const TensorSource& tensor : tensors) groups[tensor.group].push_back(&tensor);
  if (groups.empty()) return {Shard()};
  std::vector<Shard> shards;
  for (const auto& [group, members] : groups) {
    std::uint64_t filled = 0;
    shards.emplace_back();
    for (const TensorSource* tensor : members) {
      const std::uint64_t bytes = tensor->bytes();
      if (!shards.back().empty() && filled + bytes > max_shard_bytes) {
        shards.emplace_back();
        filled = 0;
      }
      shards.back().push_back(tensor);
      filled += bytes;
    }
  }
  for (Shard& shard : shards)
    std::stable_sort(shard.begin(), shard.end(),
                     [](const auto* a, const auto* b) { return element_bytes(a->dtype) > element_bytes(b->dtype); });
  return shards;
}

std::string header_of(const Shard& shard) {
  std::string header = R"({"__metadata__":{"format":"pt"})";
  std::uint64_t offset = 0;
  for (const TensorSource* tensor : shard) {
    const std::uint64_t end = offset + tensor->bytes();
    header += fmt::format(R"(,{}:{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}})", Json(tensor->name).dump(),
                          stored_name(tensor->dtype), fmt::join(tensor->shape, ","), offset, end);
    offset = end;
  }
  header += '}';
  header.append((8 - header.size() % 8) % 8, ' ');  // the data is aligned when a reader maps the file
  return header;
}

void write_shard(const std::filesystem::path& path, const Shard& shard, const std::string& header, bool force,
                 Progress& progress) {
  TensorFile output(path, force, progress);
  std::array<std::byte, 8> length{};
  for (std::size_t i = 0; i < 8; ++i) length[i] = static_cast<std::byte>(header.size() >> (8 * i));
  output.write(length);
  output.write(std::as_bytes(std::span(header)));
  for (const TensorSource* tensor : shard) output.write(*tensor);
  output.commit();
}

}  // namespace

void write_safetensors(const std::filesystem::path& folder, std::span<const TensorSource> tensors, std::uint64_t max_shard_bytes,
                       Progress& progress) {
  const std::vector<Shard> shards = split(tensors, max_shard_bytes);
  std::vector<std::string> headers;
  std::uint64_t file_bytes = 0;
  std::uint64_t tensor_bytes = 0;
  for (const Shard& shard : shards) {
    headers.push_back(header_of(shard));
    for (const TensorSource* tensor : shard) tensor_bytes += tensor->bytes();
    file_bytes += 8 + headers.back().size();
  }
  file_bytes += tensor_bytes;

  progress.begin("write", static_cast<std::int64_t>(file_bytes), "bytes");
  nlohmann::json weight_map = nlohmann::json::object();  // sorted by name, as transformers writes it
  for (std::size_t i = 0; i < shards.size(); ++i) {
    const std::string name =
        shards.size() == 1 ? "model.safetensors" : fmt::format("model-{:05}-of-{:05}.safetensors", i + 1, shards.size());
    for (const TensorSource* tensor : shards[i]) weight_map[tensor->name] = name;
    write_shard(folder / name, shards[i], headers[i], false, progress);
  }
  if (shards.size() > 1) {
    const nlohmann::json index = {{"metadata", {{"total_size", tensor_bytes}}}, {"weight_map", weight_map}};
    write_file(folder / "model.safetensors.index.json", index.dump(2) + "\n", false);
  }
  progress.end();
}

void write_safetensors_file(const std::filesystem::path& path, std::span<const TensorSource> tensors, bool force) {
  Shard shard;
  for (const TensorSource& tensor : tensors) shard.push_back(&tensor);
  write_shard(path, shard, header_of(shard), force, silent_progress());
}

}  // namespace hies::formats
