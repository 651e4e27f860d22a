#include "hies/formats/safetensors_writer.h"

#include <algorithm>
#include <array>
#include <map>

#include <fmt/ranges.h>

#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/base/json.h"

namespace hies::formats {
namespace {

using Shard = std::vector<const TensorSource*>;

std::uint64_t byte_count(const TensorSource& tensor) {
  std::uint64_t bytes = element_bytes(tensor.dtype);
  for (const std::int64_t size : tensor.shape) bytes *= static_cast<std::uint64_t>(size);
  return bytes;
}

std::vector<Shard> split(std::span<const TensorSource> tensors, std::uint64_t max_shard_bytes) {
  std::map<std::size_t, Shard> groups;
  for (const TensorSource& tensor : tensors) groups[tensor.group].push_back(&tensor);
  if (groups.empty()) return {Shard()};
  std::vector<Shard> shards;
  for (const auto& [group, members] : groups) {
    std::uint64_t filled = 0;
    shards.emplace_back();
    for (const TensorSource* tensor : members) {
      const std::uint64_t bytes = byte_count(*tensor);
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
    const std::uint64_t end = offset + byte_count(*tensor);
    header += fmt::format(R"(,{}:{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}})", Json(tensor->name).dump(),
                          stored_name(tensor->dtype), fmt::join(tensor->shape, ","), offset, end);
    offset = end;
  }
  header += '}';
  header.append((8 - header.size() % 8) % 8, ' ');  // the data is aligned when a reader maps the file
  return header;
}

// A file that joins small pieces to large writes, and splits large pieces, so that progress is reported often and cancelling is
// quick.
class Output {
 public:
  Output(std::filesystem::path path, bool force, Progress& progress) : file_(std::move(path), force), progress_(progress) {
    buffer_.reserve(kBuffer);
  }

  void write(std::span<const std::byte> bytes) {
    if (buffer_.size() + bytes.size() > kBuffer) flush();
    if (bytes.size() < kBuffer) {
      buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
      return;
    }
    while (!bytes.empty()) {
      const auto piece = bytes.first(std::min(bytes.size(), kPiece));
      put(piece);
      bytes = bytes.subspan(piece.size());
    }
  }

  void commit() {
    flush();
    file_.commit();
  }

 private:
  static constexpr std::size_t kBuffer = std::size_t{1} << 20;
  static constexpr std::size_t kPiece = std::size_t{8} << 20;

  void flush() {
    put(buffer_);
    buffer_.clear();
  }
  void put(std::span<const std::byte> bytes) {
    file_.write(bytes);
    progress_.advance(static_cast<std::int64_t>(bytes.size()));
  }

  AtomicFile file_;
  Progress& progress_;
  std::vector<std::byte> buffer_;
};

void write_shard(const std::filesystem::path& path, const Shard& shard, const std::string& header, bool force,
                 Progress& progress) {
  Output output(path, force, progress);
  std::array<std::byte, 8> length{};
  for (std::size_t i = 0; i < 8; ++i) length[i] = static_cast<std::byte>(header.size() >> (8 * i));
  output.write(length);
  output.write(std::as_bytes(std::span(header)));
  for (const TensorSource* tensor : shard) {
    const std::uint64_t expected = byte_count(*tensor);
    std::uint64_t written = 0;
    tensor->write([&](std::span<const std::byte> bytes) {
      written += bytes.size();
      check(written <= expected, fmt::format("tensor {} writes more than its {} bytes", tensor->name, expected));
      output.write(bytes);
    });
    check(written == expected, fmt::format("tensor {} writes {} of its {} bytes", tensor->name, written, expected));
  }
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
    for (const TensorSource* tensor : shard) tensor_bytes += byte_count(*tensor);
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
