#include <algorithm>
#include <unordered_map>

#include "hies/base/error.h"
#include "hies/engine/random_weights_torch.h"
#include "hies/model/tensors.h"

namespace hies::engine {

class RandomWeights::OfModel : public nn::WeightSource {
 public:
  OfModel(const model::ModelSpec& spec, RandomWeights& all) : all_(all) {
    std::int64_t largest = 1;
    for (const model::TensorDecl& decl : model::tensors(spec)) {
      shapes_[decl.name] = decl.shape;
      largest = std::max(largest, decl.elements());
    }
    if (all.pool_.defined() && all.pool_.numel() >= largest) return;
    all.pool_ = at::empty({largest}, at::TensorOptions().dtype(at::kFloat)).uniform_(-0.05, 0.05).to(all.type_);
  }

  at::Tensor tensor(const std::string& name) const override { return copy(shape(name)).to(all_.device_); }

  // Rows of a table are read by index, so that it need not be a copy of its own.
  ops::Table table(const std::string& name) const override {
    at::Tensor& kept = all_.tables_[name];
    const std::vector<std::int64_t>& wanted = shape(name + ".weight");
    if (!kept.defined()) kept = view(all_.pool_, wanted).to(all_.device_);
    return {kept, all_.type_};
  }

  // The matrix has the shape that is computed with, [outputs, inputs], whatever its form in a file.
  ops::Linear linear(const model::MatrixSpec& matrix) const override {
    std::vector<std::int64_t> size = shape(matrix.name + ".weight");
    if (matrix.inputs_first) std::swap(size.at(0), size.at(1));
    std::int64_t inputs = 1;
    for (std::size_t i = 1; i < size.size(); ++i) inputs *= size[i];
    const std::vector<std::int64_t> computed = {size.at(0) / matrix.parts, inputs};
    const std::string name = matrix.name + " " + std::to_string(matrix.part);
    const auto found = all_.linears_.find({name, computed});
    if (found != all_.linears_.end()) return found->second;
    at::Tensor bias;
    if (matrix.bias) bias = copy({computed.front()}).to(all_.device_);
    const auto make = [pool = all_.pool_, device = all_.device_, computed] { return view(pool, computed).clone().to(device); };
    ops::Linear linear(make, bias, [] {}, {true, true, device_has_one_copy(), nullptr});
    return all_.linears_.emplace(std::pair(name, computed), linear).first->second;
  }

  ops::Linear joined(const model::MatrixSpec& first, const model::MatrixSpec& second) const override {
    std::vector<std::int64_t> both = shape(first.name + ".weight");
    const std::vector<std::int64_t>& other = shape(second.name + ".weight");
    both.insert(both.end(), other.begin(), other.end());
    const std::pair key(first.name + " and " + second.name, both);
    if (const auto found = all_.linears_.find(key); found != all_.linears_.end()) return found->second;
    return all_.linears_.emplace(key, WeightSource::joined(first, second)).first->second;
  }

 private:
  static at::Tensor view(const at::Tensor& pool, const std::vector<std::int64_t>& shape) {
    std::int64_t count = 1;
    for (const std::int64_t size : shape) count *= size;
    return pool.narrow(0, 0, count).view(shape);
  }
  at::Tensor copy(const std::vector<std::int64_t>& shape) const { return view(all_.pool_, shape).clone(); }
  bool device_has_one_copy() const { return all_.device_.is_cuda(); }
  const std::vector<std::int64_t>& shape(const std::string& name) const {
    const auto found = shapes_.find(name);
    check(found != shapes_.end(), "unknown weight " + name);
    return found->second;
  }

  RandomWeights& all_;
  std::unordered_map<std::string, std::vector<std::int64_t>> shapes_;
};

RandomWeights::RandomWeights(at::ScalarType type, at::Device device) : type_(type), device_(device) {}
RandomWeights::~RandomWeights() = default;

const nn::WeightSource& RandomWeights::of(const model::ModelSpec& spec) {
  current_ = std::make_unique<OfModel>(spec, *this);
  return *current_;
}

}  // namespace hies::engine
