#include "hies/export/gguf_shape.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "hies/base/error.h"

namespace hies::exports {
namespace {

using arch::Checkpoint;
using model::ModelSpec;
using model::SiteLayout;

constexpr const char* kFill =
    "`hies export --to transformers` fills layers with zeros, which change no result; its result can be exported as gguf";

[[noreturn]] void refuse(const Checkpoint& checkpoint, const std::string& what, const std::string& hint) {
  throw Error(ErrorKind::unsupported, fmt::format("{}: {}", printable(checkpoint.folder().string(), 500), what), hint);
}

void check_family(const Checkpoint& checkpoint) {
  const ModelSpec& spec = checkpoint.spec();
  const std::string& type = spec.model_type;
  if (type != "llama" && type != "mistral" && type != "qwen2" && type != "qwen3")
    refuse(checkpoint, fmt::format("models of type {} are not written as gguf", type),
           spec.causal ? "LLaMA, Mistral, Qwen2 and Qwen3 are"
                       : "LLaMA, Mistral, Qwen2 and Qwen3 are; encoders are written as onnx");
  if (spec.problem != model::Problem::causal_lm)
    refuse(checkpoint, "its task head is a classifier, and gguf is written of language models", "");
  if (!spec.head.tied && checkpoint.find(spec.head.classifiers.front().name + ".weight") == nullptr)
    refuse(checkpoint, "it has no output matrix, which a language model needs", "");
}

void check_rotation(const Checkpoint& checkpoint) {
  const model::Rope& rope = checkpoint.spec().rope;
  if (rope.kind == model::RopeKind::dynamic)
    refuse(checkpoint, "rope type 'dynamic' depends on the length of a text, which llama.cpp does not compute",
           "remove rope_scaling from config.json where texts are not longer than the model's own positions");
  if (rope.kind != model::RopeKind::yarn) return;
  const double usual = 0.1 * std::log(rope.factor) + 1;
  if (std::fabs(rope.attention_factor - usual) > 1e-6 || rope.beta_fast != 32 || rope.beta_slow != 1 || !rope.truncate)
    refuse(checkpoint, "rope type 'yarn' has other constants than llama.cpp computes with",
           fmt::format("attention_factor {:.6g}, beta_fast 32, beta_slow 1 and truncate true are written", usual));
}

// Whatever the architecture, a program that meets such a layer aborts, or computes something else.
void check_layer(const Checkpoint& checkpoint, int layer) {
  const model::LayerSpec& spec = checkpoint.spec().layer(layer);
  const SiteLayout &attention = checkpoint.spec().layout.attention(layer), &ffn = checkpoint.spec().layout.ffn(layer);
  const int heads = attention.count(), kv_heads = attention.kv_count();
  if (spec.ffn.activation != model::Activation::silu)
    refuse(checkpoint, "its activation is not silu, which llama.cpp's architecture computes", "");
  if (ffn.count() == 0)
    refuse(checkpoint, fmt::format("layer {} keeps no neurons, and llama.cpp leaves out the attention of such a layer", layer),
           fmt::format("plan with `min_neurons_per_layer` 1; or {}", kFill));
  if (heads == 0) {
    if (layer == 0)
      refuse(checkpoint, "layer 0 keeps no heads, and llama.cpp takes a model's first layer for one that has some",
             fmt::format("keep one of its heads; or {}", kFill));
    if (spec.attention.output.bias)
      refuse(checkpoint, fmt::format("layer {} keeps no heads but a bias of its output, which llama.cpp would not add", layer),
             kFill);
    return;
  }
  const std::vector<std::int32_t> groups = attention.kv_positions();
  for (int head = 0; head < heads; ++head)
    if (heads % kv_heads != 0 || groups[static_cast<std::size_t>(head)] != head / (heads / kv_heads))
      refuse(checkpoint,
             fmt::format("layer {} has {} query heads for {} KV heads in groups of different sizes", layer, heads, kv_heads),
             fmt::format("plan with `units` kv-group or even; or {}", kFill));
}

bool same_everywhere(const GgufShape& shape) {
  const auto same = [](const std::vector<std::int32_t>& counts) {
    return std::adjacent_find(counts.begin(), counts.end(), std::not_equal_to<>()) == counts.end();
  };
  return same(shape.heads) && same(shape.kv_heads) && same(shape.ffn);
}

bool any_output_bias(const ModelSpec& spec) {
  return std::any_of(spec.layers.begin(), spec.layers.end(), [](const auto& layer) { return layer.attention.output.bias; });
}

// llama.cpp has the queries of Qwen2 as wide as the hidden states, so that `deci` carries a Qwen2 with fewer heads.
std::string architecture_of(const Checkpoint& checkpoint, const GgufShape& shape) {
  const ModelSpec& spec = checkpoint.spec();
  const bool uniform = same_everywhere(shape);
  if (spec.model_type == "qwen3") {
    if (!uniform)
      refuse(checkpoint,
             "layers differ in heads or neurons, and llama.cpp's architecture for such models has no norms of queries and keys",
             fmt::format("prune with `uniform`; or {}", kFill));
    if (any_output_bias(spec)) refuse(checkpoint, "llama.cpp's Qwen3 has no biases of the attention's output", "");
    return "qwen3";
  }
  if (!uniform) return "deci";
  if (spec.model_type == "qwen2") return shape.heads.front() * shape.head_dim == spec.hidden ? "qwen2" : "deci";
  return "llama";
}

}  // namespace

GgufShape gguf_shape(const Checkpoint& checkpoint) {
  check_family(checkpoint);
  check_rotation(checkpoint);
  GgufShape shape;
  for (int layer = 0; layer < checkpoint.spec().layer_count(); ++layer) {
    check_layer(checkpoint, layer);
    const SiteLayout& attention = checkpoint.spec().layout.attention(layer);
    shape.heads.push_back(attention.count());
    shape.kv_heads.push_back(attention.count() == 0 ? 0 : attention.kv_count());
    shape.ffn.push_back(checkpoint.spec().layout.ffn(layer).count());
    if (layer == 0) shape.head_dim = attention.unit_size;
    check(attention.unit_size == shape.head_dim, "heads of different sizes in the layers of a decoder");
  }
  shape.architecture = architecture_of(checkpoint, shape);
  shape.interleaved = shape.architecture == "llama" || shape.architecture == "deci";
  return shape;
}

}  // namespace hies::exports
