#include "hies/data/token_ids.h"

#include <algorithm>
#include <optional>

#include "hies/base/error.h"

namespace hies::data {
namespace {

std::optional<std::int32_t> beyond(const std::vector<std::int32_t>& ids, std::int64_t rows) {
  const auto found = std::find_if(ids.begin(), ids.end(), [rows](std::int32_t id) { return id >= rows; });
  return found == ids.end() ? std::nullopt : std::optional(*found);
}

std::optional<std::int32_t> beyond(const Example& example, std::int64_t rows) {
  std::optional<std::int32_t> id = beyond(example.ids, rows);
  for (auto choice = example.choices.begin(); !id && choice != example.choices.end(); ++choice) id = beyond(choice->ids, rows);
  return id;
}

}  // namespace

void check_token_ids(const Dataset& dataset, const std::filesystem::path& file, const arch::Checkpoint& checkpoint,
                     const text::Tokenizer& tokenizer) {
  const std::int64_t rows = checkpoint.spec().text.vocabulary;
  if (tokenizer.id_bound() <= rows) return;
  for (const Example& example : dataset.examples) {
    const std::optional<std::int32_t> id = beyond(example, rows);
    if (!id) continue;
    const std::string group =
        dataset.groups.empty() ? "" : printable(dataset.groups[static_cast<std::size_t>(example.group)].name) + ", ";
    throw Error(ErrorKind::bad_input,
                fmt::format("{}: {}line {}: the token '{}' has id {}, but the model's embedding holds {}", file.string(), group,
                            example.row, printable(tokenizer.token(*id)), *id, rows),
                fmt::format("the tokenizer in {} has tokens that the model was not given: is it the model's own?",
                            checkpoint.folder().string()));
  }
}

}  // namespace hies::data
