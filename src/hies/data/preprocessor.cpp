#include "hies/data/preprocessor.h"

#include "hies/base/files.h"
#include "hies/base/json.h"

namespace hies::data {

Preprocessor load_preprocessor(const arch::Checkpoint& checkpoint) {
  const model::ModelSpec& spec = checkpoint.spec();
  if (!spec.reads_images()) return text::Tokenizer::load(checkpoint.folder(), spec.model_type);
  image::Processor usual = image::usual_processor(spec.model_type, {spec.vision.height, spec.vision.width});
  const auto file = checkpoint.folder() / "preprocessor_config.json";
  if (!is_there(file)) return usual;
  return image::parse_processor(read_json(file), std::move(usual), file.string());
}

model::ModelHashes hashes_of(const arch::Checkpoint& checkpoint, const Preprocessor& preprocessor) {
  model::ModelHashes hashes = checkpoint.hashes();
  hashes.inputs = std::visit([](const auto& each) { return each.hash(); }, preprocessor);
  return hashes;
}

}  // namespace hies::data
