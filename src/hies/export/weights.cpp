#include "hies/export/weights.h"

#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "hies/base/error.h"
#include "hies/formats/float_conversion.h"

namespace hies::exports {
namespace {

using formats::ByteSink;
using formats::DType;
using formats::TensorSource;
using formats::TensorView;

// A part of a stored tensor, seen as a matrix: `rows` rows of `columns` elements, which begin `stride` elements apart.
struct Block {
  std::size_t first = 0;  // element at which the first row begins
  std::size_t rows = 0, columns = 0, stride = 0;

  std::size_t elements() const noexcept { return rows * columns; }
  std::size_t row(std::size_t index) const noexcept { return first + index * stride; }
};

// Writes numbers in the wanted dtype.
class Converted {
 public:
  Converted(DType dtype, const ByteSink& sink) : dtype_(dtype), sink_(sink) {}
  void send(std::span<const float> values) {
    bytes_.resize(values.size() * formats::element_bytes(dtype_));
    formats::from_float(values, dtype_, bytes_.data());
    sink_(bytes_);
  }

 private:
  DType dtype_;
  const ByteSink& sink_;
  std::vector<std::byte> bytes_;
};

void give_back(const TensorView& view) {
  if (view.mapping != nullptr) view.mapping->set_aside(view.bytes);
}

// Sends the elements row after row.
void send_rows(const TensorView& view, const Block& block, DType dtype, const ByteSink& sink) {
  const bool connected = block.columns == block.stride || block.rows <= 1;
  const std::size_t runs = connected ? 1 : block.rows, length = connected ? block.elements() : block.columns;
  Converted converted(dtype, sink);
  std::vector<float> values;
  for (std::size_t run = 0; run < runs; ++run) {
    for (std::size_t at = 0; at < length;) {
      values.resize(std::min(length - at, kWeightPiece / sizeof(float)));
      formats::check_finite(view, block.row(run) + at, values.size());
      formats::to_float(view, block.row(run) + at, values);
      converted.send(values);
      at += values.size();
    }
  }
  give_back(view);
}

// Sends the elements column after column. So many columns are collected at a time as fit into a piece, of a few rows at a time, whose
// lines stay in the cache while their elements are put into their places.
void send_columns(const TensorView& view, const Block& block, DType dtype, const ByteSink& sink) {
  constexpr std::size_t kRows = 16;
  const std::size_t width =
      std::clamp<std::size_t>(kWeightPiece / sizeof(float) / std::max<std::size_t>(block.rows, 1), kRows, block.columns + kRows);
  Converted converted(dtype, sink);
  std::vector<float> values, lines;
  for (std::size_t begin = 0; begin < block.columns; begin += width) {
    const std::size_t count = std::min(width, block.columns - begin);
    values.resize(count * block.rows);
    lines.resize(count * kRows);
    for (std::size_t top = 0; top < block.rows; top += kRows) {
      const std::size_t some = std::min(kRows, block.rows - top);
      for (std::size_t row = 0; row < some; ++row) {
        const std::size_t from = block.row(top + row) + begin;
        formats::check_finite(view, from, count);
        formats::to_float(view, from, std::span(lines).subspan(row * count, count));
      }
      for (std::size_t column = 0; column < count; ++column)
        for (std::size_t row = 0; row < some; ++row) values[column * block.rows + top + row] = lines[row * count + column];
    }
    converted.send(values);
  }
  give_back(view);
}

// The result of either: how its bytes are sent, under the canonical name.
TensorSource source(const std::string& name, const TensorView& view, DType dtype, std::vector<std::int64_t> shape, Block block,
                    bool transposed) {
  return {name, dtype, std::move(shape), view.file, [&view, block, dtype, transposed](const ByteSink& sink) {
            if (transposed) send_columns(view, block, dtype, sink);
            else send_rows(view, block, dtype, sink);
          }};
}

std::int64_t last_axis(const TensorView& view) { return view.shape.empty() ? 1 : view.shape.back(); }
std::size_t size(std::int64_t count) { return static_cast<std::size_t>(count); }

}  // namespace

const TensorView& Weights::view(const std::string& tensor) const {
  const TensorView* found = checkpoint_.find(tensor);
  check(found != nullptr, "an export of tensor " + tensor + ", which the checkpoint lacks");
  return *found;
}

TensorSource Weights::whole(const std::string& tensor) const {
  const TensorView& view = this->view(tensor);
  const std::size_t elements = size(view.elements());
  return source(tensor, view, dtype_, view.shape, {0, 1, elements, elements}, false);
}

TensorSource Weights::rows(const std::string& tensor, std::int64_t first, std::int64_t count) const {
  const TensorView& view = this->view(tensor);
  const std::size_t width = size(last_axis(view));
  return source(tensor, view, dtype_, {count, last_axis(view)}, {size(first) * width, size(count), width, width}, false);
}

TensorSource Weights::columns(const std::string& tensor, std::int64_t first, std::int64_t count) const {
  const TensorView& view = this->view(tensor);
  const std::size_t width = size(last_axis(view));
  return source(tensor, view, dtype_, {last_axis(view), count}, {size(first) * width, size(count), width, width}, true);
}

TensorSource Weights::matrix(const model::MatrixSpec& matrix) const {
  const std::string name = matrix.name + ".weight";
  const TensorView& view = this->view(name);
  check(view.shape.size() == 2, "a matrix of other than two axes");
  const std::int64_t together = view.shape[matrix.inputs_first ? 1 : 0], inputs = view.shape[matrix.inputs_first ? 0 : 1];
  const std::int64_t outputs = together / matrix.parts, first = matrix.part * outputs;
  TensorSource result = matrix.inputs_first ? source(name, view, dtype_, {inputs, outputs},
                                                     {size(first), size(inputs), size(outputs), size(together)}, false)
                                            : columns(name, first, outputs);
  if (matrix.parts > 1) result.name = fmt::format("{}.{}.weight", matrix.name, matrix.part);
  return result;
}

TensorSource Weights::bias(const model::MatrixSpec& matrix) const {
  const std::string name = matrix.name + ".bias";
  const TensorView& view = this->view(name);
  const std::int64_t outputs = view.elements() / matrix.parts;
  TensorSource result =
      source(name, view, dtype_, {outputs}, {size(matrix.part * outputs), 1, size(outputs), size(outputs)}, false);
  if (matrix.parts > 1) result.name = fmt::format("{}.{}.bias", matrix.name, matrix.part);
  return result;
}

}  // namespace hies::exports
