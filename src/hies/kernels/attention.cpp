#include "hies/kernels/attention.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "hies/base/error.h"
#include "hies/kernels/parallel.h"
#include "hies/kernels/variant.h"

namespace hies::kernels {
namespace {

std::int64_t queries_of(const AttentionShape& shape, std::int64_t b) {
  return shape.query_offsets[b + 1] - shape.query_offsets[b];
}
std::int64_t keys_of(const AttentionShape& shape, std::int64_t b) { return shape.key_offsets[b + 1] - shape.key_offsets[b]; }

void check_shape(const AttentionShape& shape) {
  check(shape.head_dim >= 1 && shape.head_dim <= kMaxHeadDim, "attention: head_dim outside 1 … 256");
  check(shape.window <= 0 || shape.causal, "attention: a window needs causal");
  for (std::int64_t head = 0; head < shape.heads; ++head)
    check(shape.kv_of_head[head] >= 0 && shape.kv_of_head[head] < shape.kv_heads, "attention: kv_of_head outside kv_heads");
}

// Returns the multiply-adds of `products` matrix products over all queries and keys.
double multiply_adds(const AttentionShape& shape, int products) {
  double pairs = 0;
  for (std::int64_t b = 0; b < shape.sequences; ++b)
    pairs += static_cast<double>(queries_of(shape, b)) * static_cast<double>(keys_of(shape, b));
  return pairs * static_cast<double>(shape.heads * shape.head_dim * products);
}

bool is_skipped(const std::uint8_t* skip_head, std::int64_t head) { return skip_head != nullptr && skip_head[head] != 0; }

// Writes the results of a skipped head.
template <class Stored, class Statistics>
void write_skipped(const AttentionShape& shape, const AttentionForward& arguments, std::int64_t head) {
  for (std::int64_t token = 0; token < shape.query_offsets[shape.sequences]; ++token) {
    if (arguments.out.data != nullptr) {
      auto* out =
          static_cast<Stored*>(arguments.out.data) + token * arguments.out.token_stride + head * arguments.out.head_stride;
      std::fill_n(out, shape.head_dim, Stored{0});
    }
    if (arguments.lse != nullptr)
      static_cast<Statistics*>(arguments.lse)[token * shape.heads + head] = -std::numeric_limits<Statistics>::infinity();
  }
}

void write_skipped(const AttentionShape& shape, const AttentionForward& arguments, std::int64_t head) {
  switch (shape.dtype) {
    case DType::float32: return write_skipped<float, float>(shape, arguments, head);
    case DType::float64: return write_skipped<double, double>(shape, arguments, head);
    case DType::bfloat16: return write_skipped<std::uint16_t, float>(shape, arguments, head);
  }
}

}  // namespace

SeenKeys seen_keys(const AttentionShape& shape, std::int64_t queries, std::int64_t keys, std::int64_t query) {
  if (!shape.causal) return {0, keys};
  const std::int64_t last = std::clamp<std::int64_t>(keys - queries + query + 1, 0, keys);
  return {shape.window > 0 ? std::max<std::int64_t>(last - shape.window, 0) : 0, last};
}

void count_entropy_queries(const AttentionShape& shape, std::int64_t* counts) {
  for (std::int64_t b = 0; b < shape.sequences; ++b) {
    counts[b] = 0;
    for (std::int64_t query = 0; query < queries_of(shape, b); ++query)
      counts[b] += seen_keys(shape, queries_of(shape, b), keys_of(shape, b), query).count() > 1 ? 1 : 0;
  }
}

void attention_forward(const AttentionShape& shape, const AttentionForward& arguments) {
  check_shape(shape);
  std::vector<ForwardItem> items;
  for (std::int64_t b = 0; b < shape.sequences; ++b)
    for (std::int64_t head = 0; head < shape.heads; ++head)
      for (std::int64_t first = 0; first < queries_of(shape, b) && !is_skipped(arguments.skip_head, head); first += kItemQueries)
        items.push_back({&shape, &arguments, b, head, first, std::min(kItemQueries, queries_of(shape, b) - first)});

  std::vector<double> entropy(items.size());
  const auto run = shape.dtype == DType::float64 ? variant().forward_float64 : variant().forward_float32;
  parallel_for(static_cast<std::int64_t>(items.size()), multiply_adds(shape, 2),
               [&](std::int64_t item) { entropy[item] = run(items[item]); });

  // The items of one sequence and head are added in their order, so that the sum does not depend on the number of threads.
  for (std::size_t i = 0; arguments.entropy != nullptr && i < items.size();) {
    double sum = 0;
    const ForwardItem& item = items[i];
    do sum += entropy[i++];
    while (i < items.size() && items[i].first > 0);
    arguments.entropy[item.sequence * shape.heads + item.head] += sum;
  }
  if (arguments.entropy_queries != nullptr) count_entropy_queries(shape, arguments.entropy_queries);
  for (std::int64_t head = 0; head < shape.heads; ++head)
    if (is_skipped(arguments.skip_head, head)) write_skipped(shape, arguments, head);
}

void attention_backward(const AttentionShape& shape, const AttentionBackward& arguments) {
  check_shape(shape);
  const auto run = shape.dtype == DType::float64 ? variant().backward_float64 : variant().backward_float32;
  parallel_for(shape.sequences * shape.kv_heads, multiply_adds(shape, 5), [&](std::int64_t item) {
    run({&shape, &arguments, item / shape.kv_heads, item % shape.kv_heads});
  });
}

}  // namespace hies::kernels
