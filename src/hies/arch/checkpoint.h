#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "hies/arch/family.h"
#include "hies/base/json.h"
#include "hies/base/progress.h"
#include "hies/formats/tensor_store.h"
#include "hies/model/hashes.h"
#include "hies/model/spec.h"
#include "hies/model/tensors.h"

namespace hies::arch {

class TensorNames;

// A Hugging Face directory: parsed, checked against its family, weights mapped but not read. Knows nothing of torch.
class Checkpoint {
 public:
  // Throws bad_input (missing or broken config.json, missing tensor, wrong shape or dtype), unsupported (unknown model_type, quantised
  // weights, weights that are not safetensors, an adapter alone), io. The widths of the feed-forward networks are those of the stored
  // tensors, unless the `hies` block of config.json gives them: other pruners leave config.json as it was. Names of tensors may be
  // those of other versions of transformers (tensor_names.h). Warns of what other programs read differently: an adapter that is not
  // applied, names with a wrapper's prefix, matrices that config.json ties and the weights do not.
  static Checkpoint open(const std::filesystem::path& folder, Progress& progress = silent_progress());

  const std::filesystem::path& folder() const noexcept { return folder_; }
  const Json& config() const noexcept { return config_; }
  const model::ModelSpec& spec() const noexcept { return spec_; }
  const Family& family() const noexcept { return *family_; }
  const formats::TensorStore& store() const noexcept { return store_; }
  // Returns what names the weights and what config.json says of the computation (config_hash.h); nothing of the inputs, which are
  // other files. Computed once, at open.
  const model::ModelHashes& hashes() const noexcept { return hashes_; }
  const std::string& hash() const noexcept { return hashes_.weights; }

  // A tensor that the family uses, in the order of model::tensors(). `view` is null for the absent zero-size tensors of a site without
  // units and for a decoder's absent task head.
  struct Bound {
    model::TensorDecl decl;
    const formats::TensorView* view;
  };
  const std::vector<Bound>& tensors() const noexcept { return tensors_; }
  // The stored tensor behind a canonical name; null as in Bound. Throws internal for a name that the family does not have.
  const formats::TensorView* find(const std::string& canonical) const;
  // Stored tensors that the family does not use.
  const std::vector<std::string>& unused() const noexcept { return unused_; }
  // Returns whether there is a task head that is read. Where not, an encoder's spec() is of hidden states.
  bool has_task_head() const noexcept { return has_task_head_; }
  // Returns whether config.json ties the output matrix to the table of word embeddings, but each is stored with its own values, which
  // are used.
  bool is_untied_by_weights() const noexcept { return untied_; }
  // Bytes of all weight files on disk.
  std::uint64_t weight_bytes() const;

 private:
  std::filesystem::path folder_;
  Json config_;
  const Family* family_ = nullptr;
  model::ModelSpec spec_;
  formats::TensorStore store_;
  model::ModelHashes hashes_;
  std::vector<Bound> tensors_;
  std::vector<std::string> unused_;
  bool has_task_head_ = true;
  bool untied_ = false;

  void read_config();
  void bind(const TensorNames& names);
  void warn(const TensorNames& names, Progress& progress) const;
};

}  // namespace hies::arch
