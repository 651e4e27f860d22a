#include "hies/model/tensors.h"

#include <fmt/format.h>

#include "hies/base/error.h"

namespace hies::model {
namespace {

// Declares tensors in the order in which a forward pass reads them.
class Declarations {
 public:
  explicit Declarations(const ModelSpec& spec) : spec_(spec) {}

  std::vector<TensorDecl> all() {
    if (spec_.reads_images()) embed_images();
    else embed_text();
    for (layer_ = 0; layer_ < spec_.layer_count(); ++layer_) declare_layer(spec_.layer(layer_));
    layer_ = -1;
    if (spec_.final_norm) norm(*spec_.final_norm, spec_.hidden);
    task_head();
    return std::move(all_);
  }

 private:
  void vector(const std::string& name, std::int64_t size) { add(name, {size}, TensorUse::lookup); }
  void add(const std::string& name, std::vector<std::int64_t> shape, TensorUse use) {
    all_.push_back({name, std::move(shape), use, layer_, in_head_});
  }
  void table(const std::string& name, std::int64_t rows, TensorUse use = TensorUse::lookup) {
    add(name + ".weight", {rows, spec_.hidden}, use);
  }
  void norm(const NormSpec& norm, std::int64_t size) {
    vector(norm.name + ".weight", size);
    if (norm.kind == NormKind::layer_norm) vector(norm.name + ".bias", size);
  }
  void matrix(const MatrixSpec& matrix, std::int64_t outputs, std::int64_t inputs, TensorUse use = TensorUse::per_token) {
    if (matrix.part > 0) return;  // declared with part 0
    const std::int64_t together = outputs * matrix.parts;
    add(matrix.name + ".weight", matrix.inputs_first ? std::vector{inputs, together} : std::vector{together, inputs}, use);
    if (matrix.bias) vector(matrix.name + ".bias", together);
  }

  void embed_text() {
    const TextSpec& text = spec_.text;
    // As output matrix the table is multiplied with every token.
    table(text.word, text.vocabulary, spec_.head.tied ? TensorUse::per_token : TensorUse::lookup);
    if (!text.position.empty()) table(text.position, spec_.positions + text.position_offset);
    if (!text.token_type.empty()) table(text.token_type, text.token_types);
    if (text.norm) norm(*text.norm, spec_.hidden);
  }

  void embed_images() {
    const VisionSpec& vision = spec_.vision;
    for (const std::string& token : vision.leading) add(token, {1, 1, spec_.hidden}, TensorUse::lookup);
    add(vision.position, {1, spec_.positions, spec_.hidden}, TensorUse::lookup);
    add(vision.patches.name + ".weight", {spec_.hidden, vision.channels, vision.patch_height, vision.patch_width},
        TensorUse::per_token);
    if (vision.patches.bias) vector(vision.patches.name + ".bias", spec_.hidden);
  }

  void declare_layer(const LayerSpec& layer) {
    attention(layer.attention, spec_.layout.attention(layer_));
    ffn(layer.ffn, spec_.layout.ffn(layer_).width());
  }

  void attention(const AttentionSpec& attention, const SiteLayout& heads) {
    if (spec_.norm_order == NormOrder::pre) norm(attention.norm, spec_.hidden);
    matrix(attention.query, heads.width(), spec_.hidden);
    matrix(attention.key, heads.kv_width(), spec_.hidden);
    matrix(attention.value, heads.kv_width(), spec_.hidden);
    matrix(attention.output, spec_.hidden, heads.width());
    for (const auto& each : {attention.query_norm, attention.key_norm})
      if (each) norm(*each, heads.unit_size);
    if (!attention.scale.empty()) vector(attention.scale, spec_.hidden);
    if (spec_.norm_order == NormOrder::post) norm(attention.norm, spec_.hidden);
  }

  void ffn(const FfnSpec& ffn, std::int64_t width) {
    if (spec_.norm_order == NormOrder::pre) norm(ffn.norm, spec_.hidden);
    if (ffn.gate) matrix(*ffn.gate, width, spec_.hidden);
    matrix(ffn.up, width, spec_.hidden);
    matrix(ffn.down, spec_.hidden, width);
    if (!ffn.scale.empty()) vector(ffn.scale, spec_.hidden);
    if (spec_.norm_order == NormOrder::post) norm(ffn.norm, spec_.hidden);
  }

  void task_head() {
    const TaskHeadSpec& head = spec_.head;
    if (head.tied) return;  // the table of word embeddings
    in_head_ = true;
    for (const TaskHeadSpec::Dense& dense : head.dense) matrix(dense.matrix, spec_.hidden, spec_.hidden, TensorUse::per_example);
    const std::int64_t inputs = std::int64_t{head.pooling == Pooling::first_and_mean ? 2 : 1} * spec_.hidden;
    for (const MatrixSpec& classifier : head.classifiers)
      matrix(classifier, spec_.outputs(), inputs,
             spec_.problem == Problem::causal_lm ? TensorUse::per_token : TensorUse::per_example);
  }

  const ModelSpec& spec_;
  std::vector<TensorDecl> all_;
  int layer_ = -1;
  bool in_head_ = false;
};

// Collects slices of one unit.
class Slices {
 public:
  // Outputs begin … end-1 of a matrix with so many outputs, and of its bias.
  void outputs(const MatrixSpec& matrix, std::int64_t width, std::int64_t begin, std::int64_t end, SliceRole role) {
    const std::int64_t before = matrix.part * width;
    all.push_back({matrix.name + ".weight", matrix.inputs_first ? 1 : 0, before + begin, before + end, role});
    if (matrix.bias) all.push_back({matrix.name + ".bias", 0, before + begin, before + end, role});
  }
  void inputs(const MatrixSpec& matrix, std::int64_t begin, std::int64_t end, SliceRole role) {
    all.push_back({matrix.name + ".weight", matrix.inputs_first ? 0 : 1, begin, end, role});
  }
  std::vector<Slice> all;
};

}  // namespace

std::vector<TensorDecl> tensors(const ModelSpec& spec) { return Declarations(spec).all(); }

std::vector<Slice> unit_slices(const ModelSpec& spec, Site site, int position) {
  const SiteLayout& units = spec.layout.at(site);
  const std::int64_t begin = std::int64_t{position} * units.unit_size, end = begin + units.unit_size;
  Slices slices;
  if (site.kind == SiteKind::ffn) {
    const FfnSpec& ffn = spec.layer(site.layer).ffn;
    if (ffn.gate) slices.outputs(*ffn.gate, units.width(), begin, end, SliceRole::gate);
    slices.outputs(ffn.up, units.width(), begin, end, SliceRole::up);
    slices.inputs(ffn.down, begin, end, SliceRole::down);
    return slices.all;
  }
  check(site.kind == SiteKind::attention, "slices of a kind of site that no family has");
  const AttentionSpec& attention = spec.layer(site.layer).attention;
  slices.outputs(attention.query, units.width(), begin, end, SliceRole::query);
  if (!units.grouped()) {
    slices.outputs(attention.key, units.width(), begin, end, SliceRole::key);
    slices.outputs(attention.value, units.width(), begin, end, SliceRole::value);
  }
  slices.inputs(attention.output, begin, end, SliceRole::output);
  return slices.all;
}

std::vector<Slice> kv_slices(const ModelSpec& spec, Site site, int position) {
  const SiteLayout& units = spec.layout.at(site);
  Slices slices;
  if (!units.grouped()) return slices.all;
  const AttentionSpec& attention = spec.layer(site.layer).attention;
  const std::int64_t begin = std::int64_t{position} * units.unit_size, end = begin + units.unit_size;
  slices.outputs(attention.key, units.kv_width(), begin, end, SliceRole::key);
  slices.outputs(attention.value, units.kv_width(), begin, end, SliceRole::value);
  return slices.all;
}

std::string stream_projection(Site site) { return fmt::format("stream.{}.{}", site.layer, site_kind_name(site.kind)); }

}  // namespace hies::model
