#include "hies/data/data_files.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/base/hidden_names.h"

namespace hies::data {
namespace {
namespace fs = std::filesystem;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// What the `datasets` library writes beside data.
bool is_description(std::string_view name) {
  constexpr std::array<std::string_view, 4> kNames = {"dataset_info.json", "dataset_infos.json", "dataset_dict.json",
                                                      "state.json"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

bool holds_tables(const fs::path& file) {
  constexpr std::array<std::string_view, 5> kEndings = {".tsv", ".csv", ".jsonl", ".json", ".parquet"};
  return std::find(kEndings.begin(), kEndings.end(), lower_extension(file)) != kEndings.end();
}

// One of the files into which a split is divided.
struct Shard {
  std::string split;        // "train" of train-00000-of-00002-a09b74b3ef9c3b56.parquet
  std::int64_t number = 0;  // from 0
  std::int64_t count = 0;   // of all shards of the split; 0 where the name does not say
};

// Reads the digits that `text` begins with, or ends with, at most 9.
std::optional<std::int64_t> number_at(std::string_view text, bool at_end) {
  std::size_t digits = 0;
  while (digits < text.size() && is_digit(at_end ? text[text.size() - 1 - digits] : text[digits])) ++digits;
  if (digits == 0 || digits > 9) return std::nullopt;
  return std::stoll(std::string(at_end ? text.substr(text.size() - digits) : text.substr(0, digits)));
}

std::string without_number(std::string_view stem) {
  while (!stem.empty() && is_digit(stem.back())) stem.remove_suffix(1);
  if (!stem.empty() && (stem.back() == '-' || stem.back() == '_' || stem.back() == '.')) stem.remove_suffix(1);
  return std::string(stem);
}

Shard shard_of(const fs::path& file) {
  const std::string stem = file.stem().string();
  constexpr std::string_view kOf = "-of-";
  if (const std::size_t of = stem.rfind(kOf); of != std::string::npos) {
    const std::string_view before = std::string_view(stem).substr(0, of), after = std::string_view(stem).substr(of + kOf.size());
    const auto number = number_at(before, true), count = number_at(after, false);
    if (number && count) return {without_number(before), *number, *count};
  }
  return {without_number(stem), 0, 0};
}

// Returns true if a name says that the file is one part of a data set that has others: "train", "validation_matched".
bool names_a_split(std::string_view name) {
  constexpr std::array<std::string_view, 10> kSplits = {"train", "training", "test", "testing",    "validation",
                                                        "valid", "val",      "dev",  "evaluation", "eval"};
  std::string word;
  for (std::size_t i = 0; i <= name.size(); ++i) {
    const char c = i < name.size() ? name[i] : '-';
    if (c != '-' && c != '_' && c != '.' && c != ' ') {
      word.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
      continue;
    }
    if (std::find(kSplits.begin(), kSplits.end(), word) != kSplits.end()) return true;
    word.clear();
  }
  return false;
}

void check_complete(const fs::path& folder, const std::vector<fs::path>& files) {
  std::map<std::string, std::set<std::int64_t>> numbers;
  for (const fs::path& file : files) {
    const Shard shard = shard_of(file);
    if (shard.count == 0) continue;
    if (!numbers[shard.split].insert(shard.number).second)
      bad_input("{}: two files are shard {} of '{}', one of them {}", folder.string(), shard.number, printable(shard.split),
                printable(file.filename().string()));
  }
  for (const fs::path& file : files) {
    const Shard shard = shard_of(file);
    for (std::int64_t number = 0; number < shard.count; ++number)
      if (!numbers[shard.split].contains(number))
        throw Error(ErrorKind::bad_input,
                    fmt::format("{}: {} is one of {} shards, but number {} is not there", folder.string(),
                                printable(file.filename().string()), shard.count, number),
                    "put all shards into the folder, or give one file");
  }
}

using Splits = std::map<std::string, std::vector<fs::path>>;

Splits splits_of(const fs::path& folder) {
  Splits splits;
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (is_hidden_name(name) || is_description(name) || !holds_tables(entry->path()) || is_folder(entry->path())) continue;
    splits[shard_of(entry->path()).split].push_back(entry->path());
  }
  if (error) io_error("cannot read {}: {}", folder.string(), error.message());
  return splits;
}

[[noreturn]] void no_tables(const fs::path& folder) {
  std::vector<std::string> folders;
  bool has_arrow = false, has_text = false;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error); !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (is_hidden_name(name)) continue;
    if (is_folder(entry->path())) folders.push_back(name);
    has_arrow |= lower_extension(entry->path()) == ".arrow";
    has_text |= lower_extension(entry->path()) == ".txt";
  }
  std::sort(folders.begin(), folders.end());
  std::string hint = "give a file";
  if (has_arrow) hint = "its .arrow files are those of save_to_disk: write Parquet with to_parquet of Hugging Face datasets";
  else if (!folders.empty()) hint = fmt::format("give one of its folders: {}", fmt::join(folders, ", "));
  else if (has_text) hint = "give one of its .txt files";
  throw Error(ErrorKind::bad_input, fmt::format("{} holds no .tsv, .csv, .jsonl, .json or .parquet files", folder.string()),
              printable(hint, 400));
}

std::vector<fs::path> files_of_folder(const fs::path& folder) {
  const Splits splits = splits_of(folder);
  if (splits.empty()) no_tables(folder);
  std::vector<fs::path> files;
  std::vector<std::string> names;
  bool named = false;
  for (const auto& [name, parts] : splits) {
    files.insert(files.end(), parts.begin(), parts.end());
    names.push_back(name.empty() ? parts.front().filename().string() : name);
    named |= names_a_split(name);
  }
  if (named && splits.size() > 1)
    throw Error(
        ErrorKind::bad_input,
        fmt::format("{} holds several splits: {}", folder.string(), printable(fmt::format("{}", fmt::join(names, ", ")), 400)),
        printable(fmt::format("give one of them: {}", (folder / names.front()).string()), 400));
  return files;
}

DataFiles checked(const fs::path& folder, std::vector<fs::path> files) {
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files)
    if (lower_extension(file) != lower_extension(files.front()))
      throw Error(ErrorKind::bad_input,
                  fmt::format("{} holds files of several kinds: {} and {}", folder.string(),
                              printable(files.front().filename().string()), printable(file.filename().string())),
                  "give one of them");
  check_complete(folder, files);
  return {std::move(files), {}};
}

// The file that a path of a member goes through.
std::optional<DataFiles> inside_json(const fs::path& path) {
  for (fs::path above = path.parent_path(); !above.empty() && above != above.parent_path(); above = above.parent_path()) {
    if (!lower_extension(above).starts_with(".json") || !is_there(above) || is_folder(above)) continue;
    DataFiles found{{above}, {}};
    for (const fs::path& part : path.lexically_relative(above)) found.members.push_back(part.string());
    return found;
  }
  return std::nullopt;
}

}  // namespace

std::string lower_extension(const fs::path& path) {
  std::string extension = path.extension().string();
  for (char& c : extension) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return extension;
}

DataFiles find_data_files(const fs::path& path) {
  if (is_there(path)) {
    if (!is_folder(path)) return {{path}, {}};
    return checked(path, files_of_folder(path));
  }
  if (auto found = inside_json(path)) return *found;
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  if (!path.has_extension() && is_folder(folder)) {
    const Splits splits = splits_of(folder);
    if (const auto split = splits.find(path.filename().string()); split != splits.end() && !split->first.empty())
      return checked(folder, split->second);
  }
  return {{path}, {}};
}

}  // namespace hies::data
