#include "hies/prune/protect.h"

#include <charconv>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "hies/base/error.h"

namespace hies::prune {
namespace {

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

std::optional<int> parse_index(std::string_view text) {
  text = trimmed(text);
  int value = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

// A number, or two with "-" between them.
std::optional<std::pair<int, int>> parse_range(std::string_view text) {
  const std::size_t dash = text.find('-');
  const std::optional<int> first = parse_index(text.substr(0, dash));
  const std::optional<int> last = dash == text.npos ? first : parse_index(text.substr(dash + 1));
  if (!first || !last || *last < *first) return std::nullopt;
  return std::pair(*first, *last);
}

struct Entry {
  model::Site site;
  int first = 0, last = 0;
};

Entry parse_entry(std::string_view text) {
  const auto refuse = [&]() -> Error {
    return {ErrorKind::bad_input, fmt::format("`protect`: '{}' is not LAYER:HEAD", printable(text)),
            "for instance 0:3,11:5 protects head 3 of layer 0 and head 5 of layer 11, ffn:2:0-99 the first neurons of layer 2"};
  };
  const std::size_t last_colon = text.rfind(':');
  if (last_colon == text.npos) throw refuse();
  const auto units = parse_range(text.substr(last_colon + 1));
  std::string_view rest = text.substr(0, last_colon);
  Entry entry;
  if (const std::size_t colon = rest.find(':'); colon != rest.npos) {
    const std::string_view kind = trimmed(rest.substr(0, colon));
    if (parse_index(kind) || kind.empty()) throw refuse();
    entry.site.kind = model::parse_site_kind(kind);
    rest = rest.substr(colon + 1);
  }
  const std::optional<int> layer = parse_index(rest);
  if (!layer || !units) throw refuse();
  entry.site.layer = *layer;
  std::tie(entry.first, entry.last) = *units;
  return entry;
}

void protect(std::string_view text, const model::Layout& layout, model::UnitSet& units) {
  const auto [site, first, last] = parse_entry(text);
  if (site.layer >= layout.layer_count())
    bad_input("`protect`: '{}': the model has no layer {}, only {} layers from 0", printable(text), site.layer,
              layout.layer_count());
  if (!layout.contains(site))
    bad_input("`protect`: '{}': layer {} has no {}", printable(text), site.layer, model::site_kind_name(site.kind));
  const model::SiteLayout& present = layout.at(site);
  const std::string_view noun = model::unit_noun(site.kind);
  if (last >= present.original_units)
    bad_input("`protect`: '{}': layer {} has no {} {}, only {}s 0 … {}", printable(text), site.layer, noun, last, noun,
              present.original_units - 1);
  std::vector<int> listed;
  for (int unit = first; unit <= last; ++unit) {
    if (!present.is_active(unit))
      bad_input("`protect`: '{}': {} {} of layer {} is already removed", printable(text), noun, unit, site.layer);
    listed.push_back(unit);
  }
  units.insert(site, listed);
}

}  // namespace

model::UnitSet parse_protect(const std::string& text, const model::Layout& layout) {
  model::UnitSet units;
  if (text.empty()) return units;
  std::string_view rest = text;
  for (std::size_t comma = 0; comma != rest.npos; rest.remove_prefix(comma == rest.npos ? 0 : comma + 1)) {
    comma = rest.find(',');
    protect(trimmed(rest.substr(0, comma)), layout, units);
  }
  return units;
}

}  // namespace hies::prune
