#include <algorithm>
#include <cctype>

#include "hies/data/task.h"
#include "hies/data/white_space.h"

namespace hies::data {
namespace {

void replace_all(std::string& text, std::string_view what, std::string_view by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size()) text.replace(at, what.size(), by);
}

// Brackets are left over from WikiHow; none goes past the end of its line.
void remove_brackets(std::string& text) {
  for (std::size_t begin = 0; (begin = text.find('[', begin)) != std::string::npos;) {
    const std::size_t end = text.find_first_of("]\n", begin);
    if (end != std::string::npos && text[end] == ']') text.erase(begin, end + 1 - begin);
    else ++begin;
  }
}

std::string cleaned(std::string_view raw) {
  std::string text(trim(raw));
  replace_all(text, " [title]", ". ");
  remove_brackets(text);
  replace_all(text, "  ", " ");
  return text;
}

// Python's str.capitalize, of ASCII letters.
std::string capitalized(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(c < 0x80 ? std::tolower(c) : c); });
  if (!text.empty() && static_cast<unsigned char>(text[0]) < 0x80) text[0] = static_cast<char>(std::toupper(text[0]));
  return text;
}

Question hellaswag_original(const QuestionRow& row) {
  std::vector<std::string> endings = row.texts("endings");
  for (std::string& ending : endings) ending = cleaned(ending);
  return ask(cleaned(row.text("activity_label") + ": " + row.text("ctx_a") + " " + capitalized(row.text("ctx_b"))), endings);
}

}  // namespace

// How does a description of something that people do go on?
Task hellaswag_task() {
  return {
      .name = "hellaswag",
      .description = "How does a description of a scene go on?",
      .problem = model::Problem::causal_lm,
      .reading = Reading::questions,
      .questions = {query_form(),
                    {.columns = {"activity_label", "ctx_a", "ctx_b", "endings"},
                     .gold_columns = {"label"},
                     .question = hellaswag_original,
                     .gold = gold_index},
                    {.columns = {"ctx", "endings"},
                     .gold_columns = {"label", "gold"},
                     .question = [](const QuestionRow& row) { return ask(row.text("ctx"), row.texts("endings")); },
                     .gold = gold_index}},
      .metrics = {"acc_norm", "acc", "acc_bytes"},
      .loss = "ce",
  };
}

}  // namespace hies::data
