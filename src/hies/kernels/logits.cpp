#include "hies/kernels/logits.h"

#include "hies/kernels/parallel.h"
#include "hies/kernels/variant.h"

namespace hies::kernels {
namespace {

constexpr double kExponentialCost = 16;  // of one exponential, in multiply-adds

template <class Work>
void for_rows(const LogitRows& logits, const Work& work) {
  const std::int64_t row_bytes = logits.vocabulary * (logits.float64 ? 8 : 4);
  parallel_for(logits.rows, kExponentialCost * static_cast<double>(logits.rows * logits.vocabulary),
               [&](std::int64_t row) { work(row, static_cast<char*>(logits.data) + row * row_bytes); });
}

}  // namespace

void summarise_logits(const LogitRows& logits, LogitSummary* summaries) {
  const auto run = logits.float64 ? variant().summarise_float64 : variant().summarise_float32;
  for_rows(logits, [&](std::int64_t row, const void* data) { summaries[row] = run(data, logits.vocabulary); });
}

void softmax_logits(const LogitRows& logits, const LogitSummary* summaries, const double* weights) {
  const auto run = logits.float64 ? variant().softmax_float64 : variant().softmax_float32;
  for_rows(logits, [&](std::int64_t row, void* data) { run(data, logits.vocabulary, summaries[row], weights[row]); });
}

}  // namespace hies::kernels
