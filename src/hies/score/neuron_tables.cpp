#include "hies/score/neuron_tables.h"

#include <charconv>
#include <cstring>

#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/base/hash.h"
#include "hies/formats/safetensors_file.h"
#include "hies/formats/safetensors_writer.h"

namespace hies::score {
namespace {

std::string hash_of(std::span<const std::byte> bytes) { return Hasher().update(bytes).hex(); }

// Splits "TABLE.LAYER". Throws bad_input.
std::pair<std::string, model::Site> parse_name(const std::string& name, const std::filesystem::path& file) {
  const std::size_t point = name.rfind('.');
  int layer = -1;
  if (point != std::string::npos) std::from_chars(name.data() + point + 1, name.data() + name.size(), layer);
  if (layer < 0) bad_input("{}: tensor '{}' is no table of a layer's neurons", file.string(), printable(name));
  return {name.substr(0, point), model::ffn_site(layer)};
}

}  // namespace

std::filesystem::path neurons_path(const std::filesystem::path& path) {
  std::filesystem::path file = path;
  return file.replace_extension(".neurons.safetensors");
}

NeuronTables take_neurons(Scores& scores) {
  NeuronTables taken;
  for (auto table = scores.tables.begin(); table != scores.tables.end();) {
    model::UnitTable<double> heads;
    for (auto& [site, row] : table->second)
      (site.kind == model::SiteKind::ffn ? taken[table->first] : heads)[site] = std::move(row);
    if (heads.empty() && taken.contains(table->first)) {
      table = scores.tables.erase(table);
    } else {
      (table++)->second = std::move(heads);
    }
  }
  return taken;
}

Json write_neurons(const std::filesystem::path& path, const NeuronTables& tables, bool force) {
  std::vector<formats::TensorSource> tensors;
  for (const auto& [name, table] : tables)
    for (const auto& [site, row] : table) {
      formats::TensorSource tensor{fmt::format("{}.{}", name, site.layer), formats::DType::float64, {std::ssize(row)}, 0, {}};
      tensor.write = [&values = row](const auto& sink) { sink(std::as_bytes(std::span(values))); };
      tensors.push_back(std::move(tensor));
    }
  formats::write_safetensors_file(path, tensors, force);
  return {{"file", path.filename().string()}, {"hash", hash_of(MappedFile(path).bytes())}};
}

void read_neurons(const std::filesystem::path& scores_path, const JsonNode& said, Scores& scores) {
  const std::string name = said.member("file").text();
  if (std::filesystem::path(name).filename() != name) said.member("file").fail("must be the name of a file beside the scores");
  const std::filesystem::path path = scores_path.parent_path() / name;
  if (!std::filesystem::exists(path))
    throw Error(ErrorKind::bad_input,
                fmt::format("{} is not there, but {} has the scores of neurons in it", path.string(), scores_path.string()),
                "keep both files together");
  const MappedFile file(path);
  if (hash_of(file.bytes()) != said.member("hash").text())
    throw Error(ErrorKind::bad_input,
                fmt::format("{} is not the file that was written with {}", path.string(), scores_path.string()),
                "keep both files together, or score the model again");
  for (const formats::TensorView& tensor : formats::read_safetensors(file)) {
    const auto [table, site] = parse_name(tensor.name, path);
    if (!scores.layout.contains(site) || tensor.dtype != formats::DType::float64 ||
        tensor.shape != std::vector<std::int64_t>{scores.layout.at(site).count()})
      bad_input("{}: tensor '{}' is not a float64 number for each neuron of a layer", path.string(), printable(tensor.name));
    std::vector<double>& row = scores.tables[table][site];
    row.resize(static_cast<std::size_t>(tensor.elements()));
    std::memcpy(row.data(), tensor.bytes.data(), tensor.bytes.size());
  }
}

}  // namespace hies::score
