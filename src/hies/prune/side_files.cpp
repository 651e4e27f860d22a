#include "hies/prune/side_files.h"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/ranges.h>

#include "hies/base/error.h"
#include "hies/base/files.h"

namespace hies::prune {
namespace fs = std::filesystem;
namespace {

bool is_hidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

// Weights, optimizer state and compiled models, in any format that people put beside a checkpoint.
bool holds_weights(const fs::path& path) {
  constexpr std::array kEndings = {".safetensors", ".bin", ".h5",   ".msgpack", ".onnx",   ".onnx_data", ".gguf",
                                   ".pt",          ".pth", ".ckpt", ".ot",      ".tflite", ".mlmodel"};
  constexpr std::string_view kIndex = ".index.json";
  std::string name = path.filename().string();
  if (name == "adapter_config.json") return true;  // by it PEFT would load another model in place of the pruned one
  if (name.ends_with(kIndex)) name.resize(name.size() - kIndex.size());
  const std::string ending = fs::path(name).extension().string();
  return std::find(kEndings.begin(), kEndings.end(), ending) != kEndings.end() && name != "training_args.bin";
}

struct Found {
  std::vector<fs::path> copied;    // relative, in order
  std::vector<std::string> stale;  // the same, left behind
};

Found find_files(const fs::path& source, const formats::TensorStore& store) {
  Found found;
  std::error_code error;
  fs::recursive_directory_iterator entry(source, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (is_hidden(entry->path())) {
      entry.disable_recursion_pending();
      continue;
    }
    if (!entry->is_regular_file(error) || error) continue;
    const fs::path relative = entry->path().lexically_relative(source);
    if (relative == "config.json" || relative == "README.md" || relative == "model.safetensors.index.json") continue;
    if (std::find(store.files().begin(), store.files().end(), entry->path()) != store.files().end()) continue;
    if (holds_weights(relative)) {
      found.stale.push_back(relative.string());
    } else {
      found.copied.push_back(relative);
    }
  }
  if (error) io_error("cannot read {}: {}", source.string(), error.message());
  std::sort(found.copied.begin(), found.copied.end());
  std::sort(found.stale.begin(), found.stale.end());
  return found;
}

}  // namespace

void copy_side_files(const fs::path& source, const formats::TensorStore& store, const fs::path& target, Progress& progress) {
  const Found found = find_files(source, store);
  if (!found.stale.empty())
    progress.warn(fmt::format("not copied, because they belong to the unpruned weights: {}", fmt::join(found.stale, ", ")));
  for (const fs::path& relative : found.copied) {
    Progress::throw_if_cancelled();
    std::error_code error;
    fs::create_directories((target / relative).parent_path(), error);
    if (error) io_error("cannot create {}: {}", (target / relative).parent_path().string(), error.message());
    const MappedFile file(source / relative);
    AtomicFile copy(target / relative, false);
    copy.write(file.bytes());
    copy.commit();
  }
}

void write_readme(const fs::path& source, const std::string& note, const fs::path& target) {
  const bool has_readme = is_there(source / "README.md");
  std::string text = has_readme ? read_file(source / "README.md") : std::string();
  if (!text.empty() && !note.empty()) text += text.ends_with('\n') ? "\n" : "\n\n";
  text += note;
  if (has_readme || !note.empty()) write_file(target / "README.md", text, false);
}

}  // namespace hies::prune
