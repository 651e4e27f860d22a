#pragma once

#include <cstdint>
#include <vector>

namespace hies::model {

// Whose queries the entropy is of: every token's, or only those of each sequence's first one, which a classifier reads ([CLS]).
enum class EntropyTokens { all, first };

// What a run records of every (example, head) and of every neuron, and where it is put. A_h is the head's output before the output
// projection.
struct Recorder {
  bool want_inner = false;            // needs an objective: Σ_t ⟨∂Loss/∂A_h,t , A_h,t⟩ and Σ_t |…|
  bool want_neurons = false;          // of a run with want_inner: gates of neurons, too
  bool want_neuron_examples = false;  // of a run with want_neurons: also of each sequence by itself
  bool want_entropy = false;
  EntropyTokens entropy_tokens = EntropyTokens::all;
  bool want_out_sq = false;  // makes the last layer of a classifier compute every token's A_h

  // What a caller that keeps statistics gets from runs of its own: sums over what output matrices read, gradients of matrices.
  bool want_output_inputs = false;
  bool want_weight_gradients = false;  // of a run with want_inner

  bool want_attention = false;  // for few, short examples: computes every T×S matrix

  struct Layer {
    std::vector<double> inner;      // [B, H] signed; equals ∂Loss_b/∂m_h at gate 1 (PAPER §2, HIS without the token average)
    std::vector<double> inner_abs;  // [B, H] Σ over tokens of the absolute inner product
    std::vector<double> entropy;    // [B, H] sum over queries that see ≥ 2 keys of H(p)/ln(keys seen), each 0…1
    std::vector<std::int64_t> entropy_queries;  // [B] number of such queries
    std::vector<double> out_sq;                 // [B, H] ‖A_h‖²_F over all tokens
    // [T, H] softmax weight on each key token: mean over the queries of its sequence that see it, and over the queries that the
    // result depends on (of an encoder its first token, of a decoder the last ones). Each of the latter sums to 1 over a sequence.
    std::vector<double> attention_mean, attention_asked;
    // [F] of the neurons' gate gradients g_b = Σ_t ∂Loss_b/∂a_t · a_t, a the neuron's activation: Σ_b |g_b|/n_b and Σ_b g_b² over the
    // sequences b of n_b tokens. Sums, because a model has hundreds of thousands of neurons for each example.
    std::vector<double> neuron_abs, neuron_sq;
    std::vector<double> neuron_inner;  // [B, F] g_b
  };
  std::vector<Layer> layers;  // [L], filled by a run
};

}  // namespace hies::model
