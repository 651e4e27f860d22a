#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hies/arch/checkpoint.h"
#include "hies/formats/gguf_writer.h"

namespace hies::exports {

// The weights of a checkpoint as tensors of a GGUF file. They stream as Weights does (weights.h), and throw bad_input for NaN,
// infinity, and numbers that float16 cannot hold. The checkpoint must outlive them.
class GgufTensors {
 public:
  // `type`: of matrices. Vectors are always f32, as llama.cpp wants them.
  GgufTensors(const arch::Checkpoint& checkpoint, formats::GgufType type) : checkpoint_(checkpoint), type_(type) {}

  // Adds the tensor of a canonical name under the file's `name`. Rows of a matrix that have no whole blocks are stored as f16.
  // `order`: which row stands at each place; empty: as they are.
  void add(const std::string& name, const std::string& canonical, std::vector<std::int64_t> order = {});
  // Adds a vector of numbers.
  void add_numbers(const std::string& name, std::vector<float> values);

  std::vector<formats::GgufTensor> take() { return std::move(tensors_); }
  // Returns how many matrices are f16 because their rows have no whole blocks.
  int without_blocks() const noexcept { return without_blocks_; }

 private:
  const arch::Checkpoint& checkpoint_;
  formats::GgufType type_;
  std::vector<formats::GgufTensor> tensors_;
  int without_blocks_ = 0;
};

// Returns the order in which llama.cpp's interleaved rotation wants the rows of queries or keys: it rotates neighbours, while the
// checkpoint has the two halves of each head's pairs behind each other.
std::vector<std::int64_t> interleaved_rows(int heads, int head_dim);

}  // namespace hies::exports
