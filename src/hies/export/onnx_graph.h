#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hies/formats/onnx_writer.h"

namespace hies::exports {

// The name of a value of an ONNX graph: of an input, a tensor, or what a node computes.
using Value = std::string;
using Values = std::vector<Value>;
using Attributes = std::vector<formats::OnnxAttribute>;
using Integers = std::vector<std::int64_t>;

// An ONNX graph that is being made, node after node.
class OnnxGraph {
 public:
  // Nodes of a part of the model begin with its name, as long as the object exists: "/layers.0/attention/MatMul".
  class Scope {
   public:
    Scope(OnnxGraph& graph, std::string_view name) : graph_(graph), before_(graph.prefix_) {
      graph.prefix_ += std::string(name) + "/";
    }
    ~Scope() { graph_.prefix_ = before_; }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    OnnxGraph& graph_;
    std::string before_;
  };

  // Numbers in the graph are of `dtype`, float32 or float16.
  explicit OnnxGraph(formats::DType dtype) : dtype_(dtype) {}

  formats::DType dtype() const noexcept { return dtype_; }

  // Adds a node with one result and returns it.
  Value add(std::string_view op, Values inputs, Attributes attributes = {}, std::string_view domain = {});
  // Adds a node with several results.
  Values add_many(std::size_t results, std::string_view op, Values inputs, Attributes attributes = {},
                  std::string_view domain = {});
  // Adds a node whose result has this name, an output of the model.
  void add_output(std::string_view op, Values inputs, const formats::OnnxValue& output, Attributes attributes = {});

  Value input(formats::OnnxValue value);
  // Adds a tensor under its name, once. Two of one name must be the same.
  Value tensor(formats::TensorSource source);
  // Return a constant: a vector of integers, a single integer, a single number of dtype().
  Value integers(const Integers& values);
  Value integer(std::int64_t value);
  Value number(double value) { return number_of(value, dtype_); }
  // Returns a single number of another dtype.
  Value number_of(double value, formats::DType dtype);

  // Casts numbers to `to`.
  Value cast(const Value& value, formats::DType to);
  // Returns sizes `begin` … `end`-1 of a value's shape, as a vector.
  Value shape(const Value& value, std::int64_t begin, std::int64_t end);
  // Returns indices `begin` … `end`-1 along `axis`.
  Value slice(const Value& value, std::int64_t axis, std::int64_t begin, std::int64_t end);

  // Returns the model made so far, which cannot be continued.
  formats::OnnxModel take() { return std::move(model_); }

 private:
  std::string node_name(std::string_view op);
  void add_node(formats::OnnxNode node) { model_.nodes.push_back(std::move(node)); }
  Value bytes_constant(const std::string& name, formats::DType dtype, Integers shape, std::vector<std::byte> bytes);

  formats::DType dtype_;
  formats::OnnxModel model_;
  std::string prefix_ = "/";
  std::map<std::string, int> used_;  // how often a node's name was given
  std::set<std::string> tensors_;
};

}  // namespace hies::exports
