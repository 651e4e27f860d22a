#include "hies/model/site.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "hies/base/error.h"
#include "hies/base/suggest.h"

namespace hies::model {
namespace {

constexpr std::array<std::pair<std::string_view, SiteKind>, 3> kSiteKinds = {
    {{"attention", SiteKind::attention}, {"cross_attention", SiteKind::cross_attention}, {"ffn", SiteKind::ffn}}};

}  // namespace

std::string_view site_kind_name(SiteKind kind) noexcept {
  for (const auto& [name, known] : kSiteKinds)
    if (known == kind) return name;
  return "";
}

SiteKind parse_site_kind(std::string_view name) {
  std::vector<std::string> names;
  for (const auto& [known, kind] : kSiteKinds) {
    if (known == name) return kind;
    names.emplace_back(known);
  }
  throw Error(ErrorKind::bad_input, fmt::format("unknown kind of site '{}'", printable(name)), known_names_hint(name, names));
}

std::vector<SiteKind> parse_site_kinds(std::string_view names) {
  std::vector<SiteKind> kinds;
  for (std::size_t begin = 0; begin <= names.size();) {
    const std::size_t end = std::min(names.find(',', begin), names.size());
    const SiteKind kind = parse_site_kind(names.substr(begin, end - begin));
    if (std::find(kinds.begin(), kinds.end(), kind) != kinds.end())
      bad_input("sites '{}' name {} twice", printable(names), site_kind_name(kind));
    kinds.push_back(kind);
    begin = end + 1;
  }
  std::sort(kinds.begin(), kinds.end());
  return kinds;
}

bool names_site_kind(std::string_view names, SiteKind kind) {
  const std::vector<SiteKind> kinds = parse_site_kinds(names);
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

std::string_view unit_noun(SiteKind kind) noexcept { return kind == SiteKind::ffn ? "neuron" : "head"; }

}  // namespace hies::model
