#include "hies/search/rows.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "hies/base/error.h"

namespace hies::search {
namespace {

// What a model reads of an example; of images nothing, which differ by their place alone.
using Content = std::tuple<std::vector<std::int32_t>, std::vector<std::int32_t>, std::vector<std::vector<std::int32_t>>>;

Content content_of(const data::Example& example) {
  std::vector<std::vector<std::int32_t>> choices;
  for (const data::EncodedChoice& choice : example.choices) choices.push_back(choice.ids);
  return {example.ids, example.type_ids, std::move(choices)};
}

std::set<Content> contents_of(const data::Dataset& dataset) {
  std::set<Content> contents;
  for (const data::Example& example : dataset.examples)
    if (!example.ids.empty() || !example.choices.empty()) contents.insert(content_of(example));
  return contents;
}

}  // namespace

void set_default_rows(const data::Task& task, data::LoadOptions& load, SearchOptions& options) {
  if (!load.examples) load.examples = data::reads_windows(task) ? 64 : 512;
  if (!options.choice_examples) options.choice_examples = std::max<std::int64_t>(1, *load.examples / 2);
}

SearchRows divide(const data::Dataset& rows, std::int64_t examples, std::int64_t choice, Progress& progress) {
  if (rows.size() < examples + choice)
    throw Error(ErrorKind::bad_input,
                fmt::format("{} has {} rows, but {} to search with and {} others to choose with are needed", rows.source.string(),
                            rows.size(), examples, choice),
                fmt::format("give more rows, or lower `examples` and `choice_examples`: {} and {}",
                            std::max<std::int64_t>(1, rows.size() * 2 / 3), std::max<std::int64_t>(1, rows.size() / 3)));
  SearchRows parts{data::examples_between(rows, 0, examples), data::examples_between(rows, examples, examples + choice)};
  const std::set<Content> seen = contents_of(parts.objective);
  std::vector<data::Example>& others = parts.choice.examples;
  const auto repeated = std::erase_if(others, [&](const data::Example& example) { return seen.contains(content_of(example)); });
  if (repeated == 0) return parts;
  if (others.empty())
    throw Error(ErrorKind::bad_input,
                fmt::format("{}: the {} rows to choose with repeat those to search with", rows.source.string(), choice),
                "give a file of other texts as `calibration`");
  progress.warn(fmt::format("{}: {} of the {} rows to choose with repeat texts of those to search with and are left out",
                            rows.source.string(), repeated, choice));
  parts.choice.hash = data::content_hash(others, parts.choice.has_labels);
  parts.choice.set_label_range();
  return parts;
}

void warn_of_shared_rows(const SearchRows& rows, const data::Dataset& evaluation, Progress& progress) {
  std::set<Content> seen = contents_of(rows.objective);
  seen.merge(contents_of(rows.choice));
  const auto shared = std::count_if(evaluation.examples.begin(), evaluation.examples.end(),
                                    [&](const data::Example& example) { return seen.contains(content_of(example)); });
  if (shared > 0)
    progress.warn(fmt::format("{} of the {} evaluation rows of {} are also calibration rows", shared, evaluation.size(),
                              evaluation.source.string()));
}

}  // namespace hies::search
