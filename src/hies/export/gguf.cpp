#include "hies/export/gguf.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

#include <fmt/format.h>

#include "hies/base/error.h"
#include "hies/export/gguf_shape.h"
#include "hies/export/gguf_tensors.h"
#include "hies/export/gguf_tokenizer.h"
#include "hies/formats/gguf_writer.h"

namespace hies::exports {
namespace {

using arch::Checkpoint;
using formats::DType;
using formats::GgufType;
using formats::GgufValue;
using model::MatrixSpec;
using model::ModelSpec;

std::optional<GgufType> named_type(const std::string& name) {
  if (name == "f32" || name == "float32") return GgufType::f32;
  if (name == "f16" || name == "float16") return GgufType::f16;
  if (name == "bf16" || name == "bfloat16") return GgufType::bf16;
  if (name == "q8_0") return GgufType::q8_0;
  return std::nullopt;
}

GgufType type_of(const Checkpoint& checkpoint, const GgufOptions& options) {
  if (options.dtype != "auto") return *named_type(options.dtype);
  const DType stored = checkpoint.find(checkpoint.spec().text.word + ".weight")->dtype;
  if (stored == DType::float16) return GgufType::f16;
  return stored == DType::bfloat16 ? GgufType::bf16 : GgufType::f32;
}

// llama.cpp's number of the type that most tensors have.
std::uint32_t file_type(GgufType type) {
  switch (type) {
    case GgufType::f32: return 0;
    case GgufType::f16: return 1;
    case GgufType::q8_0: return 7;
    case GgufType::bf16: return 32;
  }
  return 0;
}

// The longest text for which the windows of attention change nothing: llama.cpp's architectures have none.
int context_of(const ModelSpec& spec) {
  int context = spec.positions;
  for (const model::LayerSpec& layer : spec.layers)
    if (layer.attention.window > 0) context = std::min(context, layer.attention.window);
  return context;
}

// What LLaMA 3.1 divides the frequency of each pair by, so that long waves are stretched (transformers,
// _compute_llama3_parameters).
std::vector<float> frequency_divisors(const model::Rope& rope, int head_dim) {
  const double longest = rope.original_positions / rope.low_freq_factor,
               shortest = rope.original_positions / rope.high_freq_factor;
  std::vector<float> divisors;
  for (int i = 0; i < head_dim; i += 2) {
    const double wave = 2 * std::numbers::pi * std::pow(rope.theta, static_cast<double>(i) / head_dim);
    const double share = (rope.original_positions / wave - rope.low_freq_factor) / (rope.high_freq_factor - rope.low_freq_factor);
    const double between = 1 / ((1 - share) / rope.factor + share);
    divisors.push_back(static_cast<float>(wave < shortest ? 1 : wave > longest ? rope.factor : between));
  }
  return divisors;
}

class Writer {
 public:
  Writer(const Checkpoint& checkpoint, GgufType type)
      : checkpoint_(checkpoint),
        spec_(checkpoint.spec()),
        type_(type),
        shape_(gguf_shape(checkpoint)),
        tensors_(checkpoint, type) {}

  formats::GgufModel model() {
    std::vector<std::pair<std::string, GgufValue>> tokenizer = gguf_tokenizer(checkpoint_);
    add_general();
    add_numbers();
    add_rotation();
    std::move(tokenizer.begin(), tokenizer.end(), std::back_inserter(metadata_));
    add_tensors();
    return {std::move(metadata_), tensors_.take()};
  }
  const std::string& architecture() const { return shape_.architecture; }

  std::vector<std::string> notes() const {
    std::vector<std::string> notes;
    if (tensors_.without_blocks() > 0)
      notes.push_back(fmt::format("{} matrices are f16: their rows are no multiple of the 32 numbers that q8_0 stores together",
                                  tensors_.without_blocks()));
    if (const int context = context_of(spec_); context < spec_.positions)
      notes.push_back(fmt::format("context_length is {}, the window of its attention, which llama.cpp does not have", context));
    return notes;
  }

 private:
  void add(const std::string& key, GgufValue value) { metadata_.emplace_back(key, std::move(value)); }
  void of_model(const std::string& key, GgufValue value) { add(shape_.architecture + "." + key, std::move(value)); }
  void of_model(const std::string& key, int value) { of_model(key, GgufValue(static_cast<std::uint32_t>(value))); }
  // One number where the layers are equal. `deci` reads both, and programs that list models show the number.
  void of_layers(const std::string& key, const std::vector<std::int32_t>& counts) {
    const bool same = std::equal(counts.begin() + 1, counts.end(), counts.begin());
    of_model(key, same ? GgufValue(static_cast<std::uint32_t>(counts.front())) : GgufValue(counts));
  }

  void add_general() {
    add("general.architecture", shape_.architecture);
    add("general.type", std::string("model"));
    const std::filesystem::path folder = std::filesystem::absolute(checkpoint_.folder()).lexically_normal();
    add("general.name", (folder.has_filename() ? folder.filename() : folder.parent_path().filename()).string());
    add("general.file_type", file_type(type_));
    add("general.quantization_version", std::uint32_t{2});
    add("hies.source_hash", checkpoint_.hash());
  }

  void add_numbers() {
    of_model("block_count", spec_.layer_count());
    of_model("context_length", context_of(spec_));
    of_model("embedding_length", spec_.hidden);
    of_model("vocab_size", spec_.text.vocabulary);
    of_layers("feed_forward_length", shape_.ffn);
    of_layers("attention.head_count", shape_.heads);
    of_layers("attention.head_count_kv", shape_.kv_heads);
    of_model("attention.key_length", shape_.head_dim);
    of_model("attention.value_length", shape_.head_dim);
    of_model("attention.layer_norm_rms_epsilon", GgufValue(static_cast<float>(spec_.final_norm->epsilon)));
  }

  void add_rotation() {
    const model::Rope& rope = spec_.rope;
    of_model("rope.dimension_count", shape_.head_dim);
    of_model("rope.freq_base", GgufValue(static_cast<float>(rope.theta)));
    if (rope.kind == model::RopeKind::llama3)
      tensors_.add_numbers("rope_freqs.weight", frequency_divisors(rope, shape_.head_dim));
    if (rope.kind != model::RopeKind::linear && rope.kind != model::RopeKind::yarn) return;
    of_model("rope.scaling.type", GgufValue(std::string(rope.kind == model::RopeKind::yarn ? "yarn" : "linear")));
    of_model("rope.scaling.factor", GgufValue(static_cast<float>(rope.factor)));
    if (rope.kind == model::RopeKind::yarn)
      of_model("rope.scaling.original_context_length", static_cast<int>(rope.original_positions));
  }

  void matrix(const std::string& name, const MatrixSpec& matrix, const std::vector<std::int64_t>& order = {}) {
    tensors_.add(name + ".weight", matrix.name + ".weight", order);
    if (matrix.bias) tensors_.add(name + ".bias", matrix.name + ".bias", order);
  }
  void norm(const std::string& name, const model::NormSpec& norm) { tensors_.add(name + ".weight", norm.name + ".weight"); }

  void add_attention(const std::string& layer, const model::AttentionSpec& attention, int heads, int kv_heads) {
    const auto rows = [&](int count) {
      return shape_.interleaved ? interleaved_rows(count, shape_.head_dim) : std::vector<std::int64_t>();
    };
    norm(layer + "attn_norm", attention.norm);
    matrix(layer + "attn_q", attention.query, rows(heads));
    matrix(layer + "attn_k", attention.key, rows(kv_heads));
    matrix(layer + "attn_v", attention.value);
    matrix(layer + "attn_output", attention.output);
    if (attention.query_norm) norm(layer + "attn_q_norm", *attention.query_norm);
    if (attention.key_norm) norm(layer + "attn_k_norm", *attention.key_norm);
  }

  void add_tensors() {
    tensors_.add("token_embd.weight", spec_.text.word + ".weight");
    for (int index = 0; index < spec_.layer_count(); ++index) {
      const std::string layer = fmt::format("blk.{}.", index);
      const auto at = static_cast<std::size_t>(index);
      // llama.cpp refuses tensors that it does not ask for, such as the norm of a layer without heads.
      if (shape_.heads[at] > 0) add_attention(layer, spec_.layer(index).attention, shape_.heads[at], shape_.kv_heads[at]);
      const model::FfnSpec& ffn = spec_.layer(index).ffn;
      norm(layer + "ffn_norm", ffn.norm);
      matrix(layer + "ffn_gate", *ffn.gate);
      matrix(layer + "ffn_up", ffn.up);
      matrix(layer + "ffn_down", ffn.down);
    }
    norm("output_norm", *spec_.final_norm);
    if (!spec_.head.tied && !spec_.head.classifiers.empty()) matrix("output", spec_.head.classifiers.front());
  }

  const Checkpoint& checkpoint_;
  const ModelSpec& spec_;
  GgufType type_;
  GgufShape shape_;
  GgufTensors tensors_;
  std::vector<std::pair<std::string, GgufValue>> metadata_;
};

}  // namespace

void check_options(const GgufOptions& options) {
  if (options.dtype != "auto" && !named_type(options.dtype))
    bad_input("`dtype` is '{}', but it must be auto, f32, f16, bf16 or q8_0", printable(options.dtype));
}

GgufFile write_gguf(const Checkpoint& checkpoint, const GgufOptions& options, const std::filesystem::path& path, bool force,
                    Progress& progress) {
  check_options(options);
  const GgufType type = type_of(checkpoint, options);
  Writer writer(checkpoint, type);
  const formats::GgufModel model = writer.model();
  const std::uint64_t bytes = formats::write_gguf(path, model, force, progress);
  return {writer.architecture(), std::string(gguf_type_name(type)), static_cast<std::int64_t>(bytes), writer.notes()};
}

}  // namespace hies::exports
