// What the labels of a whole column mean.
#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>

#include <fmt/ranges.h>

#include "hies/base/error.h"
#include "hies/data/labels.h"

namespace hies::data {
namespace {

constexpr LabelMeaning kNames = LabelMeaning::names, kIds = LabelMeaning::ids, kTruth = LabelMeaning::truth;

std::string_view plural(LabelMeaning meaning) {
  switch (meaning) {
    case kNames: return "names";
    case kIds: return "ids";
    case kTruth: return "truth values";
  }
  return "";
}

std::string in_quotes(std::string_view text) { return fmt::format("'{}'", printable(text, 40)); }

std::string list_of(const std::vector<std::string>& words) { return printable(fmt::format("{}", fmt::join(words, ", ")), 400); }

// Names that the parts of a data set have, in lower case.
bool is_split_name(std::string_view name) {
  constexpr std::array<std::string_view, 9> kSplits = {"train",      "training", "test", "testing", "val",
                                                       "validation", "valid",    "dev",  "eval"};
  std::string lower(name);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return std::find(kSplits.begin(), kSplits.end(), lower) != kSplits.end();
}

// "1", "10", "2": whole numbers that are sorted as texts, which is another order.
bool are_numbers_out_of_order(const std::vector<std::string>& names) {
  std::int64_t before = -1;
  bool ascending = true;
  for (const std::string& name : names) {
    const std::optional<std::int64_t> number = whole_number(name);
    if (!number) return false;
    ascending &= *number > before;
    before = *number;
  }
  return !ascending;
}

}  // namespace

std::string LabelReader::listed_name() const { return column_.folders.empty() ? "the classes of " + column_.name : column_.name; }

void LabelReader::decide_values() {
  std::unordered_set<std::string_view> seen;
  std::vector<std::string_view> values;  // that have some meaning, once each
  bool begins_with_number = column_.type.values == ColumnType::Values::numbers;
  std::optional<std::int64_t> stray;  // the first row with a number that has none
  for (std::int64_t row = 0; row < std::ssize(column_.cells); ++row) {
    const std::string_view value = text(row);
    if (value.empty() || !seen.insert(value).second) continue;
    if (seen.size() == 1) begins_with_number |= whole_number(value).has_value();
    if (class_of(value, kNames) || class_of(value, kIds) || class_of(value, kTruth)) values.push_back(value);
    else if (!stray && whole_number(value) && !says_no_label(value)) stray = row;
  }
  if (values.empty()) meaning_ = begins_with_number ? kIds : kNames;  // for what is said of each
  else choose_meaning(values);
  // Ids that begin with 1 are seen by the one that is too large, which need not be in a row that is chosen.
  const bool are_numbers = std::all_of(values.begin(), values.end(), [](std::string_view value) { return whole_number(value); });
  if (stray && are_numbers && !values.empty()) refuse_class(*stray);
  if (values.empty() || meaning_ == kNames || !names_.order_is_assumed()) return;
  remarks_.push_back(
      fmt::format("the model's labels ({}) are not named like those of task '{}' ({}): integers are taken in this order",
                  list_of(names_.labels()), task_.name, list_of(task_.labels)));
}

void LabelReader::choose_meaning(const std::vector<std::string_view>& values) {
  const bool numbers_first = column_.type.values == ColumnType::Values::numbers;
  const std::array<LabelMeaning, 3> order = numbers_first ? std::array{kIds, kNames, kTruth} : std::array{kNames, kIds, kTruth};
  for (const LabelMeaning meaning : order) {
    if (!std::all_of(values.begin(), values.end(), [&](std::string_view value) { return class_of(value, meaning); })) continue;
    meaning_ = meaning;
    remark_choice(values);
    return;
  }
  const auto none = [&](LabelMeaning meaning) {
    return in_quotes(
        *std::find_if(values.begin(), values.end(), [&](std::string_view value) { return !class_of(value, meaning); }));
  };
  throw Error(
      ErrorKind::bad_input,
      fmt::format("{}: {} cannot be read as names of labels ({} is none), nor as ids ({} is none)", column_.source.string(),
                  column_.name, none(kNames), none(kIds)),
      printable(fmt::format("write only names, or only ids; the model's labels from id 0: {}", fmt::join(names_.labels(), ", ")),
                400));
}

// Where some values have another meaning, too, in which they are other classes.
void LabelReader::remark_choice(const std::vector<std::string_view>& values) {
  if (meaning_ == kTruth) return;
  const LabelMeaning other = meaning_ == kNames ? kIds : kNames;
  const bool differs = std::any_of(values.begin(), values.end(), [&](std::string_view value) {
    const Class in_other = class_of(value, other);
    return in_other && in_other != class_of(value, meaning_);
  });
  if (!differs) return;
  const auto against =
      std::find_if(values.begin(), values.end(), [&](std::string_view value) { return !class_of(value, other); });
  std::string why;
  if (against != values.end()) why = fmt::format("{} is none of the {}", in_quotes(*against), plural(other));
  else if (!column_.folders.empty()) why = "names of folders are texts";
  else if (column_.type.values == ColumnType::Values::numbers) why = "they are stored as numbers";
  else if (column_.type.values == ColumnType::Values::texts) why = "they are stored as texts";
  else why = "the file does not say that they are numbers";
  remarks_.push_back(fmt::format("{}: the labels of {} are read as {} of the model's labels ({}), not as {}: {}",
                                 column_.source.string(), column_.name, plural(meaning_), list_of(names_.labels()), plural(other),
                                 why));
}

void LabelReader::decide_classes(const std::vector<std::string>& listed) {
  refuse_splits();
  const bool are_folders = !column_.folders.empty();
  classes_.assign(listed.size(), std::nullopt);
  if (listed == names_.labels()) {  // two labels may have one name
    for (std::size_t i = 0; i < listed.size(); ++i) classes_[i] = static_cast<int>(i);
    return;
  }
  const bool in_order = names_.are_placeholders() && !are_folders;
  if (decide_classes_by(kNames, listed) || (!in_order && decide_classes_by(kIds, listed)) || decide_classes_by(kTruth, listed))
    return;
  const bool none_known = std::none_of(listed.begin(), listed.end(), [&](const auto& name) { return names_.by_name(name); });
  if (none_known && (listed.size() == names_.labels().size() || in_order)) return take_in_order(listed);
  if (none_known || are_folders) refuse_classes(listed);
  // Some are no labels of the model: rows that have one are refused.
  for (std::size_t i = 0; i < listed.size(); ++i) classes_[i] = names_.by_name(listed[i]);
  refuse_merged(listed);
}

bool LabelReader::decide_classes_by(LabelMeaning meaning, const std::vector<std::string>& listed) {
  for (std::size_t i = 0; i < listed.size(); ++i)
    if (!(classes_[i] = class_of(trimmed(listed[i]), meaning))) return false;
  meaning_ = meaning;
  refuse_merged(listed);
  const bool are_folders = !column_.folders.empty();
  if (meaning == kNames && are_folders) remark_choice({listed.begin(), listed.end()});
  if (meaning != kIds) return true;
  const bool same_order =
      std::all_of(classes_.begin(), classes_.end(), [&](const Class& id) { return *id == &id - classes_.data(); });
  if (are_folders || !same_order)
    remarks_.push_back(fmt::format("{}: {} ({}) are numbers and read as ids of the model's labels ({})", column_.source.string(),
                                   listed_name(), list_of(listed), list_of(names_.labels())));
  return true;
}

void LabelReader::take_in_order(const std::vector<std::string>& listed) {
  // A model whose labels nobody named was trained with classes in their stored order, but folders can be listed in two.
  const bool is_obvious = names_.are_placeholders() && column_.folders.empty();
  if (!is_obvious && are_numbers_out_of_order(listed)) refuse_classes(listed);
  // Classes that are the task's, in another order than the task has them.
  std::vector<std::int64_t> places;
  for (const std::string& name : listed)
    if (const auto place = names_.place_in_task(name)) places.push_back(*place);
  const bool of_task = places.size() == listed.size();
  for (std::size_t i = 0; i < listed.size(); ++i) classes_[i] = names_.by_id(of_task ? places[i] : static_cast<std::int64_t>(i));
  refuse_merged(listed);
  if (is_obvious) return;
  remarks_.push_back(fmt::format("{}: {} ({}) are not named like the model's labels ({}): both are taken in this order",
                                 column_.source.string(), listed_name(), list_of(of_task ? task_.labels : listed),
                                 list_of(names_.labels())));
}

void LabelReader::refuse_splits() const {
  std::vector<std::string> splits;
  for (const std::string& folder : column_.folders)
    if (is_split_name(folder) && !names_.by_name(folder)) splits.push_back(folder);
  if (splits.size() < 2) return;
  throw Error(ErrorKind::bad_input,
              fmt::format("{}: the folders {} are splits of a data set, not classes", column_.source.string(), list_of(splits)),
              fmt::format("give one of them: {}", (column_.source / splits.front()).string()));
}

void LabelReader::refuse_merged(const std::vector<std::string>& listed) const {
  std::unordered_map<int, const std::string*> first;
  for (std::size_t i = 0; i < listed.size(); ++i) {
    if (!classes_[i]) continue;
    const auto [other, fresh] = first.emplace(*classes_[i], &listed[i]);
    if (!fresh)
      bad_input("{}: {} and {} of {} are one label of the model ({})", column_.source.string(), in_quotes(*other->second),
                in_quotes(listed[i]), listed_name(), in_quotes(names_.labels()[static_cast<std::size_t>(*classes_[i])]));
  }
}

void LabelReader::refuse_classes(const std::vector<std::string>& listed) const {
  const bool are_folders = !column_.folders.empty();
  throw Error(ErrorKind::bad_input,
              fmt::format("{}: {} ({}) are not the model's labels ({})", column_.source.string(), listed_name(), list_of(listed),
                          list_of(names_.labels())),
              are_folders ? "name the folders as label2id of config.json does, or give as many as the model has labels"
                          : "name the labels in label2id of config.json as the file does");
}

}  // namespace hies::data
