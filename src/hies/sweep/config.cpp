// Config files, texts of runs and the names of runs.
#include <algorithm>
#include <set>

#include "hies/base/error.h"
#include "hies/base/fields.h"
#include "hies/base/json_node.h"
#include "hies/base/suggest.h"
#include "hies/sweep/number_list.h"
#include "hies/sweep/options.h"

namespace hies::sweep {
namespace {

// Members that sweep.json has beside the options: a sweep.json is a config file, too.
const std::vector<std::string> kOthers = {"schema", "hies", "runs"};

std::vector<std::string> split_names(const std::string& text) {
  std::vector<std::string> names;
  std::size_t begin = 0;
  for (std::size_t comma = 0; comma != std::string::npos; begin = comma + 1) {
    comma = text.find(',', begin);
    if (std::string part = text.substr(begin, comma - begin); !part.empty()) names.push_back(std::move(part));
  }
  return names;
}

// Sets each field for which there is a member of its name.
struct FromJson {
  const Json& json;
  std::string_view where;
  std::vector<std::string> known = {};

  template <class T>
  void operator()(std::string_view name, T& value, std::string_view /*help*/) {
    known.emplace_back(name);
    if (const Json* found = find_member(json, name, where); found != nullptr) set(value, *found, name);
  }

 private:
  template <class T>
  void set(T& value, const Json& found, std::string_view name) {
    value = detail::json_as<T>(found, name, where);
  }
  void set(std::int64_t& value, const Json& found, std::string_view name) { value = JsonNode(found, where, text(name)).count(); }
  void set(std::uint64_t& value, const Json& found, std::string_view name) {
    value = static_cast<std::uint64_t>(JsonNode(found, where, text(name)).count());
  }
  template <class T>
  void set(std::optional<T>& value, const Json& found, std::string_view name) {
    value.reset();
    if (!found.is_null()) set(value.emplace(), found, name);
  }
  void set(std::vector<std::string>& value, const Json& found, std::string_view name) {
    if (found.is_string()) {
      value = split_names(found);
      return;
    }
    each(value, found, name, [](const JsonNode& node) { return node.text(); });
  }
  void set(std::vector<double>& value, const Json& found, std::string_view name) {
    if (found.is_string()) {
      value = parse_numbers(found.get<std::string>(), fmt::format("`{}`", name));
      return;
    }
    each(value, found, name, [](const JsonNode& node) { return node.number(); });
  }
  void set(std::vector<std::int64_t>& value, const Json& found, std::string_view name) {
    if (found.is_string()) {
      value = parse_counts(found.get<std::string>(), fmt::format("`{}`", name));
      return;
    }
    each(value, found, name, [](const JsonNode& node) { return node.count(); });
  }
  template <class T, class Read>
  void each(std::vector<T>& value, const Json& found, std::string_view name, const Read& read) {
    const JsonNode list(found, where, text(name));
    value.clear();
    list.each(list.list_size(), "entries", [&](std::size_t, const JsonNode& node) { value.push_back(read(node)); });
  }
  static std::string text(std::string_view name) { return std::string(name); }
};

SweepRun read_run(const JsonNode& node) {
  SweepRun run;
  if (node.has("name")) run.name = node.member("name").text();
  run.model = node.member("model").text();
  run.task = node.member("task").text();
  run.calib = node.member("calib").text();
  run.data = node.member("data").text();
  return run;
}

// Returns the text with every character replaced that a file name may not have everywhere.
std::string file_name(std::string text) {
  for (char& c : text) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    if (!plain) c = '_';
  }
  return text.empty() || text.front() == '.' ? "model" + text : text;
}

std::string folder_name(const std::filesystem::path& model) {
  const auto path = std::filesystem::absolute(model).lexically_normal();
  return (path.has_filename() ? path : path.parent_path()).filename().string();
}

}  // namespace

void read_config(const Json& json, std::string_view where, SweepConfig& config) {
  const JsonNode root(json, where);
  root.object();
  FromJson visitor{json, where};
  SweepOptions::fields(visitor, config.options);
  visitor.known.insert(visitor.known.end(), kOthers.begin(), kOthers.end());
  for (const auto& [name, value] : json.items()) {
    if (std::find(visitor.known.begin(), visitor.known.end(), name) == visitor.known.end())
      throw Error(ErrorKind::bad_input, fmt::format("{}: unknown option '{}'", where, printable(name)),
                  known_names_hint(name, visitor.known));
  }
  if (!root.has("ratios")) drop_default_ratios(config.options);
  if (!root.has("runs")) return;
  config.runs.clear();
  const JsonNode runs = root.member("runs");
  runs.each(runs.list_size(), "runs", [&](std::size_t, const JsonNode& run) { config.runs.push_back(read_run(run)); });
}

SweepRun parse_run(const std::string& text) {
  SweepRun run;
  std::string rest = text;
  std::string parts[3];
  for (int i = 2; i >= 0; --i) {
    const std::size_t colon = rest.rfind(':');
    if (colon == std::string::npos || colon == 0 || colon + 1 == rest.size())
      throw Error(ErrorKind::bad_input, fmt::format("run '{}' is not MODEL:T:TRAIN:DEV", printable(text)),
                  "a checkpoint directory, a task, a calibration file and an evaluation file, with colons between them");
    parts[i] = rest.substr(colon + 1);
    rest.resize(colon);
  }
  run.model = rest;
  run.task = parts[0];
  run.calib = parts[1];
  run.data = parts[2];
  return run;
}

void name_runs(std::vector<SweepRun>& runs) {
  std::set<std::string> taken;
  for (const SweepRun& run : runs) taken.insert(run.name);
  for (SweepRun& run : runs) {
    if (!run.name.empty()) continue;
    const std::string folder = file_name(folder_name(run.model));
    run.name = folder;
    if (taken.contains(run.name)) run.name = fmt::format("{}-{}", folder, file_name(run.task));
    for (int i = 2; taken.contains(run.name); ++i) run.name = fmt::format("{}-{}-{}", folder, file_name(run.task), i);
    taken.insert(run.name);
  }
}

}  // namespace hies::sweep
