#include "hies/data/question.h"

#include <algorithm>
#include <charconv>

#include "hies/base/error.h"
#include "hies/base/json.h"
#include "hies/data/white_space.h"

namespace hies::data {
namespace {

[[noreturn]] void no_gold(const std::string& text, const QuestionRow& row, std::string_view wanted) {
  bad_input("{}: '{}' does not name a right choice, which is {}", row.where(), printable(text), wanted);
}

std::int64_t place(const std::vector<std::string>& names, std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  return found == names.end() ? -1 : found - names.begin();
}

}  // namespace

Question ask(const std::string& context, const std::vector<std::string>& choices) {
  Question question;
  for (const std::string& choice : choices) question.choices.push_back({context, std::string(kTargetDelimiter) + choice, choice});
  return question;
}

Question ask_partial(const std::vector<std::string>& contexts, const std::string& continuation) {
  Question question;
  for (const std::string& context : contexts)
    question.choices.push_back({context, std::string(kTargetDelimiter) + continuation, context});
  return question;
}

std::string QuestionRow::where() const { return table_.where(row_); }

std::string QuestionRow::text(std::string_view column) const {
  const std::optional<std::size_t> found = table_.find(column);
  if (!found || table_.is_null(row_, *found)) bad_input("{} has nothing in column '{}'", where(), printable(column));
  return table_.text(row_, *found);
}

std::vector<std::string> QuestionRow::texts(std::string_view column, std::string_view member) const {
  const std::string place = fmt::format("{}, column '{}'", where(), printable(column));
  Json value = Json::parse(text(column), nullptr, false);
  if (!member.empty()) value = value.is_object() && value.contains(member) ? value[std::string(member)] : Json();
  if (!value.is_array()) bad_input("{}: not a list of texts{}", place, member.empty() ? "" : fmt::format(" '{}'", member));
  std::vector<std::string> texts;
  for (const Json& text : value) {
    if (!text.is_string()) bad_input("{}: the list holds {}, which is not a text", place, printable(text.dump(), 40));
    texts.push_back(text.get<std::string>());
  }
  return texts;
}

QuestionForm query_form() {
  return {.columns = {"query", "choices"},
          .gold_columns = {"gold", "label", "answer"},
          .question = [](const QuestionRow& row) { return ask(row.text("query"), row.texts("choices")); },
          .gold = gold_index};
}

QuestionForm partial_form() {
  return {.columns = {"context_options", "continuation"},
          .gold_columns = {"gold", "label", "answer"},
          .question = [](const QuestionRow& row) { return ask_partial(row.texts("context_options"), row.text("continuation")); },
          .gold = gold_index};
}

std::optional<std::int64_t> find_choice(const std::string& text, const QuestionRow& row) {
  const std::int64_t among = place(row.texts("choices"), text);
  return among < 0 ? std::nullopt : std::optional(among);
}

std::optional<std::int64_t> find_index(const std::string& text, const QuestionRow& /*row*/) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::int64_t> find_letter(const std::string& text, const QuestionRow& /*row*/) {
  if (text.size() != 1 || text[0] < 'A' || text[0] > 'Z') return std::nullopt;
  return text[0] - 'A';
}

std::int64_t gold_index(const std::string& text, const QuestionRow& row) {
  const std::optional<std::int64_t> value = find_index(text, row);
  if (!value) no_gold(text, row, "an index from 0");
  return *value;
}

std::int64_t gold_number(const std::string& text, const QuestionRow& row) {
  const std::optional<std::int64_t> value = find_index(text, row);
  if (!value) no_gold(text, row, "a number from 1");
  return *value - 1;
}

std::int64_t gold_letter(const std::string& text, const QuestionRow& row) {
  const std::optional<std::int64_t> value = find_letter(text, row);
  if (!value) no_gold(text, row, "a letter from A");
  return *value;
}

std::int64_t gold_flag(const std::string& text, const QuestionRow& row) {
  if (text == "true" || text == "1") return 1;
  if (text == "false" || text == "0") return 0;
  no_gold(text, row, "true or false");
}

std::int64_t gold_of_labels(const std::string& text, const QuestionRow& row) {
  const std::int64_t among = place(row.texts("choices", "label"), trim(text));
  if (among < 0) no_gold(text, row, "one of the labels of its choices");
  return among;
}

}  // namespace hies::data
