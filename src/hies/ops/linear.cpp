#include "hies/ops/linear.h"

#include <optional>

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/cpu/Utils.h>

#include "hies/ops/offload.h"

namespace hies::ops {
namespace {

// The number of rows that weights are prepacked for; products with other numbers of rows are as fast.
constexpr std::int64_t kTypicalRows = 1024;

// The operators by which torch's own compiler calls oneDNN with prepacked weights. They have no C++ function in at::.
struct OneDnn {
  using Prepack = at::Tensor(const at::Tensor&, std::optional<std::int64_t>);
  using Scalars = c10::List<std::optional<at::Scalar>>;
  using Apply = at::Tensor(const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&, c10::string_view, Scalars,
                           std::optional<c10::string_view>);
  std::optional<c10::TypedOperatorHandle<Prepack>> prepack;
  std::optional<c10::TypedOperatorHandle<Apply>> apply;

  OneDnn() {
    auto& dispatcher = c10::Dispatcher::singleton();
    const auto first = dispatcher.findSchema({"mkldnn::_reorder_linear_weight", ""});
    const auto second = dispatcher.findSchema({"mkldnn::_linear_pointwise", ""});
    if (!first || !second || !at::globalContext().userEnabledMkldnn()) return;
    prepack = first->typed<Prepack>();
    apply = second->typed<Apply>();
  }
};

const OneDnn& one_dnn() {
  static const OneDnn operators;
  return operators;
}

at::Tensor try_prepack(const at::Tensor& weight) {
  try {
    return one_dnn().prepack->call(weight, kTypicalRows);
  } catch (const c10::Error&) {
    return {};
  }
}

// Returns whether oneDNN has kernels for bfloat16 on this processor.
bool has_bfloat16_kernels() {
  static const bool has = one_dnn().prepack && try_prepack(at::ones({16, 16}, at::kBFloat16)).defined();
  return has;
}

// Returns the prepacked weight; undefined where oneDNN cannot multiply by it: float64, an empty matrix, a GPU, bfloat16 on a processor
// without kernels for it, a torch without oneDNN.
at::Tensor prepacked(const at::Tensor& weight) {
  const bool has_kernels =
      weight.scalar_type() == at::kFloat || (weight.scalar_type() == at::kBFloat16 && has_bfloat16_kernels());
  if (!has_kernels || weight.numel() == 0 || weight.is_cuda() || !one_dnn().prepack) return {};
  return try_prepack(weight);
}

thread_local bool both_directions = false;

// Returns whether products by this weight as it is stored are nearly as fast as prepacked ones and give the same bits. That is so in
// bfloat16 with oneDNN's AVX-512 kernels. Its AMX kernels sum prepacked weights in another order, and on a processor where oneDNN has no
// bfloat16 kernels at::linear and at::matmul differ.
bool plain_is_alike(const at::Tensor& weight) {
  static const bool alike = [] {
    const auto processor = at::cpu::get_cpu_capabilities();
    const auto has = [&](const char* name) {
      const auto found = processor.find(name);
      return found != processor.end() && found->second.toBool();
    };
    return has_bfloat16_kernels() && has("avx512_bw") && !has("amx_bf16");
  }();
  return weight.scalar_type() == at::kBFloat16 && alike;
}

// A weight of one direction, ready to multiply.
class Factor {
 public:
  explicit Factor(const at::Tensor& weight) : prepacked_(prepacked(weight)) {
    if (!prepacked_.defined()) plain_ = weight;
  }
  at::Tensor multiply(const at::Tensor& x, const at::Tensor& bias) const {
    if (!prepacked_.defined()) return at::linear(x, plain_, bias);
    const auto with_bias = bias.defined() ? std::optional<at::Tensor>(bias) : std::nullopt;
    return one_dnn().apply->call(x, prepacked_, with_bias, "none", OneDnn::Scalars(), std::nullopt);
  }

 private:
  at::Tensor prepacked_, plain_;
};

}  // namespace

struct Linear::State {
  Make weight;
  at::Tensor bias;
  Release release;
  Keep keep;
  std::optional<Factor> forward, backward;
  at::Tensor only;              // keep.one_copy
  std::optional<int> streamed;  // its number in keep.offload

  at::Tensor resident() {
    if (keep.offload) {
      if (!streamed) {
        streamed = keep.offload->add(weight());
        release();
      }
      return keep.offload->use(*streamed);
    }
    if (keep.one_copy && !only.defined()) {
      only = weight().contiguous();
      release();
    }
    return only;
  }
  at::Tensor apply(const at::Tensor& x) {
    if (keep.one_copy) return at::linear(x, resident(), bias);
    if (!forward && !(keep.forward && (keep.backward || !both_directions))) {
      const at::Tensor stored = weight();
      at::Tensor y = plain_is_alike(stored) ? at::linear(x, stored, bias) : Factor(stored).multiply(x, bias);
      release();
      return y;
    }
    if (!forward) {
      forward.emplace(weight());
      release();
    }
    return forward->multiply(x, bias);
  }
  at::Tensor gradient(const at::Tensor& of_output) {
    if (keep.one_copy) return at::matmul(of_output, resident());
    if (!keep.backward) {
      const at::Tensor stored = weight();
      at::Tensor dx = plain_is_alike(stored) ? at::matmul(of_output, stored)
                                             : Factor(stored.t().contiguous()).multiply(of_output.contiguous(), {});
      release();
      return dx;
    }
    if (!backward) {
      backward.emplace(weight().t().contiguous());
      release();
    }
    return backward->multiply(of_output.contiguous(), {});
  }
};

Linear::BothDirections::BothDirections() noexcept { both_directions = true; }
Linear::BothDirections::~BothDirections() { both_directions = false; }

Linear::Linear(Make weight, at::Tensor bias, Release release, Keep keep)
    : state_(std::make_shared<State>(
          State{std::move(weight), std::move(bias), std::move(release), std::move(keep), {}, {}, {}, {}})) {}

at::Tensor Linear::operator()(const at::Tensor& x) const { return state_->apply(x); }
at::Tensor Linear::gradient(const at::Tensor& of_output) const { return state_->gradient(of_output); }

void Linear::add_gradient(const at::Tensor& of_output, at::Tensor& sum) const {
  if (state_->keep.one_copy) sum.addmm_(of_output, state_->resident());
  else sum.add_(state_->gradient(of_output));
}

at::Tensor Linear::weight() const { return state_->weight(); }
void Linear::release() const { state_->release(); }
const at::Tensor& Linear::bias() const noexcept { return state_->bias; }
Linear::Keep Linear::keep() const noexcept { return state_->keep; }

}  // namespace hies::ops
