#include "hies/export/onnx_graph.h"

#include <cstring>
#include <span>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "hies/base/error.h"
#include "hies/formats/float_conversion.h"

namespace hies::exports {

using formats::DType;

std::string OnnxGraph::node_name(std::string_view op) {
  const std::string name = prefix_ + std::string(op);
  const int before = used_[name]++;
  return before == 0 ? name : fmt::format("{}_{}", name, before);
}

Value OnnxGraph::add(std::string_view op, Values inputs, Attributes attributes, std::string_view domain) {
  return add_many(1, op, std::move(inputs), std::move(attributes), domain).front();
}

Values OnnxGraph::add_many(std::size_t results, std::string_view op, Values inputs, Attributes attributes,
                           std::string_view domain) {
  const std::string name = node_name(op);
  Values outputs;
  for (std::size_t i = 0; i < results; ++i) outputs.push_back(fmt::format("{}_output_{}", name, i));
  add_node({std::string(op), std::move(inputs), outputs, std::move(attributes), name, std::string(domain)});
  return outputs;
}

void OnnxGraph::add_output(std::string_view op, Values inputs, const formats::OnnxValue& output, Attributes attributes) {
  add_node({std::string(op), std::move(inputs), {output.name}, std::move(attributes), node_name(op)});
  model_.outputs.push_back(output);
}

Value OnnxGraph::input(formats::OnnxValue value) {
  model_.inputs.push_back(std::move(value));
  return model_.inputs.back().name;
}

Value OnnxGraph::tensor(formats::TensorSource source) {
  Value name = source.name;
  if (tensors_.insert(name).second) model_.tensors.push_back(std::move(source));
  return name;
}

Value OnnxGraph::bytes_constant(const std::string& name, DType dtype, Integers shape, std::vector<std::byte> bytes) {
  return tensor({name, dtype, std::move(shape), 0, [bytes = std::move(bytes)](const auto& sink) { sink(bytes); }});
}

Value OnnxGraph::integers(const Integers& values) {
  const auto bytes = std::as_bytes(std::span(values));
  return bytes_constant(fmt::format("integers.{}", fmt::join(values, ".")), DType::int64,
                        {static_cast<std::int64_t>(values.size())}, {bytes.begin(), bytes.end()});
}

Value OnnxGraph::integer(std::int64_t value) {
  const auto bytes = std::as_bytes(std::span(&value, 1));
  return bytes_constant(fmt::format("integer.{}", value), DType::int64, {}, {bytes.begin(), bytes.end()});
}

Value OnnxGraph::number_of(double value, DType dtype) {
  const auto rounded = static_cast<float>(value);
  std::vector<std::byte> bytes(formats::element_bytes(dtype));
  formats::from_float(std::span(&rounded, 1), dtype, bytes.data());
  return bytes_constant(fmt::format("{}.{:.9g}", formats::display_name(dtype), rounded), dtype, {}, std::move(bytes));
}

Value OnnxGraph::cast(const Value& value, DType to) { return add("Cast", {value}, {{"to", formats::onnx_type(to)}}); }

Value OnnxGraph::shape(const Value& value, std::int64_t begin, std::int64_t end) {
  return add("Shape", {value}, {{"start", begin}, {"end", end}});
}

Value OnnxGraph::slice(const Value& value, std::int64_t axis, std::int64_t begin, std::int64_t end) {
  return add("Slice", {value, integers({begin}), integers({end}), integers({axis})});
}

}  // namespace hies::exports
