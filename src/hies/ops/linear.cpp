#include "hies/ops/linear.h"

#include <optional>

#include <ATen/core/dispatch/Dispatcher.h>

#include "hies/ops/offload.h"

namespace hies::ops {
namespace {

// Rows that the order of a weight is chosen for; other numbers run as well with it.
constexpr std::int64_t kTypicalRows = 1024;

// The operators by which torch's own compiler calls oneDNN with ordered weights. They have no C++ function in at::.
struct OneDnn {
  using Reorder = at::Tensor(const at::Tensor&, std::optional<std::int64_t>);
  using Scalars = c10::List<std::optional<at::Scalar>>;
  using Apply = at::Tensor(const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&, c10::string_view, Scalars,
                           std::optional<c10::string_view>);
  std::optional<c10::TypedOperatorHandle<Reorder>> reorder;
  std::optional<c10::TypedOperatorHandle<Apply>> apply;

  OneDnn() {
    auto& dispatcher = c10::Dispatcher::singleton();
    const auto first = dispatcher.findSchema({"mkldnn::_reorder_linear_weight", ""});
    const auto second = dispatcher.findSchema({"mkldnn::_linear_pointwise", ""});
    if (!first || !second || !at::globalContext().userEnabledMkldnn()) return;
    reorder = first->typed<Reorder>();
    apply = second->typed<Apply>();
  }
};

const OneDnn& one_dnn() {
  static const OneDnn operators;
  return operators;
}

// Undefined where oneDNN cannot run this: float64, an empty matrix, a GPU, bfloat16 on a processor without it, a torch without oneDNN.
at::Tensor ordered(const at::Tensor& weight) {
  if ((weight.scalar_type() != at::kFloat && weight.scalar_type() != at::kBFloat16) || weight.numel() == 0) return {};
  if (weight.is_cuda() || !one_dnn().reorder) return {};
  try {
    return one_dnn().reorder->call(weight, kTypicalRows);
  } catch (const c10::Error&) {
    return {};
  }
}

thread_local bool both_directions = false;

// oneDNN multiplies stored bfloat16 weights without order nearly as fast, and adds up in the same order.
bool plain_is_alike(const at::Tensor& weight) { return weight.scalar_type() == at::kBFloat16; }

// A weight of one direction, ready to multiply.
class Factor {
 public:
  explicit Factor(const at::Tensor& weight) : ordered_(ordered(weight)) {
    if (!ordered_.defined()) plain_ = weight;
  }
  at::Tensor multiply(const at::Tensor& x, const at::Tensor& bias) const {
    if (!ordered_.defined()) return at::linear(x, plain_, bias);
    const auto with_bias = bias.defined() ? std::optional<at::Tensor>(bias) : std::nullopt;
    return one_dnn().apply->call(x, ordered_, with_bias, "none", OneDnn::Scalars(), std::nullopt);
  }

 private:
  at::Tensor ordered_, plain_;
};

}  // namespace

struct Linear::State {
  Make weight;
  at::Tensor bias;
  SetAside set_aside;
  Keep keep;
  std::optional<Factor> forward, backward;
  at::Tensor only;              // keep.one_copy
  std::optional<int> streamed;  // its number in keep.offload

  at::Tensor resident() {
    if (keep.offload) {
      if (!streamed) {
        streamed = keep.offload->add(weight());
        set_aside();
      }
      return keep.offload->use(*streamed);
    }
    if (keep.one_copy && !only.defined()) {
      only = weight().contiguous();
      set_aside();
    }
    return only;
  }
  at::Tensor apply(const at::Tensor& x) {
    if (keep.one_copy) return at::linear(x, resident(), bias);
    if (!forward && !(keep.forward && (keep.backward || !both_directions))) {
      const at::Tensor stored = weight();
      at::Tensor y = plain_is_alike(stored) ? at::linear(x, stored, bias) : Factor(stored).multiply(x, bias);
      set_aside();
      return y;
    }
    if (!forward) {
      forward.emplace(weight());
      set_aside();
    }
    return forward->multiply(x, bias);
  }
  at::Tensor gradient(const at::Tensor& of_output) {
    if (keep.one_copy) return at::matmul(of_output, resident());
    if (!keep.backward) {
      const at::Tensor stored = weight();
      at::Tensor dx = plain_is_alike(stored) ? at::matmul(of_output, stored)
                                             : Factor(stored.t().contiguous()).multiply(of_output.contiguous(), {});
      set_aside();
      return dx;
    }
    if (!backward) {
      backward.emplace(weight().t().contiguous());
      set_aside();
    }
    return backward->multiply(of_output.contiguous(), {});
  }
};

Linear::BothDirections::BothDirections() noexcept { both_directions = true; }
Linear::BothDirections::~BothDirections() { both_directions = false; }

Linear::Linear(Make weight, at::Tensor bias, SetAside set_aside, Keep keep)
    : state_(std::make_shared<State>(
          State{std::move(weight), std::move(bias), std::move(set_aside), std::move(keep), {}, {}, {}, {}})) {}

at::Tensor Linear::operator()(const at::Tensor& x) const { return state_->apply(x); }
at::Tensor Linear::gradient(const at::Tensor& of_output) const { return state_->gradient(of_output); }

void Linear::add_gradient(const at::Tensor& of_output, at::Tensor& sum) const {
  if (state_->keep.one_copy) sum.addmm_(of_output, state_->resident());
  else sum.add_(state_->gradient(of_output));
}

at::Tensor Linear::weight() const { return state_->weight(); }
void Linear::set_aside() const { state_->set_aside(); }
const at::Tensor& Linear::bias() const noexcept { return state_->bias; }
Linear::Keep Linear::keep() const noexcept { return state_->keep; }

}  // namespace hies::ops
