#include "hies/study/subject.h"

#include <future>

namespace hies::study {

Subject load_subject(const std::filesystem::path& folder, const std::string& dtype) {
  return load_subject(std::make_shared<const model::Checkpoint>(model::Checkpoint::open(folder)), dtype);
}

Subject load_subject(std::shared_ptr<const model::Checkpoint> checkpoint, const std::string& dtype) {
  const model::ComputeType type = model::parse_compute_type(dtype);
  // The tokenizer is read while the weights are. Where both are wrong, the weights' error is the one told.
  auto reading = std::async(std::launch::async, text::Tokenizer::load, checkpoint->folder(), checkpoint->spec().model_type);
  model::Model model = model::Model::load(checkpoint, type);
  text::Tokenizer tokenizer = reading.get();
  return {std::move(checkpoint), std::move(tokenizer), std::move(model)};
}

}  // namespace hies::study
