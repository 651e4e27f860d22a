#include "site_values.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "hies/base/error.h"
#include "hies/model/site.h"

namespace hies::cli {
namespace {

constexpr std::array<std::string_view, 2> kBySite = {"--ratio", "--method"};

using SiteValues = std::map<model::SiteKind, std::string>;

// Reads "attention=A,ffn=B"; nothing where no site is named.
std::optional<SiteValues> parse(std::string_view flag, std::string_view text) {
  if (text.find('=') == text.npos) return std::nullopt;
  SiteValues values;
  for (std::size_t comma = 0; comma != text.npos; text.remove_prefix(comma == text.npos ? 0 : comma + 1)) {
    comma = text.find(',');
    const std::string_view part = text.substr(0, comma);
    const std::size_t equals = part.find('=');
    const std::string_view name = part.substr(0, equals);
    if (equals == part.npos || (name != "attention" && name != "ffn"))
      throw Error(ErrorKind::bad_input, fmt::format("{}: '{}' is not attention=… or ffn=…", flag, printable(part)),
                  fmt::format("write {} attention=…,ffn=…", flag));
    if (!values.emplace(model::parse_site_kind(name), part.substr(equals + 1)).second)
      throw Error(ErrorKind::bad_input, fmt::format("{} names {} twice", flag, name),
                  fmt::format("write {} attention=…,ffn=…", flag));
  }
  return values;
}

// Adds the options that the values of `flag` stand for. A method of neurons alone is the method.
void add(std::string_view flag, const SiteValues& values, std::vector<std::string>& words) {
  const bool alone = flag == "--method" && !values.contains(model::SiteKind::attention);
  for (const auto& [kind, value] : values) {
    words.push_back(kind == model::SiteKind::ffn && !alone ? fmt::format("--ffn-{}", flag.substr(2)) : std::string(flag));
    words.push_back(value);
  }
}

}  // namespace

std::vector<std::string> with_site_values(Words words) {
  std::vector<std::string> result;
  std::map<model::SiteKind, bool> named;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    const std::string flag = word.substr(0, word.find('='));
    const bool joined = flag.size() < word.size();
    const bool by_site = std::find(kBySite.begin(), kBySite.end(), flag) != kBySite.end() && (joined || i + 1 < words.size());
    const auto values =
        by_site ? parse(flag, joined ? std::string_view(word).substr(flag.size() + 1) : words[i + 1]) : std::nullopt;
    if (!values) {
      result.push_back(word);
      continue;
    }
    add(flag, *values, result);
    for (const auto& [kind, value] : *values) named[kind] = true;
    if (!joined) ++i;
  }
  const auto names_sites = [](const std::string& word) { return word == "--sites" || word.starts_with("--sites="); };
  if (named.empty() || std::any_of(words.begin(), words.end(), names_sites)) return result;
  result.emplace_back("--sites");
  result.emplace_back(named.size() == 2 ? "attention,ffn" : model::site_kind_name(named.begin()->first));
  return result;
}

}  // namespace hies::cli
