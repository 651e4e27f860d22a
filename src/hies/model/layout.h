#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "hies/model/site.h"

namespace hies::model {

// The units that one site has. Indices are those of the original model, ascending; a site may have none.
struct SiteLayout {
  std::vector<int> units;     // [U] query heads, or neurons
  std::vector<int> kv_heads;  // [K] key/value heads; empty for neurons
  int original_units = 0;
  int original_kv_heads = 0;  // 0 for neurons
  int unit_size = 0;          // columns of the output matrix that a unit has: the head size D, or 1 for a neuron
  // Padding heads: those of `units` that were removed but whose zeros stay in the tensors, so that every KV head has as many query
  // heads. Removing them changes no result, and they belong to no unit of a plan.
  std::vector<int> padding = {};

  int count() const noexcept { return static_cast<int>(units.size()); }
  int kv_count() const noexcept { return static_cast<int>(kv_heads.size()); }
  // Returns the number of columns that the output matrix reads: U·unit_size.
  std::int64_t width() const noexcept { return std::int64_t{count()} * unit_size; }
  std::int64_t kv_width() const noexcept { return std::int64_t{kv_count()} * unit_size; }
  // Returns the original KV head that the original query head `head` reads.
  int kv_of(int head) const { return static_cast<int>(std::int64_t{head} * original_kv_heads / original_units); }
  // Returns whether query heads share KV heads.
  bool grouped() const noexcept { return original_kv_heads > 0 && original_kv_heads < original_units; }
  // Returns the position of the original index `unit` in `units`, or -1.
  int position_of(int unit) const;
  // Returns the units that are not padding.
  std::vector<int> active() const;
  // Returns whether the original index `unit` is present and not padding.
  bool is_active(int unit) const;
  // Returns the position in kv_heads for every present query head: [U].
  std::vector<std::int32_t> kv_positions() const;
  // Drops the KV heads that no present query head reads.
  void drop_unread_kv_heads();
  // Returns the site without these of its units, and the KV heads that the others read.
  SiteLayout without(const std::vector<int>& removed) const;
  // Returns the site with the units for which keep [U] is not 0, and the KV heads that these read.
  SiteLayout kept(const std::vector<std::uint8_t>& keep) const;
  bool operator==(const SiteLayout&) const = default;
};

// The sites of a model, in their order. Plans, scores, costs and masks refer to it.
class Layout {
 public:
  using Sites = std::map<Site, SiteLayout>;

  // Adds the site if it is not there.
  SiteLayout& operator[](Site site) { return sites_[site]; }
  // Throws internal for a site that the model does not have.
  const SiteLayout& at(Site site) const;
  SiteLayout& at(Site site);
  const SiteLayout& attention(int layer) const { return at(attention_site(layer)); }
  SiteLayout& attention(int layer) { return at(attention_site(layer)); }
  const SiteLayout& ffn(int layer) const { return at(ffn_site(layer)); }
  SiteLayout& ffn(int layer) { return at(ffn_site(layer)); }
  bool contains(Site site) const { return sites_.contains(site); }
  bool empty() const noexcept { return sites_.empty(); }

  // Returns L: layers are numbered without gaps.
  int layer_count() const noexcept { return sites_.empty() ? 0 : sites_.rbegin()->first.layer + 1; }
  // Returns the sites of one kind, by layer.
  std::vector<Site> sites(SiteKind kind) const;
  // Return how many units of the kind are present, are padding, and are present and no padding.
  std::int64_t count(SiteKind kind) const;
  std::int64_t padding_count(SiteKind kind) const;
  std::int64_t active_count(SiteKind kind) const { return count(kind) - padding_count(kind); }

  Sites::const_iterator begin() const noexcept { return sites_.begin(); }
  Sites::const_iterator end() const noexcept { return sites_.end(); }
  bool operator==(const Layout&) const = default;

 private:
  Sites sites_;
};

}  // namespace hies::model
