#pragma once

#include <cstdint>

namespace hies::kernels {

// The element type of queries, keys, values, outputs and their gradients. Row statistics (lse, head_inner) are float64 if it is
// float64, else float32.
enum class DType { float32, bfloat16, float64 };

// The largest supported head_dim.
inline constexpr std::int64_t kMaxHeadDim = 256;

// A view of rows of tokens with one vector of D elements per head: element d of head h of token t is
// data[t·token_stride + h·head_stride + d]. Strides count elements. If data is null, the tensor is absent.
struct Strided {
  void* data = nullptr;
  std::int64_t token_stride = 0;
  std::int64_t head_stride = 0;
};

// One attention over B packed sequences: sequence b has the query tokens query_offsets[b] … query_offsets[b+1]−1 and the key
// tokens key_offsets[b] … key_offsets[b+1]−1. Queries are the last tokens of their sequence: of T queries and S keys, query i has
// the position S − T + i, which matters for `causal` and `window` only. All pointers are only read, and have to outlive the call.
struct AttentionShape {
  std::int64_t sequences = 0;                   // B
  const std::int64_t* query_offsets = nullptr;  // [B+1], ascending, from 0
  const std::int64_t* key_offsets = nullptr;    // [B+1], ascending, from 0
  std::int64_t heads = 0;                       // H query heads
  std::int64_t kv_heads = 0;                    // K key/value heads
  const std::int32_t* kv_of_head = nullptr;     // [H] the KV head that a query head reads, 0 … K−1
  std::int64_t head_dim = 0;                    // D, 1 … kMaxHeadDim
  double scale = 1;                             // factor of the logits: scale · q·k
  bool causal = false;                          // a query at position p attends to the keys 0 … p
  std::int64_t window = 0;  // > 0: of these only to the last `window` (Mistral's sliding window); needs causal
  DType dtype = DType::float32;
};

// The arguments of out[t,h] = softmax(scale · q·kᵀ)·v. No T×S matrix is stored.
struct AttentionForward {
  Strided q, k, v;  // [Tq,H,D], [Tk,K,D], [Tk,K,D]
  Strided out;      // [Tq,H,D]; if absent, only statistics are computed, and v may be absent too
  const std::uint8_t* skip_head =
      nullptr;          // [H] 1: the head is not computed; its out is 0, its lse −inf, its entropy unchanged; null: none
  void* lse = nullptr;  // [Tq,H] ln Σ exp(logit), in nats; null: not computed
  // [B,H]: the sum of H(p)/ln n, 0 … 1, over the sequence's queries that attend to n ≥ 2 keys is added; null: not computed.
  double* entropy = nullptr;
  std::int64_t* entropy_queries = nullptr;  // [B] the number of such queries is written; null: not computed
};
// Throws internal for a shape that breaks the limits above.
void attention_forward(const AttentionShape& shape, const AttentionForward& arguments);

// Writes to counts, [B], how many queries of each sequence attend to at least 2 keys: AttentionForward::entropy_queries.
void count_entropy_queries(const AttentionShape& shape, std::int64_t* counts);

// The arguments of the gradients of a loss by q, k and v, from its gradient by out. Rows of p are computed again from lse.
struct AttentionBackward {
  Strided q, k, v, out, dout;
  const void* lse = nullptr;                // [Tq,H] from the forward pass
  const std::uint8_t* skip_head = nullptr;  // [H] as in the forward pass; such heads have zero gradients and inner products
  Strided dq, dk, dv;                       // overwritten; if absent, not computed
  void* head_inner = nullptr;  // [Tq,H] ⟨dout, out⟩, the D_t of FlashAttention's backward pass; null: not computed
};
// If dq, dk and dv are absent, only head_inner is computed, and q, k, v and lse may be absent. Throws as attention_forward.
void attention_backward(const AttentionShape& shape, const AttentionBackward& arguments);

// Sets the threads that one call may use and returns what was set before; 0: as many as OpenMP gives (OMP_NUM_THREADS, else one per
// core). Results do not depend on it.
int set_threads(int threads);

}  // namespace hies::kernels
