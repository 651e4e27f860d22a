#include "attention_bench.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>
#include <c10/core/InferenceMode.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include "hies/base/error.h"
#include "hies/kernels/attention.h"

namespace hies::cli {
namespace {

constexpr std::int64_t kHeads = AttentionCase::kHeads;

// The plain composition of matrix products: it stores every T×T matrix, and its backward pass reads the probabilities that the
// forward pass has kept.
struct Composition {
  at::Tensor q, k, v, dout;  // [B,H,T,D]
  double scale = 1;
  at::Tensor p, out, dq, dk, dv;

  void forward() {
    p = at::softmax(at::matmul(q, k.transpose(-2, -1)).mul_(scale), -1);
    out = at::matmul(p, v);
  }

  void backward() {
    dv = at::matmul(p.transpose(-2, -1), dout);
    const at::Tensor dp = at::matmul(dout, v.transpose(-2, -1));
    const at::Tensor dlogits = at::_softmax_backward_data(dp, p, -1, p.scalar_type()).mul_(scale);
    dq = at::matmul(dlogits, k);
    dk = at::matmul(dlogits.transpose(-2, -1), q);
  }

  // The same problem in float64, with the first `heads` heads only.
  Composition exact(std::int64_t heads) const {
    const auto some = [&](const at::Tensor& all) { return all.slice(1, 0, heads).to(at::kDouble); };
    return {some(q), some(k), some(v), some(dout), scale, {}, {}, {}, {}, {}};
  }
};

// Through the kernels, whose tokens are packed: [B·T,H,D].
class Kernel {
 public:
  explicit Kernel(const Composition& plain) {
    const std::int64_t sequences = plain.q.size(0), tokens = plain.q.size(2);
    for (std::int64_t b = 0; b <= sequences; ++b) offsets_.push_back(b * tokens);
    for (std::int64_t head = 0; head < kHeads; ++head) kv_of_head_.push_back(static_cast<std::int32_t>(head));
    shape_.sequences = sequences;
    shape_.query_offsets = shape_.key_offsets = offsets_.data();
    shape_.heads = shape_.kv_heads = kHeads;
    shape_.kv_of_head = kv_of_head_.data();
    shape_.head_dim = plain.q.size(3);
    shape_.scale = plain.scale;
    lse_ = at::empty({sequences * tokens, kHeads}), inner_ = at::empty_like(lse_);
    forward_.q = backward_.q = input(plain.q), forward_.k = backward_.k = input(plain.k);
    forward_.v = backward_.v = input(plain.v), backward_.dout = input(plain.dout);
    for (at::Tensor* result : {&out_, &dq_, &dk_, &dv_}) *result = at::empty_like(inputs_.front());
    forward_.out = backward_.out = view(out_);
    backward_.dq = view(dq_), backward_.dk = view(dk_), backward_.dv = view(dv_);
    backward_.lse = forward_.lse = lse_.data_ptr();
    backward_.head_inner = inner_.data_ptr();
  }
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;

  void forward() { kernels::attention_forward(shape_, forward_); }
  void backward() { kernels::attention_backward(shape_, backward_); }

  // out, dq, dk, dv as the composition has them.
  std::array<at::Tensor, 4> results() const {
    const auto unpacked = [&](const at::Tensor& packed) { return packed.transpose(1, 2); };
    return {unpacked(out_), unpacked(dq_), unpacked(dk_), unpacked(dv_)};
  }

 private:
  static kernels::Strided view(const at::Tensor& packed) { return {packed.data_ptr(), packed.stride(1), packed.stride(2)}; }
  kernels::Strided input(const at::Tensor& tensor) { return view(inputs_.emplace_back(tensor.transpose(1, 2).contiguous())); }

  std::vector<std::int64_t> offsets_;
  std::vector<std::int32_t> kv_of_head_;
  std::vector<at::Tensor> inputs_;  // [B,T,H,D]
  at::Tensor out_, dq_, dk_, dv_, lse_, inner_;
  kernels::AttentionShape shape_;
  kernels::AttentionForward forward_;
  kernels::AttentionBackward backward_;
};

Composition random_problem(const AttentionCase& which) {
  at::manual_seed(1);
  const auto draw = [&] { return at::randn({which.sequences(), kHeads, which.tokens, which.head_dim}); };
  return {draw(), draw(), draw(), draw(), 1 / std::sqrt(static_cast<double>(which.head_dim)), {}, {}, {}, {}, {}};
}

double error_of(const at::Tensor& found, const at::Tensor& exact) {
  const at::Tensor difference = found.slice(1, 0, exact.size(1)).to(at::kDouble).sub_(exact);
  return difference.abs().max().item<double>() / exact.abs().max().item<double>();
}

// Runs both passes of both sides.
void check_answers(const AttentionCase& which, Composition& plain, Kernel& kernel, AttentionMeasurement& measured) {
  plain.forward(), plain.backward();
  kernel.forward(), kernel.backward();
  // Heads are independent: as many as fit tell whether all are right.
  constexpr std::int64_t kMostLogits = std::int64_t{1} << 23;
  const std::int64_t logits = which.sequences() * which.tokens * which.tokens;
  Composition exact = plain.exact(std::clamp<std::int64_t>(kMostLogits / logits, 1, kHeads));
  exact.forward(), exact.backward();
  const std::array<at::Tensor, 4> results = kernel.results(), composed = {plain.out, plain.dq, plain.dk, plain.dv},
                                  right = {exact.out, exact.dq, exact.dk, exact.dv};
  const std::size_t first = which.backward ? 1 : 0, last = which.backward ? 4 : 1;
  for (std::size_t i = first; i < last; ++i) {
    measured.kernel.error = std::max(measured.kernel.error, error_of(results[i], right[i]));
    measured.torch.error = std::max(measured.torch.error, error_of(composed[i], right[i]));
  }
  // For the case that torch's errors happen to be small: float32's rounding in a sum over a head's elements, of either sign.
  const double rounding = 1.2e-7 * std::sqrt(static_cast<double>(which.head_dim));
  const double bound = std::max(2 * measured.torch.error, rounding);
  if (!(measured.kernel.error <= bound))
    throw Error(ErrorKind::internal,
                fmt::format("wrong answer of {}: error {:.2g}, bound {:.2g}", which.name(), measured.kernel.error, bound));
}

// Keeps the seconds of one iteration.
class Collector : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) seconds_.push_back(run.real_accumulated_time / static_cast<double>(run.iterations));
  }
  const std::vector<double>& seconds() const { return seconds_; }

 private:
  std::vector<double> seconds_;
};

void add(const char* name, double seconds, const std::function<void()>& run) {
  benchmark::RegisterBenchmark(name,
                               [run](benchmark::State& state) {
                                 const c10::InferenceMode no_autograd;
                                 for (auto _ : state) {
                                   run();
                                   benchmark::ClobberMemory();
                                 }
                               })
      ->UseRealTime()
      ->MinTime(seconds);
}

}  // namespace

std::int64_t AttentionCase::sequences() const { return std::max<std::int64_t>(2048 / tokens, 1); }

std::string AttentionCase::name() const {
  return fmt::format("{}/tokens:{}/head_dim:{}", backward ? "backward" : "forward", tokens, head_dim);
}

double AttentionCase::flops() const {
  return static_cast<double>(sequences() * kHeads * tokens * tokens * head_dim) * (backward ? 8 : 4);
}

std::vector<AttentionCase> attention_cases() {
  std::vector<AttentionCase> cases;
  for (const bool backward : {false, true})
    for (std::int64_t head_dim = 16; head_dim <= 128; head_dim *= 2)
      for (std::int64_t tokens = 8; tokens <= 2048; tokens *= 2) cases.push_back({backward, tokens, head_dim});
  return cases;
}

AttentionMeasurement measure_attention(const AttentionCase& which, double seconds) {
  const c10::InferenceMode no_autograd;
  Composition plain = random_problem(which);
  Kernel kernel(plain);
  AttentionMeasurement measured;
  check_answers(which, plain, kernel, measured);
  benchmark::ClearRegisteredBenchmarks();
  add("hies", seconds, [&] { which.backward ? kernel.backward() : kernel.forward(); });
  add("torch", seconds, [&] { which.backward ? plain.backward() : plain.forward(); });
  Collector collector;
  benchmark::RunSpecifiedBenchmarks(&collector);
  check(collector.seconds().size() == 2, "Google Benchmark reported something else than two runs");
  measured.kernel.seconds = collector.seconds()[0];
  measured.torch.seconds = collector.seconds()[1];
  return measured;
}

int attention_threads() { return at::get_num_threads(); }

}  // namespace hies::cli
