#include "hies/synthetic/make_checkpoint.h"

#include <vector>

#include "hies/arch/family.h"
#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/formats/safetensors_writer.h"
#include "hies/model/tensors.h"
#include "hies/synthetic/random_tensor.h"

namespace hies::synthetic {
namespace {

constexpr double kDeviation = 0.02;

formats::DType parse_dtype(const std::string& name) {
  for (const auto dtype : {formats::DType::bfloat16, formats::DType::float16, formats::DType::float32})
    if (formats::display_name(dtype) == name) return dtype;
  throw Error(ErrorKind::bad_input, fmt::format("unknown dtype '{}'", printable(name)), "known: bfloat16, float16, float32");
}

// Returns whether the tensor is the scale of a norm: no other vector is called a weight.
bool is_norm(const model::TensorDecl& decl) { return decl.shape.size() == 1 && decl.name.ends_with(".weight"); }

void check_room(const std::filesystem::path& folder, std::int64_t bytes) {
  std::error_code error;
  const auto space = std::filesystem::space(folder, error);
  if (error || space.available > static_cast<std::uint64_t>(bytes) + (1 << 20)) return;
  throw Error(ErrorKind::io,
              fmt::format("{} needs {:.2f} GB, but only {:.2f} GB are free", folder.parent_path().string(),
                          static_cast<double>(bytes) / 1e9, static_cast<double>(space.available) / 1e9),
              "free some space, write to another disk, or make a smaller model");
}

}  // namespace

SyntheticCheckpoint make_checkpoint(const MakeRequest& request, Progress& progress) {
  const formats::DType dtype = parse_dtype(request.dtype);
  const std::uint64_t shard_bytes = formats::parse_byte_size(request.max_shard_size, "`max_shard_size`");
  Json config = made_config(request.family, request.shape);
  config["dtype"] = config["torch_dtype"] = request.dtype;
  const auto model_type = config["model_type"].get<std::string>();
  const model::ModelSpec spec = arch::find_family(model_type, "make-checkpoint").parse(config, "the model to be made");

  SyntheticCheckpoint made;
  std::vector<formats::TensorSource> sources;
  for (const model::TensorDecl& decl : model::tensors(spec)) {
    made.parameters += decl.elements();
    sources.push_back(is_norm(decl) ? ones_tensor(decl.name, dtype, decl.shape)
                                    : normal_tensor(decl.name, dtype, decl.shape, request.seed, kDeviation));
  }
  made.tensor_bytes = made.parameters * static_cast<std::int64_t>(formats::element_bytes(dtype));

  AtomicDirectory output(request.output, request.force);
  check_room(output.folder(), made.tensor_bytes);
  write_file(output.folder() / "config.json", pretty(config), false);
  formats::write_safetensors(output.folder(), sources, shard_bytes, progress);
  output.commit();
  return made;
}

}  // namespace hies::synthetic
