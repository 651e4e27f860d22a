#include <algorithm>
#include <map>
#include <memory>
#include <span>
#include <utility>

#include "hies/engine/mask_walk_torch.h"
#include "hies/ops/tensors.h"

namespace hies::engine {
namespace {

// Returns the batch `times` over, one after the other.
model::Batch repeated(const model::Batch& batch, std::int64_t times) {
  model::Batch all;
  for (std::int64_t i = 0; i < times; ++i) {
    const std::int64_t tokens = all.token_count(), sequences = all.size();
    const auto append = [](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
    append(all.tokens, batch.tokens);
    append(all.token_types, batch.token_types);
    append(all.images, batch.images);
    append(all.examples, batch.examples);
    append(all.target_tokens, batch.target_tokens);
    for (const std::int64_t row : batch.target_rows) all.target_rows.push_back(tokens + row);
    for (const std::int64_t before : batch.continues) all.continues.push_back(before < 0 ? before : sequences + before);
    for (std::int64_t b = 1; b <= batch.size(); ++b) all.offsets.push_back(tokens + batch.offsets[static_cast<std::size_t>(b)]);
  }
  return all;
}

// A batch some times over, and its run.
struct Copies {
  Copies(const model::ModelSpec& spec, const model::Batch& one, std::int64_t times, at::Device device,
         const ops::AttentionOptions& options)
      : batch(repeated(one, times)), run(spec, batch, nullptr, nullptr, device, options) {}
  model::Batch batch;
  nn::RunContext run;
};

// A choice in the layer at hand, and which of the states before the layer it starts from.
struct Start {
  const MaskTrie::Node* node;
  std::int64_t from;
};

// A walk of the trie, some nodes at a time, depth first.
class BatchedWalk {
 public:
  BatchedWalk(const nn::Network& network, const model::Batch& batch, at::Device device, const ops::AttentionOptions& options,
              std::int64_t at_once, const TakeLeaf& take)
      : network_(network),
        spec_(network.spec()),
        batch_(batch),
        device_(device),
        options_(options),
        at_once_(at_once),
        take_(take) {}

  void all(const MaskTrie& trie) {
    std::vector<Start> starts;
    for (const MaskTrie::Node& node : trie.first()) starts.push_back({&node, 0});
    visit(starts, 0, network_.embed(copies(1).run), 1);
  }

 private:
  Copies& copies(std::int64_t times) {
    std::unique_ptr<Copies>& made = copies_[times];
    if (!made) made = std::make_unique<Copies>(spec_, batch_, times, device_, options_);
    return *made;
  }

  // Returns rows of the batch's copies, `states` of them, that `starts` name: a copy of the rows for each. `padded` rows in all.
  at::Tensor chosen(const at::Tensor& rows, std::int64_t states, std::span<const Start> starts, std::int64_t each,
                    std::int64_t padded) const {
    std::vector<std::int64_t> from;
    for (const Start& start : starts) from.push_back(start.from);
    bool all = std::ssize(starts) == states && rows.size(0) == padded;
    for (std::int64_t i = 0; all && i < states; ++i) all = from[static_cast<std::size_t>(i)] == i;
    if (all) return rows;
    const auto count = static_cast<std::int64_t>(from.size());
    at::Tensor result = at::empty({padded, rows.size(1)}, rows.options());
    at::Tensor used = result.narrow(0, 0, count * each).view({count, each, rows.size(1)});
    at::index_select_out(used, rows.narrow(0, 0, states * each).view({states, each, rows.size(1)}), 0,
                         ops::to_device(ops::index_tensor(from), device_));
    result.narrow(0, count * each, padded - count * each).zero_();
    return result;
  }

  // Sets the outputs of the heads that a mask removes to 0.
  void remove(const at::Tensor& outputs, std::span<const Start> starts, std::int64_t each, int layer) const {
    const model::Site site = model::attention_site(layer);
    const model::SiteLayout& all = spec_.layout.at(site);
    const auto count = std::ssize(starts);
    const at::Tensor removed = at::zeros({count, 1, all.count(), 1}, at::TensorOptions().dtype(at::kBool));
    bool* flags = removed.data_ptr<bool>();
    bool any = false;
    for (std::int64_t i = 0; i < count; ++i)
      for (const int head : starts[static_cast<std::size_t>(i)].node->removed.at(site))
        any = flags[i * all.count() + all.position_of(head)] = true;
    if (any)
      outputs.narrow(0, 0, count * each)
          .view({count, each, all.count(), all.unit_size})
          .masked_fill_(ops::to_device(removed, device_), 0);
  }

  nn::NeuronGates gates_of_neurons(std::span<const Start> starts, std::int64_t each, int layer, const at::Tensor& hidden) const {
    const model::Site site = model::ffn_site(layer);
    std::vector<std::vector<int>> removed;
    for (const Start& start : starts) removed.push_back(start.node->removed.at(site));
    if (std::all_of(removed.begin(), removed.end(), [](const auto& neurons) { return neurons.empty(); })) return {};
    return {neuron_gates(removed, spec_.layout.at(site), hidden.options()), each};
  }

  // `hidden`: `states` states before `layer`, one behind the other.
  void visit(std::span<const Start> starts, int layer, at::Tensor hidden, std::int64_t states) {
    const model::SiteLayout& all = spec_.layout.attention(layer);
    at::Tensor outputs;
    if (all.count() > 0) outputs = network_.block(layer).heads(all, hidden, copies(states).run, nn::HeadProducts::joint, nullptr);
    const auto most = static_cast<std::size_t>(at_once_);
    for (std::size_t first = 0; first < starts.size(); first += most) {
      const auto some = starts.subspan(first, std::min(starts.size() - first, most));
      const bool final = first + most >= starts.size();  // nothing else needs the outputs
      descend(some, layer, final ? std::exchange(hidden, {}) : hidden, final ? std::exchange(outputs, {}) : outputs, final,
              states);
    }
  }

  void descend(std::span<const Start> starts, int layer, at::Tensor hidden, at::Tensor outputs, bool final, std::int64_t states) {
    const model::SiteLayout& all = spec_.layout.attention(layer);
    const auto count = std::ssize(starts);
    nn::RunContext& run = copies(count).run;
    const std::int64_t tokens = batch_.token_count();
    at::Tensor before = chosen(hidden, states, starts, tokens, std::ssize(run.rows().positions));
    const bool asked = layer + 1 == spec_.layer_count() && !run.rows().asks_all;
    const std::int64_t each = asked ? copies(1).run.rows().asked_offsets.back() : tokens;
    at::Tensor own;
    if (outputs.defined()) {
      own = chosen(outputs, states, starts, each, asked ? run.rows().asked.size(0) : before.size(0));
      if (own.is_same(outputs) && !final) own = own.clone();
      remove(own, starts, each, layer);
    }
    hidden = outputs = at::Tensor();  // nothing below needs them
    const nn::NeuronGates neurons = gates_of_neurons(starts, each, layer, before);
    at::Tensor after =
        network_.block(layer).finish(all, std::exchange(before, {}), std::exchange(own, {}), run, neurons, nullptr);
    std::vector<Start> following;
    for (std::int64_t i = 0; i < count; ++i)
      for (const MaskTrie::Node& next : starts[static_cast<std::size_t>(i)].node->next) following.push_back({&next, i});
    if (!following.empty()) return visit(following, layer + 1, std::move(after), count);
    const at::Tensor results = network_.head().forward(after, run.rows(), nullptr);
    const std::int64_t answers = network_.head().answers(batch_);
    for (std::int64_t i = 0; i < count; ++i)
      take_(*starts[static_cast<std::size_t>(i)].node, results.narrow(0, i * answers, answers));
  }

  const nn::Network& network_;
  const model::ModelSpec& spec_;
  const model::Batch& batch_;
  at::Device device_;
  ops::AttentionOptions options_;
  std::int64_t at_once_;
  const TakeLeaf& take_;
  std::map<std::int64_t, std::unique_ptr<Copies>> copies_;
};

}  // namespace

void walk_masks_batched(const nn::Network& network, const model::Batch& batch, const MaskTrie& trie, at::Device device,
                        const ops::AttentionOptions& options, std::int64_t at_once, const TakeLeaf& take) {
  BatchedWalk(network, batch, device, options, at_once, take).all(trie);
}

}  // namespace hies::engine
