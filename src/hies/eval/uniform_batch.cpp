#include "hies/eval/uniform_batch.h"

#include <algorithm>

#include "hies/base/error.h"

namespace hies::eval {
namespace {

// Grey images: what they show changes no time.
class GreyImages : public model::ImageLoader {
 public:
  explicit GreyImages(const model::VisionSpec& vision) : shape_{vision.channels, vision.height, vision.width} {}
  Shape shape() const noexcept override { return shape_; }
  void write(std::span<const std::int64_t> /*indices*/, std::span<float> pixels) const override {
    std::fill(pixels.begin(), pixels.end(), 0.1F);
  }
  std::string content_hash(std::int64_t /*index*/) const override { return "grey"; }

 private:
  Shape shape_;
};

void add_text(const model::ModelSpec& spec, std::int64_t example, std::int64_t tokens, model::Batch& batch) {
  std::vector<std::int32_t> ids;
  for (std::int64_t token = 0; token < tokens; ++token) {
    auto id = static_cast<std::int32_t>((example * 31 + token * 7 + 1) % spec.text.vocabulary);
    if (id == spec.head.padding) id = id == 0 ? spec.text.vocabulary - 1 : id - 1;
    ids.push_back(id);
  }
  const std::int64_t first = batch.token_count();
  batch.add(example, ids, std::vector<std::int32_t>(ids.size(), 0));
  if (spec.problem != model::Problem::causal_lm) return;
  for (std::int64_t token = 0; token + 1 < tokens; ++token) {
    batch.target_rows.push_back(first + token);
    batch.target_tokens.push_back(ids[static_cast<std::size_t>(token) + 1]);
  }
}

}  // namespace

std::int64_t uniform_tokens(const model::ModelSpec& spec, std::int64_t tokens) {
  return spec.reads_images() ? spec.vision.tokens(spec.vision.height, spec.vision.width) : tokens;
}

model::Batch uniform_batch(const model::ModelSpec& spec, std::int64_t sequences, std::int64_t tokens) {
  constexpr std::int64_t kMost = 1 << 24;  // tokens of a batch
  if (sequences < 1 || sequences > kMost) bad_input("`batch` is {}, but it must be within 1 … {}", sequences, kMost);
  if (tokens < 1 || tokens > kMost) bad_input("`tokens` is {}, but it must be within 1 … {}", tokens, kMost);
  if (sequences * uniform_tokens(spec, tokens) > kMost)
    bad_input("{} sequences of {} tokens are more than {} tokens at once", sequences, uniform_tokens(spec, tokens), kMost);
  model::Batch batch;
  if (spec.reads_images()) {
    const auto images = std::make_shared<GreyImages>(spec.vision);
    for (std::int64_t i = 0; i < sequences; ++i) batch.add(i, {images, i}, uniform_tokens(spec, tokens));
    return batch;
  }
  if (tokens > spec.positions)
    throw Error(ErrorKind::bad_input, fmt::format("`tokens` is {}, but the model has {} positions", tokens, spec.positions),
                fmt::format("give `tokens` of at most {}", spec.positions));
  for (std::int64_t i = 0; i < sequences; ++i) add_text(spec, i, tokens, batch);
  return batch;
}

}  // namespace hies::eval
