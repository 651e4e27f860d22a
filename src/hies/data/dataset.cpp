#include "hies/data/dataset.h"

#include <algorithm>
#include <span>

#include "hies/base/error.h"
#include "hies/base/hash.h"

namespace hies::data {
namespace {

void hash_ids(const std::vector<std::int32_t>& ids, Hasher& hasher) {
  hasher.update(static_cast<std::int64_t>(ids.size())).update(std::as_bytes(std::span(ids)));
}

// Nothing for texts: their hash is what it was before there was anything else.
void hash_others(const Example& example, Hasher& hasher) {
  if (example.targets > 0) hasher.update(example.targets);
  for (const EncodedChoice& choice : example.choices) {
    hash_ids(choice.ids, hasher);
    hasher.update(choice.targets);
  }
  if (example.image.from != nullptr)
    hasher.update(example.image.from->content_hash(example.image.index)).update(example.image_tokens);
}

Example right_answer(const Example& question) {
  const EncodedChoice& choice = question.choices[static_cast<std::size_t>(question.label)];
  Example window;
  window.ids = question.ids;
  window.ids.insert(window.ids.end(), choice.ids.begin(), choice.ids.end());
  window.label = question.label;
  window.row = question.row;
  window.group = question.group;
  window.targets = choice.targets;
  return window;
}

}  // namespace

std::int64_t Example::run_tokens() const noexcept {
  std::int64_t count = static_cast<std::int64_t>(ids.size()) - (targets > 0 ? 1 : 0) + image_tokens;
  for (const EncodedChoice& choice : choices) count += static_cast<std::int64_t>(choice.ids.size()) - 1;
  return count;
}

std::int64_t Dataset::token_count() const noexcept {
  std::int64_t count = 0;
  for (const Example& example : examples) count += example.run_tokens();
  return count;
}

void Dataset::set_label_range() {
  label_range = {0, 0};
  if (!has_labels || examples.empty()) return;
  const auto [least, most] =
      std::minmax_element(examples.begin(), examples.end(), [](const Example& a, const Example& b) { return a.label < b.label; });
  label_range = {least->label, most->label};
}

Dataset examples_between(const Dataset& dataset, std::int64_t begin, std::int64_t end) {
  check(begin >= 0 && begin <= end && end <= dataset.size(), "a part of a data set that is not there");
  Dataset some;
  some.source = dataset.source;
  some.max_length = dataset.max_length;
  some.has_labels = dataset.has_labels;
  some.groups = dataset.groups;
  some.examples.assign(dataset.examples.begin() + begin, dataset.examples.begin() + end);
  some.set_label_range();
  some.hash = content_hash(some.examples, some.has_labels);
  return some;
}

std::string content_hash(const std::vector<Example>& examples, bool with_labels) {
  Hasher hasher;
  hasher.update(static_cast<std::int64_t>(examples.size())).update(std::int64_t{with_labels});
  for (const Example& example : examples) {
    hash_ids(example.ids, hasher);
    hasher.update(std::as_bytes(std::span(example.type_ids)));
    if (with_labels) hasher.update(std::as_bytes(std::span(&example.label, 1)));
    hash_others(example, hasher);
  }
  return hasher.hex();
}

Dataset right_answers_only(const Dataset& dataset) {
  Dataset answers = dataset;
  for (Example& example : answers.examples) {
    if (example.choices.empty()) continue;
    if (!dataset.has_labels)
      throw Error(
          ErrorKind::bad_input,
          fmt::format("{}: which choice is right is not said, but heads are scored with the right ones", dataset.source.string()),
          "name the column with `label`");
    example = right_answer(example);
  }
  return answers;
}

}  // namespace hies::data
