#ifndef HIES_KERNELS_CUDA_HIES_CUDA_H
#define HIES_KERNELS_CUDA_HIES_CUDA_H

/* The C ABI of libhies_cuda.so, the plug-in with the kernels for NVIDIA GPUs (sm_80 and sm_90a). Names and shapes are those of
   kernels/attention.h: B sequences, Tq query tokens, Tk key tokens, H query heads, K KV heads, D = head_dim. All pointers are to
   device memory unless said otherwise. Functions allocate nothing and do not wait for the device. They return 0, or a CUDA error
   code, whose text hies_cuda_error_text returns. `stream` is a cudaStream_t; null is the default stream. */

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HIES_CUDA_API __attribute__((visibility("default")))

/* The version of this ABI. It grows with every change of this file, since the program and the plug-in have to agree on it. */
#define HIES_CUDA_ABI 5

enum hies_cuda_dtype { HIES_CUDA_FLOAT32 = 0, HIES_CUDA_BFLOAT16 = 1, HIES_CUDA_FLOAT16 = 2 };

/* Rows of tokens with one vector of D elements for each head: element d of head h of token t is data[t*token_stride +
   h*head_stride + d]. Strides count elements. If data is null, the rows are absent. */
typedef struct hies_cuda_rows {
  void* data;
  int64_t token_stride;
  int64_t head_stride;
} hies_cuda_rows;

typedef struct hies_cuda_shape {
  int32_t dtype;                /* enum hies_cuda_dtype, of q, k, v, out and their gradients */
  int32_t tf32;                 /* 1: products of float32 may round their factors to TF32; other dtypes ignore it */
  int32_t sequences;            /* B */
  int32_t heads, kv_heads;      /* H, K */
  int32_t head_dim;             /* D, 1 ... 256 */
  int32_t causal;               /* 1: a query at position p attends to the keys 0 ... p */
  int32_t window;               /* > 0: of these only to the last `window`; needs causal */
  float scale;                  /* factor of the logits */
  int32_t longest_queries;      /* the greatest number of queries of a sequence */
  int32_t longest_keys;         /* the greatest number of keys of a sequence */
  int64_t query_tokens;         /* Tq */
  const int32_t* query_offsets; /* [B+1] */
  const int32_t* key_offsets;   /* [B+1] */
  const int32_t* kv_of_head;    /* [H] */
  const uint8_t* skip_head;     /* [H] 1: not computed; out, gradients and inner products are 0, lse is -inf; null: none */
} hies_cuda_shape;

typedef struct hies_cuda_forward {
  hies_cuda_rows q, k, v; /* [Tq,H,D], [Tk,K,D], [Tk,K,D] */
  hies_cuda_rows out;     /* [Tq,H,D]; if absent, only the statistics are computed, and v may be absent too */
  float* lse;             /* [Tq,H] ln(sum of e^logit), in nats; null: not computed */
  float* entropy;         /* [Tq,H] H(p)/ln(n) of a query that attends to n keys, 0 for n < 2; null: not computed */
} hies_cuda_forward;

typedef struct hies_cuda_backward {
  hies_cuda_rows q, k, v, out, dout;
  hies_cuda_rows dq, dk, dv; /* overwritten; each may be absent */
  const float* lse;          /* [Tq,H] from the forward pass */
  float* head_inner;         /* [Tq,H] <dout,out>; always written */
} hies_cuda_backward;

HIES_CUDA_API int hies_cuda_abi(void);
/* Returns CUDA's text for an error code, in host memory that is never freed. */
HIES_CUDA_API const char* hies_cuda_error_text(int error);
/* Writes the number of GPUs to *count (host memory). Fails without a driver, and with one that is too old. */
HIES_CUDA_API int hies_cuda_device_count(int* count);
/* Writes the compute capability of a GPU to *capability (host memory), 90 for 9.0. */
HIES_CUDA_API int hies_cuda_capability(int device, int* capability);
/* Writes the free and the total bytes of the current GPU's memory (to host memory). */
HIES_CUDA_API int hies_cuda_memory(uint64_t* free_bytes, uint64_t* total_bytes);

HIES_CUDA_API int hies_cuda_attention_forward(const hies_cuda_shape* shape, const hies_cuda_forward* arguments, void* stream);
/* If dq, dk and dv are absent, only head_inner is computed, from out and dout. */
HIES_CUDA_API int hies_cuda_attention_backward(const hies_cuda_shape* shape, const hies_cuda_backward* arguments, void* stream);

/* Adds to sums[b,h] the sum of values[t,h] over the tokens t of sequence b, and to absolute_sums[b,h] the sum of |values[t,h]|
   (null: not computed). The sums are float64 and added in one fixed order. */
HIES_CUDA_API int hies_cuda_sequence_sums(const float* values, const int32_t* offsets, int32_t sequences, int32_t heads,
                                          double* sums, double* absolute_sums, void* stream);
/* Adds to squares[b,h] the sum over the tokens t of sequence b of the squares of rows[t,h,:]. */
HIES_CUDA_API int hies_cuda_sequence_squares(int32_t dtype, const hies_cuda_rows* rows, const int32_t* offsets, int32_t sequences,
                                             int32_t heads, int32_t head_dim, double* squares, void* stream);

/* The norm of rows [rows, width]. If `bias` is null, it is RMSNorm: y = x / sqrt(mean(x^2) + epsilon) * weight. Otherwise it is
   LayerNorm: y = (x - mean) / sqrt(variance + epsilon) * weight + bias. */
typedef struct hies_cuda_norm {
  int32_t dtype;
  int64_t rows, width;
  const void* weight; /* [width] */
  const void* bias;   /* [width] or null */
  double epsilon;
} hies_cuda_norm;
/* Writes y, the norm of x + residual; the sum replaces x. Without a residual (null) x is unchanged. */
HIES_CUDA_API int hies_cuda_norm_forward(const hies_cuda_norm* norm, void* x, const void* residual, void* y, void* stream);
/* Writes dx, the gradient of x from dy, plus `residual` (null: none). */
HIES_CUDA_API int hies_cuda_norm_backward(const hies_cuda_norm* norm, const void* x, const void* dy, const void* residual,
                                          void* dx, void* stream);

/* Rotates, in place, `count` vectors of each row, the i-th at x[row*row_stride + i*step]: the elements j and j + half form a pair
   that is rotated by the angle with cosine/sine[row, j], for j < half. inverse: by the negative angle. */
HIES_CUDA_API int hies_cuda_rotate(int32_t dtype, void* x, const float* cosine, const float* sine, int64_t rows,
                                   int64_t row_stride, int32_t count, int64_t step, int32_t half, int32_t inverse, void* stream);

enum hies_cuda_activation { HIES_CUDA_GELU = 0, HIES_CUDA_GELU_TANH = 1, HIES_CUDA_RELU = 2, HIES_CUDA_SILU = 3 };
/* Writes y[row, i] = f(gate_up[row, i]) * gate_up[row, width + i]; gate_up is [rows, 2 width], y is [rows, width]. */
HIES_CUDA_API int hies_cuda_gated(int32_t dtype, int32_t activation, const void* gate_up, int64_t rows, int64_t width, void* y,
                                  void* stream);
/* Writes dgate_up [rows, 2 width], the gradient of gate_up from dy. */
HIES_CUDA_API int hies_cuda_gated_backward(int32_t dtype, int32_t activation, const void* gate_up, const void* dy, int64_t rows,
                                           int64_t width, void* dgate_up, void* stream);

/* Up to three copies to[t,h,:] = from[t,h,:] in one launch, of elements of 2 bytes; rows and heads start at multiples of 16
   bytes. `copies` is in host memory. */
typedef struct hies_cuda_copy {
  hies_cuda_rows from, to;
  int32_t heads;
} hies_cuda_copy;
HIES_CUDA_API int hies_cuda_copy_rows(const hies_cuda_copy* copies, int32_t count, int64_t tokens, int32_t head_dim,
                                      void* stream);

/* Logits [rows, vocabulary], and the statistics of each row that hies_cuda_summarise_logits writes. */
typedef struct hies_cuda_logits {
  int32_t dtype;
  int64_t rows;
  int32_t vocabulary;
  void* logits;
  const int64_t* targets;   /* [rows] */
  int32_t* top_tokens;      /* [rows] the token with the largest logit, the first of equals */
  float* maxima;            /* [rows] the largest logit */
  float* log_sums;          /* [rows] ln of the sum of e^(x - maximum) */
  float* log_probabilities; /* [rows] ln p of the target */
  float* half_squares;      /* [rows] half the sum of x^2 */
} hies_cuda_logits;
enum hies_cuda_token_loss { HIES_CUDA_CROSS_ENTROPY = 0, HIES_CUDA_PSEUDO_LABEL = 1, HIES_CUDA_LOGIT_NORM = 2 };
HIES_CUDA_API int hies_cuda_summarise_logits(const hies_cuda_logits* logits, void* stream);
/* Replaces the logits by the gradient of the loss times weights[row]. The loss is -ln p(target), -ln p(top token) or half the sum
   of squares. Needs the statistics of hies_cuda_summarise_logits. */
HIES_CUDA_API int hies_cuda_logits_gradient(const hies_cuda_logits* logits, int32_t loss, const float* weights, void* stream);

#ifdef __cplusplus
}
#endif

#endif
