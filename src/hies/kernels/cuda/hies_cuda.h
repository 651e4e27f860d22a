#ifndef HIES_KERNELS_CUDA_HIES_CUDA_H
#define HIES_KERNELS_CUDA_HIES_CUDA_H

/* The C ABI of libhies_cuda.so, the plug-in with the kernels for NVIDIA gpus (sm_80 and sm_90a). Names and shapes are those of
   kernels/attention.h. All pointers are to device memory unless said otherwise; nothing is allocated, nothing waits for the device.
   Functions return 0, or a CUDA error code, which hies_cuda_error_text names. `stream` is a cudaStream_t; null: the default one. */

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HIES_CUDA_API __attribute__((visibility("default")))

/* Grows with every change of this file: program and plug-in must agree. */
#define HIES_CUDA_ABI 4

enum hies_cuda_dtype { HIES_CUDA_FLOAT32 = 0, HIES_CUDA_BFLOAT16 = 1, HIES_CUDA_FLOAT16 = 2 };

/* Element d of head h of token t stands at data[t*token_stride + h*head_stride + d]; data null: absent. */
typedef struct hies_cuda_rows {
  void* data;
  int64_t token_stride;
  int64_t head_stride;
} hies_cuda_rows;

typedef struct hies_cuda_shape {
  int32_t dtype;           /* enum hies_cuda_dtype, of q, k, v, out and their gradients */
  int32_t tf32;            /* float32 alone: products may round their factors to TF32 */
  int32_t sequences;       /* B */
  int32_t heads, kv_heads; /* H, K */
  int32_t head_dim;        /* D, 1 ... 256 */
  int32_t causal;          /* a query at position p sees keys 0 ... p */
  int32_t window;          /* > 0: of these only the last `window`; needs causal */
  float scale;             /* of the logits */
  int32_t longest_queries; /* of a sequence */
  int32_t longest_keys;
  int64_t query_tokens;         /* Tq, of all sequences */
  const int32_t* query_offsets; /* [B+1] */
  const int32_t* key_offsets;   /* [B+1] */
  const int32_t* kv_of_head;    /* [H] */
  const uint8_t* skip_head;     /* [H] 1: left out (out, gradients and inner products 0, lse -inf); null: none */
} hies_cuda_shape;

typedef struct hies_cuda_forward {
  hies_cuda_rows q, k, v; /* [Tq,H,D], [Tk,K,D], [Tk,K,D] */
  hies_cuda_rows out;     /* [Tq,H,D]; absent: statistics only, and v may be absent too */
  float* lse;             /* [Tq,H] in nats; null: not wanted */
  float* entropy;         /* [Tq,H] H(p)/ln(keys seen), 0 where fewer than two are seen; null: not wanted */
} hies_cuda_forward;

typedef struct hies_cuda_backward {
  hies_cuda_rows q, k, v, out, dout;
  hies_cuda_rows dq, dk, dv; /* overwritten; each may be absent */
  const float* lse;          /* [Tq,H] from the forward pass */
  float* head_inner;         /* [Tq,H] <dout,out>; always written */
} hies_cuda_backward;

HIES_CUDA_API int hies_cuda_abi(void);
HIES_CUDA_API const char* hies_cuda_error_text(int error);
/* How many GPUs there are; an error where there is no driver, or none that is new enough. */
HIES_CUDA_API int hies_cuda_device_count(int* count);
/* The compute capability of a GPU, 90 for 9.0. */
HIES_CUDA_API int hies_cuda_capability(int device, int* capability);
/* Bytes of the current GPU's memory: free now, and all. */
HIES_CUDA_API int hies_cuda_memory(uint64_t* free_bytes, uint64_t* all_bytes);

HIES_CUDA_API int hies_cuda_attention_forward(const hies_cuda_shape* shape, const hies_cuda_forward* arguments, void* stream);
/* With dq, dk and dv absent only head_inner is computed, from out and dout. */
HIES_CUDA_API int hies_cuda_attention_backward(const hies_cuda_shape* shape, const hies_cuda_backward* arguments, void* stream);

/* sums[b,h] += the sum of values[t,h] over the tokens of sequence b, absolute[b,h] += that of |values| (null: not wanted). In one fixed
   order, in float64. */
HIES_CUDA_API int hies_cuda_sequence_sums(const float* values, const int32_t* offsets, int32_t sequences, int32_t heads,
                                          double* sums, double* absolute, void* stream);
/* squares[b,h] += the sum over the tokens of sequence b of the squares of rows[t,h,:]. */
HIES_CUDA_API int hies_cuda_sequence_squares(int32_t dtype, const hies_cuda_rows* rows, const int32_t* offsets, int32_t sequences,
                                             int32_t heads, int32_t head_dim, double* squares, void* stream);

/* Norms of rows [rows, width]. Without `bias` y = x * scale * weight with scale = 1/sqrt(mean x^2 + epsilon); with it the layer norm,
   y = (x - mean) / sqrt(variance + epsilon) * weight + bias. */
typedef struct hies_cuda_norm {
  int32_t dtype;
  int64_t rows, width;
  const void* weight;
  const void* bias;
  double epsilon;
} hies_cuda_norm;
/* `added` (null: none) is added to x first, in x's own memory. */
HIES_CUDA_API int hies_cuda_norm_forward(const hies_cuda_norm* norm, void* x, const void* added, void* y, void* stream);
/* dx from dy and x, plus `added` (null: none). */
HIES_CUDA_API int hies_cuda_norm_backward(const hies_cuda_norm* norm, const void* x, const void* dy, const void* added, void* dx,
                                          void* stream);

/* Rotates, in place, `count` vectors of each row, the i-th at x[row*row_stride + i*step]: element j < half with j + half, by
   cosine/sine[row, j]. back: the other way. */
HIES_CUDA_API int hies_cuda_rotate(int32_t dtype, void* x, const float* cosine, const float* sine, int64_t rows,
                                   int64_t row_stride, int32_t count, int64_t step, int32_t half, int32_t back, void* stream);

enum hies_cuda_activation { HIES_CUDA_GELU = 0, HIES_CUDA_GELU_TANH = 1, HIES_CUDA_RELU = 2, HIES_CUDA_SILU = 3 };
/* y[row, i] = f(both[row, i]) * both[row, width + i], both [rows, 2 width]. */
HIES_CUDA_API int hies_cuda_gated(int32_t dtype, int32_t activation, const void* both, int64_t rows, int64_t width, void* y,
                                  void* stream);
HIES_CUDA_API int hies_cuda_gated_backward(int32_t dtype, int32_t activation, const void* both, const void* dy, int64_t rows,
                                           int64_t width, void* dboth, void* stream);

/* Up to three copies at once, of 2-byte elements in rows and heads that begin at multiples of 16 bytes: to[t,h,:] = from[t,h,:]. */
typedef struct hies_cuda_copy {
  hies_cuda_rows from, to;
  int32_t heads;
} hies_cuda_copy;
HIES_CUDA_API int hies_cuda_copy_rows(const hies_cuda_copy* copies, int32_t count, int64_t tokens, int32_t head_dim,
                                      void* stream);

/* Rows of logits [rows, vocabulary], and what is found of each row. */
typedef struct hies_cuda_logits {
  int32_t dtype;
  int64_t rows;
  int32_t vocabulary;
  void* logits;
  const int64_t* targets;   /* [rows] */
  int32_t* top_tokens;      /* [rows] of the largest logit, the lowest of equals */
  float* tops;              /* [rows] that logit */
  float* log_sums;          /* [rows] ln of the sum of e^(x - top) */
  float* log_probabilities; /* [rows] ln p of the target */
  float* half_squares;      /* [rows] half the sum of x^2 */
} hies_cuda_logits;
enum hies_cuda_token_loss { HIES_CUDA_CROSS_ENTROPY = 0, HIES_CUDA_PSEUDO_LABEL = 1, HIES_CUDA_LOGIT_NORM = 2 };
HIES_CUDA_API int hies_cuda_look_at_logits(const hies_cuda_logits* logits, void* stream);
/* Afterwards: puts into the logits' place the gradient of -ln p(target), -ln p(top token) or half the squares, times shares[row]. */
HIES_CUDA_API int hies_cuda_gradient_of_logits(const hies_cuda_logits* logits, int32_t loss, const float* shares, void* stream);

#ifdef __cplusplus
}
#endif

#endif
