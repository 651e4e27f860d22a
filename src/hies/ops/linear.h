#pragma once

#include <functional>
#include <memory>

#include <ATen/ATen.h>

namespace hies::ops {

class Offload;

// y = x Wᵀ + b over the rows of x, with frozen weights: the backward pass gives the gradient of x only.
// float32 and bfloat16 run on oneDNN with prepacked weights, which is about a tenth faster than MKL or weights as they are stored
// (docs/performance.md). A weight is prepacked when it is first needed, once for each direction.
class Linear {
 public:
  // Returns the weight [out, in] in the computation dtype. It is called when the weight is prepacked, so that no copy in its usual order
  // stays in memory.
  using Make = std::function<at::Tensor()>;
  // Gives back the memory that the weight was read from, which is not needed for a while.
  using Release = std::function<void()>;

  // Whether a prepacked weight stays in memory for the next product of its direction. Else every product prepacks it again, or reads it
  // as it is stored where that costs little and gives the same bits (bfloat16 with AVX-512 but without AMX).
  // On a GPU both directions read one tensor, as it is stored: `one_copy`. It stays there, or comes from `offload` when it is used.
  struct Keep {
    bool forward = true, backward = true, one_copy = false;
    std::shared_ptr<Offload> offload = nullptr;
  };
  // While one lives, weights that do not stay for the backward pass do not stay for the forward pass either: the file's pages, which
  // both passes read, need the memory.
  class BothDirections {
   public:
    BothDirections() noexcept;
    ~BothDirections();
    BothDirections(const BothDirections&) = delete;
    BothDirections& operator=(const BothDirections&) = delete;
  };

  Linear() = default;
  // `bias`: [out], or undefined. `release` is called after each time that `weight` was.
  Linear(
      Make weight, at::Tensor bias, Release release = [] {}, Keep keep = {true, true, false, nullptr});

  at::Tensor operator()(const at::Tensor& x) const;

  // Returns the gradient by x from that by y.
  at::Tensor gradient(const at::Tensor& of_output) const;

  // Adds that to `sum`.
  void add_gradient(const at::Tensor& of_output, at::Tensor& sum) const;

  at::Tensor weight() const;  // calls Make
  void release() const;
  const at::Tensor& bias() const noexcept;
  Keep keep() const noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared by copies
};

}  // namespace hies::ops
