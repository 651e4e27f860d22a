#pragma once

#include <filesystem>
#include <string>

#include "hies/arch/checkpoint.h"
#include "hies/base/progress.h"

namespace hies::exports {

struct TransformersOptions {
  std::string form = "auto";
  std::string max_shard_size = "5GB";

  template <class V, class Self>
  static void fields(V& v, Self& self) {
    v("form", self.form,
      "what transformers loads: uniform (as it is), padded (zeros make layers equal), pruned-heads (transformers 4), per-layer, "
      "or auto");
    v("max_shard_size", self.max_shard_size, "largest weight file, with its unit: 500MB, 5GB, …");
  }
};

// Throws bad_input for values that are not known.
void check_options(const TransformersOptions& options);

// In which form a checkpoint was written, and why.
struct TransformersForm {
  std::string form;                     // as TransformersOptions::form, never auto
  std::string why;                      // a clause for people
  std::int64_t heads = 0, neurons = 0;  // of zeros that were added
};

// Writes the checkpoint into `folder` (an AtomicDirectory's) so that stock transformers loads it, in the first of these forms that it
// can have: as it is, where every layer has as many heads and neurons; or padded: zeros are added to layers until all have as many as
// the widest, or, where the family's loader takes no other number of heads, as the original. Results are the same. Other forms are
// written when they are asked for: pruned-heads, for transformers 4, keeps the heads that there are (in a layer without, one of zeros);
// per-layer, for versions of transformers whose models read per_layer_config. Throws unsupported for a form that the model cannot have.
TransformersForm write_transformers(const arch::Checkpoint& checkpoint, const TransformersOptions& options,
                                    const std::filesystem::path& folder, Progress& progress);

}  // namespace hies::exports
