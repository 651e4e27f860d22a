#include "hies/engine/weight_gradients.h"

#include <map>

#include "hies/nn/gradient_sink.h"

namespace hies::engine {

class WeightGradients::Sums : public nn::GradientSink {
 public:
  void matrix(const model::MatrixSpec& matrix, const at::Tensor& x, const at::Tensor& of_result) override {
    const at::ScalarType type = x.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
    const at::Tensor in = x.to(type), out = of_result.to(type);
    at::Tensor& sum = sums_[matrix.name];
    const std::int64_t outputs = out.size(1);
    if (!sum.defined()) {
      sum = at::zeros({outputs * matrix.parts, in.size(1)}, in.options());
      inputs_first_[matrix.name] = matrix.inputs_first;
    }
    sum.narrow(0, matrix.part * outputs, outputs).addmm_(out.t(), in);
  }

  std::vector<double> of(const std::string& name) const {
    constexpr std::string_view kWeight = ".weight";
    if (!std::string_view(name).ends_with(kWeight)) return {};
    const auto found = sums_.find(name.substr(0, name.size() - kWeight.size()));
    if (found == sums_.end()) return {};
    at::Tensor sum = found->second;
    if (inputs_first_.at(found->first)) sum = sum.t();
    const at::Tensor values = sum.to(at::kCPU).to(at::kDouble).contiguous();
    return {values.const_data_ptr<double>(), values.const_data_ptr<double>() + values.numel()};
  }

 private:
  std::map<std::string, at::Tensor> sums_;  // by the matrix's name: [outputs, inputs]
  std::map<std::string, bool> inputs_first_;
};

WeightGradients::WeightGradients() : sums_(std::make_unique<Sums>()) {}
WeightGradients::~WeightGradients() = default;
WeightGradients::WeightGradients(WeightGradients&&) noexcept = default;
WeightGradients& WeightGradients::operator=(WeightGradients&&) noexcept = default;

std::vector<double> WeightGradients::of(const std::string& tensor) const { return sums_->of(tensor); }

nn::GradientSink& WeightGradients::sink() noexcept { return *sums_; }

}  // namespace hies::engine
