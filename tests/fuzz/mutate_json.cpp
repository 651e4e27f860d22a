#include <array>
#include <vector>

#include <nlohmann/json.hpp>

#include "mutate.h"

namespace hies::fuzz {
namespace {

using Tree = nlohmann::ordered_json;

// Numbers as texts, because a tree holds none that are too large.
constexpr std::array<std::string_view, 30> kJsonNumbers = {"0",
                                                           "1",
                                                           "-1",
                                                           "2",
                                                           "3",
                                                           "7",
                                                           "8",
                                                           "64",
                                                           "1000",
                                                           "65536",
                                                           "100000000",
                                                           "1073741824",
                                                           "2147483647",
                                                           "2147483648",
                                                           "-2147483648",
                                                           "4294967295",
                                                           "4294967296",
                                                           "9007199254740993",
                                                           "9223372036854775807",
                                                           "-9223372036854775808",
                                                           "18446744073709551615",
                                                           "99999999999999999999",
                                                           "1e308",
                                                           "-1e308",
                                                           "1e-320",
                                                           "0.5",
                                                           "-0.0",
                                                           "1e999",
                                                           "2.5",
                                                           "0.1"};
constexpr std::array<std::string_view, 16> kJsonTexts = {"",    "a",         "0",    "-1",    "../x",  "/etc/passwd",
                                                         "\n",  "\x1b[2J",   "NaN",  "none",  "1-3,5", "0-99999999",
                                                         "ffn", "attention", "true", "{0} {}"};

void collect(Tree& node, std::vector<Tree*>& all) {
  all.push_back(&node);
  if (node.is_structured())
    for (Tree& child : node) collect(child, all);
}

Tree new_scalar(Rng& rng) {
  switch (below(rng, 6)) {
    case 0: return nullptr;
    case 1: return below(rng, 2) == 0;
    case 2: return std::string(kJsonTexts[below(rng, kJsonTexts.size())]);
    case 3: return below(rng, 2) == 0 ? Tree::array() : Tree::object();
    default: {
      const std::string text(kJsonNumbers[below(rng, kJsonNumbers.size())]);
      Tree number = Tree::parse(text, nullptr, false);
      return number.is_discarded() ? Tree("\x01" + text + "\x01") : number;  // becomes the bare text at the end
    }
  }
}

// A number near the one that is there, which keeps what depends on it nearly right.
Tree near_number(const Tree& old, Rng& rng) {
  if (old.is_number_float()) return old.get<double>() * (below(rng, 2) == 0 ? -1.0 : 2.0);
  const auto value = old.get<std::int64_t>();
  const auto step = static_cast<std::uint64_t>(1 + below(rng, 3));
  return static_cast<std::int64_t>(below(rng, 2) == 0 ? static_cast<std::uint64_t>(value) + step
                                                      : static_cast<std::uint64_t>(value) - step);
}

void mutate_children(Tree& node, const Tree& other, Rng& rng) {
  const std::size_t at = node.empty() ? 0 : below(rng, node.size());
  if (node.is_array()) {
    switch (below(rng, 4)) {
      case 0:
        if (!node.empty()) node.erase(at);
        break;
      case 1: node.push_back(node.empty() ? other : Tree(node[at])); break;
      case 2: node.insert(node.begin() + static_cast<std::ptrdiff_t>(at), other); break;
      default:
        for (std::size_t i = 0, count = below(rng, 300); i < count; ++i) node.push_back(other);
    }
    return;
  }
  const std::string key = node.empty() ? "x" : std::next(node.begin(), static_cast<std::ptrdiff_t>(at)).key();
  switch (below(rng, 3)) {
    case 0: node.erase(key); break;
    case 1: node[std::string(kJsonTexts[below(rng, kJsonTexts.size())])] = other; break;
    default: {  // under another name
      Tree value = node.contains(key) ? node[key] : other;
      node.erase(key);
      std::string name = key;
      mutate_bytes(name, rng);
      node[name] = std::move(value);
    }
  }
}

void mutate_node(Tree& node, const Tree& other, Rng& rng) {
  switch (below(rng, 9)) {
    case 0: node = other; return;
    case 1: node = Tree::array({node}); return;
    case 2: node = Tree::object({{"x", node}}); return;
    case 3:
      for (std::size_t i = 0, depth = below(rng, 120); i < depth; ++i) node = Tree::array({std::move(node)});
      return;
    case 4: node = new_scalar(rng); return;
    default: break;
  }
  if (node.is_structured()) return mutate_children(node, other, rng);
  if (node.is_number() && below(rng, 2) == 0) node = near_number(node, rng);
  else if (node.is_string() && below(rng, 2) == 0) mutate_bytes(node.get_ref<std::string&>(), rng);
  else node = new_scalar(rng);
}

// Writes numbers that the tree could not hold without their quotes.
std::string text_of(const Tree& tree) {
  std::string text = tree.dump(-1, ' ', false, Tree::error_handler_t::replace);
  for (const std::string_view mark : {"\"\\u0001", "\\u0001\""})
    for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at)) text.erase(at, mark.size());
  return text;
}

}  // namespace

void mutate_json(std::string& text, Rng& rng) {
  Tree tree = Tree::parse(text, nullptr, false);
  if (tree.is_discarded() || below(rng, 12) == 0) return mutate_bytes(text, rng);
  std::vector<Tree*> all;
  collect(tree, all);
  const Tree other = *all[below(rng, all.size())];
  mutate_node(*all[below(rng, all.size())], other.size() > 100 ? Tree(1) : other, rng);
  text = text_of(tree);
}

}  // namespace hies::fuzz
