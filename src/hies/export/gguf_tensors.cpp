#include "hies/export/gguf_tensors.h"

#include <cmath>

#include <fmt/format.h>

#include "hies/base/error.h"
#include "hies/export/weights.h"
#include "hies/formats/float_conversion.h"

namespace hies::exports {
namespace {

using formats::ByteSink;
using formats::GgufType;
using formats::TensorView;

// The greatest magnitude that a type can hold; Q8_0's scale is a float16.
float greatest(GgufType type) {
  constexpr float kFloat16 = 65504;
  if (type == GgufType::f16) return kFloat16;
  return type == GgufType::q8_0 ? kFloat16 * 127 : std::numeric_limits<float>::max();
}

void check_range(const TensorView& view, std::span<const float> values, GgufType type) {
  const float limit = greatest(type);
  for (const float value : values)
    if (std::fabs(value) > limit)
      throw Error(
          ErrorKind::bad_input,
          fmt::format("tensor {} has the value {}, which {} cannot hold", printable(view.name), value, gguf_type_name(type)),
          "`dtype` bf16 or f32 can");
}

// Sends rows [rows, columns] in their order, as many at a time as fit into a piece.
void send(const TensorView& view, std::size_t columns, std::span<const std::int64_t> order, GgufType type, const ByteSink& sink) {
  const std::size_t rows = columns == 0 ? 0 : static_cast<std::size_t>(view.elements()) / columns;
  const std::size_t together = std::max<std::size_t>(1, kWeightPiece / sizeof(float) / std::max<std::size_t>(columns, 1));
  std::vector<float> values;
  std::vector<std::byte> bytes;
  for (std::size_t top = 0; top < rows; top += together) {
    const std::size_t count = std::min(together, rows - top);
    values.resize(count * columns);
    if (order.empty()) {
      formats::check_finite(view, top * columns, values.size());
      formats::to_float(view, top * columns, values);
    } else {
      for (std::size_t row = 0; row < count; ++row) {
        const std::size_t from = static_cast<std::size_t>(order[top + row]) * columns;
        formats::check_finite(view, from, columns);
        formats::to_float(view, from, std::span(values).subspan(row * columns, columns));
      }
    }
    check_range(view, values, type);
    bytes.resize(formats::gguf_bytes(type, values.size()));
    formats::to_gguf(values, type, bytes.data());
    sink(bytes);
  }
  if (view.mapping != nullptr) view.mapping->set_aside(view.bytes);
}

}  // namespace

void GgufTensors::add(const std::string& name, const std::string& canonical, std::vector<std::int64_t> order) {
  const TensorView* view = checkpoint_.find(canonical);
  check(view != nullptr, "an export of tensor " + canonical + ", which the checkpoint lacks");
  const bool matrix = view->shape.size() == 2;
  const std::int64_t row = matrix ? view->shape[1] : 1;
  check(order.empty() || static_cast<std::int64_t>(order.size()) * row == view->elements(), "an order of other rows");
  GgufType type = matrix ? type_ : GgufType::f32;
  if (!formats::fits_gguf_type(type, row)) {
    type = GgufType::f16;
    ++without_blocks_;
  }
  tensors_.push_back({name, type, view->shape, [view, row, order = std::move(order), type](const ByteSink& sink) {
                        send(*view, static_cast<std::size_t>(row), order, type, sink);
                      }});
}

void GgufTensors::add_numbers(const std::string& name, std::vector<float> values) {
  const auto count = static_cast<std::int64_t>(values.size());
  tensors_.push_back({name, GgufType::f32, {count}, [values = std::move(values)](const ByteSink& sink) {
                        sink(std::as_bytes(std::span(values)));
                      }});
}

std::vector<std::int64_t> interleaved_rows(int heads, int head_dim) {
  std::vector<std::int64_t> order;
  for (std::int64_t head = 0; head < heads; ++head)
    for (std::int64_t row = 0; row < head_dim; ++row) order.push_back(head * head_dim + row % 2 * (head_dim / 2) + row / 2);
  return order;
}

}  // namespace hies::exports
