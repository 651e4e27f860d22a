#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "hies/arch/family.h"
#include "hies/formats/tensor_store.h"
#include "hies/model/tensors.h"

namespace hies::arch {

// Returns the model_type whose tensors begin with `prefix` ("bert."); empty: no family's do.
std::string_view model_type_of(std::string_view prefix);

// Returns the first place of a tensor's name where `beginning` begins one of its parts, which dots separate; npos: there is none.
std::size_t find_part(std::string_view name, std::string_view beginning);

// Finds the stored tensors behind canonical names. They may have the names of another version of transformers (Family::other_names),
// lack the family's prefix, and begin, all of them, with that of a wrapper such as DataParallel ("module."). What torch.compile and
// FSDP put anywhere in a name ("_orig_mod.") is left out.
class TensorNames {
 public:
  // `declared`: the tensors of the model, by which a wrapper's prefix is found. The store must outlive this.
  TensorNames(const formats::TensorStore& store, const Family& family, const std::vector<model::TensorDecl>& declared);

  // Returns the stored tensor, or null. Throws bad_input if two tensors with different content have names of it.
  const formats::TensorView* find(const std::string& canonical) const;
  // Returns the names that find() looks for, without a wrapper's, newest first.
  std::vector<std::string> spellings(const std::string& canonical) const;
  // Returns what stands before one of the spellings in the name of a stored tensor ("ema."); empty: there is no such tensor.
  std::string prefix_of(const std::string& canonical) const;
  // Returns what wrappers have put into the names of all tensors; empty: nothing.
  const std::string& wrapper() const noexcept { return wrapper_; }

 private:
  void leave_out_markers();
  void leave_out_prefix(const std::vector<model::TensorDecl>& declared);

  const Family& family_;
  std::unordered_map<std::string, const formats::TensorView*> by_name_;
  std::string wrapper_;
};

}  // namespace hies::arch
