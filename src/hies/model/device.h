#pragma once

#include <cstdint>
#include <string>

#include "hies/model/compute_type.h"

namespace hies::model {

// Where models loaded from now on are computed: "cpu", or "cuda", which opens libtorch's CUDA half and the kernels' plug-in; nothing of
// either is touched before. Call it before anything else of this room. Throws bad_input for another name, unsupported where the card
// cannot be used, with what is missing.
void set_device(const std::string& name);

// Throws unsupported for what no card computes in: float64.
void check_card_computes(ComputeType type);

// Whether a card multiplies float32 matrices in TF32, with 11 bits of mantissa; those of attention, too. Off unless set.
void set_tf32(bool allowed);

// Whether a card adds up gradients of long sequences in one fixed order, so that scores are the same bit for bit in every run, instead of
// as fast as it can. Off unless set.
void set_deterministic(bool wanted);
bool deterministic() noexcept;

// Whether matrices of models loaded from now on stay in the machine's memory, pinned, and are on a card only around their products:
// for weights larger than its memory. Nothing on the CPU. Off unless set.
void set_offload(bool wanted);
bool offloads() noexcept;  // and it is a card

// Whether it is a card.
bool on_card() noexcept;

// Bytes of memory that are free on the card now.
std::uint64_t free_card_memory();

// Bytes of it that tensors take now.
std::uint64_t card_bytes();
// The most bytes of it that tensors have taken since restart_card_peak().
std::uint64_t card_peak_bytes();
void restart_card_peak();

}  // namespace hies::model
