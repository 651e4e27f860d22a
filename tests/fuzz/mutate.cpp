#include "mutate.h"

#include <vector>

namespace hies::fuzz {
namespace {

struct Form {
  std::string_view ending;
  void (*mutate)(std::string& content, Rng& rng);
};
constexpr Form kForms[] = {{".json", mutate_json}, {".jsonl", mutate_jsonl}, {".safetensors", mutate_safetensors},
                           {".png", mutate_png},   {".jpg", mutate_jpeg},    {".tar", mutate_tar},
                           {".tsv", mutate_text},  {".csv", mutate_text},    {".txt", mutate_text}};

constexpr std::size_t kMostBytes = 1 << 20;  // so that mutations of mutations do not grow without end

// Small files are chosen as often as large ones, JSON most often: it says what the others hold.
std::string chosen_name(const Bundle& bundle, Rng& rng) {
  std::vector<std::string> names;
  for (const auto& [name, content] : bundle) names.insert(names.end(), name.ends_with(".json") ? 4 : 1, name);
  return any_of(names, rng);
}

// Changes which files there are.
void mutate_names(Bundle& bundle, Rng& rng) {
  const std::string name = any_of(bundle, rng).first;
  const std::string other = any_of(bundle, rng).first;
  switch (below(rng, 4)) {
    case 0:
      if (bundle.size() > 1) bundle.erase(name);
      break;
    case 1: std::swap(bundle[name], bundle[other]); break;
    case 2: bundle[other] = bundle[name]; break;
    default: bundle[name].clear(); break;
  }
}

// Changes one file; its name says its form.
void mutate_file(const std::string& name, std::string& content, Rng& rng) {
  for (const Form& form : kForms)
    if (name.ends_with(form.ending) && below(rng, 8) != 0) return form.mutate(content, rng);
  mutate_bytes(content, rng);
}

}  // namespace

void mutate(Bundle& bundle, Rng& rng) {
  if (bundle.empty()) return;
  for (std::size_t i = 0, count = 1 + below(rng, 4); i < count; ++i) {
    if (below(rng, 40) == 0) {
      mutate_names(bundle, rng);
      continue;
    }
    const std::string name = chosen_name(bundle, rng);
    mutate_file(name, bundle[name], rng);
    if (bundle[name].size() > kMostBytes) bundle[name].resize(kMostBytes);
  }
}

}  // namespace hies::fuzz
