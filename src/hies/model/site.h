#pragma once

#include <compare>
#include <cstdint>
#include <string_view>
#include <vector>

namespace hies::model {

// What kind of units a site has: attention heads, heads that attend to another sequence, or feed-forward neurons.
enum class SiteKind : std::uint8_t { attention, cross_attention, ffn };

// Returns "attention", "cross_attention" or "ffn".
std::string_view site_kind_name(SiteKind kind) noexcept;
// Returns the kind of that name. Throws bad_input for another name.
SiteKind parse_site_kind(std::string_view name);
// Returns the kinds of "attention,ffn" in the order of a layer. Throws bad_input for another name and for one that is there twice.
std::vector<SiteKind> parse_site_kinds(std::string_view names);
// Returns whether "attention,ffn" names the kind. Throws as parse_site_kinds does.
bool names_site_kind(std::string_view names, SiteKind kind);
// Returns what one unit of such a site is called in messages: "head" or "neuron".
std::string_view unit_noun(SiteKind kind) noexcept;

// A place where units can be removed. Sites are ordered by layer, then by kind, as they follow each other in a layer.
struct Site {
  int layer = 0;
  SiteKind kind = SiteKind::attention;
  auto operator<=>(const Site&) const = default;  // NOLINT(modernize-use-nullptr): clang-tidy 14 sees a pointer here
};

inline Site attention_site(int layer) noexcept { return {layer, SiteKind::attention}; }
inline Site ffn_site(int layer) noexcept { return {layer, SiteKind::ffn}; }

// A unit by its place in the original, unpruned model.
struct UnitId {
  Site site;
  int unit = 0;
  auto operator<=>(const UnitId&) const = default;  // NOLINT(modernize-use-nullptr): clang-tidy 14 sees a pointer here
};

}  // namespace hies::model
