#include <algorithm>
#include <map>
#include <memory>
#include <span>
#include <utility>

#include "hies/base/error.h"
#include "hies/model/forward_torch.h"
#include "hies/model/mask_walk_torch.h"

namespace hies::model {
namespace {

// The batch `times` over, one after the other.
Batch repeated(const Batch& batch, std::int64_t times) {
  Batch all;
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

// A batch some times over, and how it runs.
struct Copies {
  Copies(const ModelSpec& spec, const Batch& one, std::int64_t times, at::Device device)
      : batch(repeated(one, times)), run(spec, batch, nullptr, nullptr, device) {}
  Batch batch;
  AttentionRun run;
};

// A choice in the layer at hand, and which of the states before the layer it starts from.
struct Choice {
  const MaskTrie::Node* node;
  std::int64_t from;
};

// A walk of the trie, some nodes at a time, depth first.
class GpuWalk {
 public:
  GpuWalk(const Network& network, const ModelSpec& spec, const Batch& batch, at::Device device, std::int64_t at_once,
           const TakeLeaf& take)
      : network_(network), spec_(spec), batch_(batch), device_(device), at_once_(at_once), take_(take) {}

  void all(const MaskTrie& trie) {
    std::vector<Choice> choices;
    for (const MaskTrie::Node& node : trie.first()) choices.push_back({&node, 0});
    visit(choices, 0, network_.embed(batch_, copies(1).run.rows()), 1);
  }

 private:
  Copies& copies(std::int64_t times) {
    std::unique_ptr<Copies>& made = copies_[times];
    if (!made) made = std::make_unique<Copies>(spec_, batch_, times, device_);
    return *made;
  }

  // Rows of the batch's copies, `states` of them, that `choices` start from: a copy of the rows for each. `padded` rows in all.
  at::Tensor chosen(const at::Tensor& rows, std::int64_t states, std::span<const Choice> choices, std::int64_t each,
                    std::int64_t padded) const {
    std::vector<std::int64_t> from;
    for (const Choice& choice : choices) from.push_back(choice.from);
    bool all = std::ssize(choices) == states && rows.size(0) == padded;
    for (std::int64_t i = 0; all && i < states; ++i) all = from[static_cast<std::size_t>(i)] == i;
    if (all) return rows;
    const auto count = static_cast<std::int64_t>(from.size());
    at::Tensor result = at::empty({padded, rows.size(1)}, rows.options());
    at::Tensor used = result.narrow(0, 0, count * each).view({count, each, rows.size(1)});
    at::index_select_out(used, rows.narrow(0, 0, states * each).view({states, each, rows.size(1)}), 0,
                         brought(index_tensor(from), device_));
    result.narrow(0, count * each, padded - count * each).zero_();
    return result;
  }

  // Outputs of the heads that a choice leaves out become 0.
  void leave_out(const at::Tensor& outputs, std::span<const Choice> choices, std::int64_t each, const LayerHeads& all) const {
    const auto count = std::ssize(choices);
    const at::Tensor removed = at::empty({count, 1, all.count(), 1}, at::TensorOptions().dtype(at::kBool));
    bool* flag = removed.data_ptr<bool>();
    bool any = false;
    for (const Choice& choice : choices)
      for (const std::uint8_t keep : choice.node->keep) any |= * flag++ = keep == 0;
    if (any)
      outputs.narrow(0, 0, count * each)
          .view({count, each, all.count(), all.head_dim})
          .masked_fill_(brought(removed, device_), 0);
  }

  // hidden: `states` states before `layer`, one behind the other.
  void visit(std::span<const Choice> choices, int layer, at::Tensor hidden, std::int64_t states) {
    const LayerHeads& all = spec_.heads(layer);
    const bool last = layer + 1 == spec_.layer_count();
    for (const Choice& choice : choices) {
      check(choice.node->keep.size() == all.heads.size(), "masks for another number of heads");
      check(choice.node->next.empty() == last, "masks for another number of layers");
    }
    at::Tensor outputs;
    if (all.count() > 0) outputs = network_.heads(layer, all, hidden, copies(states).run, HeadProducts::joint);
    const auto most = static_cast<std::size_t>(at_once_);
    for (std::size_t first = 0; first < choices.size(); first += most) {
      const auto some = choices.subspan(first, std::min(choices.size() - first, most));
      const bool final = first + most >= choices.size();  // nothing else needs the outputs
      go_on(some, layer, final ? std::exchange(hidden, {}) : hidden, final ? std::exchange(outputs, {}) : outputs, final, states);
    }
  }

  void go_on(std::span<const Choice> choices, int layer, at::Tensor hidden, at::Tensor outputs, bool final, std::int64_t states) {
    const LayerHeads& all = spec_.heads(layer);
    const auto count = std::ssize(choices);
    AttentionRun& run = copies(count).run;
    const std::int64_t tokens = batch_.token_count();
    at::Tensor before = chosen(hidden, states, choices, tokens, std::ssize(run.rows().positions));
    at::Tensor own;
    if (outputs.defined()) {
      const bool asked = layer + 1 == spec_.layer_count() && !run.rows().asks_all;
      const std::int64_t each = asked ? copies(1).run.rows().asked_offsets.back() : tokens;
      own = chosen(outputs, states, choices, each, asked ? run.rows().asked.size(0) : before.size(0));
      if (own.is_same(outputs) && !final) own = own.clone();
      leave_out(own, choices, each, all);
    }
    hidden = outputs = at::Tensor();  // nothing below needs them
    at::Tensor after = network_.finish(layer, all, std::exchange(before, {}), std::exchange(own, {}), run);
    std::vector<Choice> following;
    for (std::int64_t i = 0; i < count; ++i)
      for (const MaskTrie::Node& next : choices[static_cast<std::size_t>(i)].node->next) following.push_back({&next, i});
    if (!following.empty()) return visit(following, layer + 1, std::move(after), count);
    const at::Tensor results = result_of(network_, run, after);
    const std::int64_t each = spec_.problem == Problem::causal_lm ? std::ssize(batch_.target_rows) : batch_.size();
    for (std::int64_t i = 0; i < count; ++i) take_(*choices[static_cast<std::size_t>(i)].node, results.narrow(0, i * each, each));
  }

  const Network& network_;
  const ModelSpec& spec_;
  const Batch& batch_;
  at::Device device_;
  std::int64_t at_once_;
  const TakeLeaf& take_;
  std::map<std::int64_t, std::unique_ptr<Copies>> copies_;
};

}  // namespace

void walk_masks_on_gpu(const Network& network, const ModelSpec& spec, const Batch& batch, const MaskTrie& trie,
                        at::Device device, std::int64_t at_once, const TakeLeaf& take) {
  GpuWalk(network, spec, batch, device, at_once, take).all(trie);
}

}  // namespace hies::model
