#pragma once

#include <cstdint>

namespace hies::kernels {

// Element type of queries, keys, values, outputs and their gradients. Row statistics (lse, head_inner) are float64 for float64
// and float32 otherwise.
enum class DType { float32, bfloat16, float64 };

// Elements of the largest head.
inline constexpr std::int64_t kMostHeadDim = 256;

// A view of rows of tokens with one vector of D elements per head: element d of head h of token t stands at
// data[t·token_stride + h·head_stride + d]; strides count elements. data null: absent.
struct Strided {
  void* data = nullptr;
  std::int64_t token_stride = 0;
  std::int64_t head_stride = 0;
};

// One attention over B packed sequences: sequence b has the query tokens query_offsets[b] … query_offsets[b+1]-1 and the key
// tokens key_offsets[b] … key_offsets[b+1]-1. Queries are the last tokens of their keys: query i of T sees as position
// S − T + i (matters for `causal` and `window` only). All pointers are read only and outlive the call.
struct AttentionShape {
  std::int64_t sequences = 0;                   // B
  const std::int64_t* query_offsets = nullptr;  // [B+1], ascending, from 0
  const std::int64_t* key_offsets = nullptr;    // [B+1], ascending, from 0
  std::int64_t heads = 0;                       // H query heads
  std::int64_t kv_heads = 0;                    // K key/value heads
  const std::int32_t* kv_of_head = nullptr;     // [H] which KV head a query head reads, 0 … K−1
  std::int64_t head_dim = 0;                    // D, 1 … kMostHeadDim
  double scale = 1;                             // of the logits: scale · q·k
  bool causal = false;                          // a query at position p sees keys 0 … p
  std::int64_t window = 0;  // > 0: and of these only the last `window` (Mistral's sliding window); needs causal
  DType dtype = DType::float32;
};

// out[t,h] = softmax(scale · q kᵀ) v, row by row; no T×S matrix is kept.
struct AttentionForward {
  Strided q, k, v;  // [Tq,H,D], [Tk,K,D], [Tk,K,D]
  Strided out;      // [Tq,H,D]; absent: only statistics are computed, and v may be absent too
  const std::uint8_t* skip_head =
      nullptr;          // [H] 1: the head is not computed, its out is 0, lse −inf, entropy untouched; null: none
  void* lse = nullptr;  // [Tq,H] ln Σ exp(logit) in nats; null: not wanted
  // Sum over the sequence's queries that see at least 2 keys of H(p)/ln(keys seen), each 0…1; added to [B,H]. Null: not wanted.
  double* entropy = nullptr;
  std::int64_t* entropy_queries = nullptr;  // [B] how many such queries; written, null: not wanted
};
void attention_forward(const AttentionShape& shape, const AttentionForward& arguments);

// How many queries of each sequence see at least 2 keys: AttentionForward::entropy_queries.
void count_entropy_queries(const AttentionShape& shape, std::int64_t* counts);

// Gradients of a loss by q, k, v from its gradient by out. Rows of p are computed again from lse.
struct AttentionBackward {
  Strided q, k, v, out, dout;
  const void* lse = nullptr;                // [Tq,H] from the forward pass
  const std::uint8_t* skip_head = nullptr;  // [H] as in the forward pass: such heads get zero gradients and inner products
  Strided dq, dk, dv;                       // overwritten; each may be absent and is then not computed
  void* head_inner = nullptr;               // [Tq,H] ⟨dout, out⟩, the D_t of FlashAttention's backward; null: not wanted
};
// With dq, dk and dv absent, q, k, v and lse may be absent: only head_inner is computed.
void attention_backward(const AttentionShape& shape, const AttentionBackward& arguments);

// Sets the threads that one call may use and returns what was set before; 0: as many as OpenMP gives (OMP_NUM_THREADS, else one per
// core). Results do not depend on it.
int set_threads(int threads);

}  // namespace hies::kernels
