#include "hies/prune/protect.h"

#include <charconv>
#include <optional>
#include <string_view>

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

model::HeadId parse_head(std::string_view text, const model::HeadLayout& layout) {
  const std::size_t colon = text.find(':');
  const std::optional<int> layer = parse_index(text.substr(0, colon));
  const std::optional<int> head = colon == text.npos ? std::nullopt : parse_index(text.substr(colon + 1));
  if (!layer || !head)
    throw Error(ErrorKind::bad_input, fmt::format("`protect`: '{}' is not LAYER:HEAD", printable(text)),
                "for instance 0:3,11:5 protects head 3 of layer 0 and head 5 of layer 11");
  if (static_cast<std::size_t>(*layer) >= layout.size())
    bad_input("`protect`: '{}': the model has no layer {}, only {} layers from 0", printable(text), *layer, layout.size());
  const model::LayerHeads& present = layout[static_cast<std::size_t>(*layer)];
  if (*head >= present.original_heads)
    bad_input("`protect`: '{}': layer {} has no head {}, only heads 0 … {}", printable(text), *layer, *head,
              present.original_heads - 1);
  if (!present.is_live(*head)) bad_input("`protect`: '{}': head {} of layer {} is already gone", printable(text), *head, *layer);
  return {*layer, *head};
}

}  // namespace

std::set<model::HeadId> parse_protect(const std::string& text, const model::HeadLayout& layout) {
  std::set<model::HeadId> heads;
  if (text.empty()) return heads;
  std::string_view rest = text;
  for (std::size_t comma = 0; comma != rest.npos; rest.remove_prefix(comma == rest.npos ? 0 : comma + 1)) {
    comma = rest.find(',');
    heads.insert(parse_head(trimmed(rest.substr(0, comma)), layout));
  }
  return heads;
}

}  // namespace hies::prune
