#include "hies/study/subject.h"

namespace hies::study {

Subject load_subject(const std::filesystem::path& folder, const std::string& dtype) {
  return load_subject(std::make_shared<const model::Checkpoint>(model::Checkpoint::open(folder)), dtype);
}

Subject load_subject(std::shared_ptr<const model::Checkpoint> checkpoint, const std::string& dtype) {
  const model::ComputeType type = model::parse_compute_type(dtype);
  text::Tokenizer tokenizer = text::Tokenizer::load(checkpoint->folder(), checkpoint->spec().model_type);
  model::Model model = model::Model::load(checkpoint, type);
  return {std::move(checkpoint), std::move(tokenizer), std::move(model)};
}

}  // namespace hies::study
