#include "hies/data/questions.h"

#include <algorithm>
#include <span>

#include "hies/base/error.h"
#include "hies/data/question_rows.h"
#include "hies/data/selection.h"
#include "hies/data/white_space.h"

namespace hies::data {
namespace {

using Ids = std::vector<std::int32_t>;

constexpr std::int64_t kQuestionsAtOnce = 512;          // between two looks at the progress
constexpr std::int64_t kUncut = std::int64_t{1} << 40;  // tokens

std::int64_t chosen_length(const LoadOptions& options, const model::ModelSpec& spec) {
  const std::int64_t positions = spec.positions;
  if (!options.max_length) return positions;
  if (*options.max_length < 1) bad_input("`max_length` is {}, but at least 1 is needed", *options.max_length);
  if (*options.max_length > positions)
    bad_input("`max_length` is {}, but the model has positions for {} tokens", *options.max_length, positions);
  return *options.max_length;
}

void check_options(const Task& task, const LoadOptions& options) {
  check_selection(options);
  const auto refuse = [&](bool given, std::string_view what, std::string_view why) {
    if (given) bad_input("task '{}' asks questions: {} {}", task.name, what, why);
  };
  refuse(options.context || options.stride, "`context` and `stride`", "are for texts that are judged in windows");
  refuse(!options.text.empty() || !options.text_pair.empty(), "`text` and `text_pair`", "are for tasks that read texts");
  refuse(options.shots && task.input_kind != InputKind::subjects, "`shots`", "is for mmlu");
}

// A context and its continuation as texts that are encoded, for what lm-evaluation-harness calls _encode_pair: the context alone, and
// both together. The tokens of the continuation are those of the whole that come after as many as the context has.
struct Pair {
  std::string context, whole;

  explicit Pair(const Question::AnswerChoice& choice) : whole(choice.context + choice.continuation) {
    // White space that ends the context begins the continuation, as it does in running text.
    context = trim_end(choice.context);
  }
};

// The tokens of a choice: `ids` with the last `targets` judged.
struct Tokens {
  Ids ids;
  std::int64_t targets = 0;
};

class Encoder {
 public:
  Encoder(const text::Tokenizer& tokenizer, std::int64_t max_length, int threads)
      : tokenizer_(tokenizer), max_length_(max_length), threads_(threads) {}

  // Examples of some questions; `truncated` counts those that lose their beginning.
  std::vector<Example> encode(std::span<const Question> questions, std::span<const std::string> places,
                              std::int64_t& truncated) const {
    // Contexts and wholes of all choices, one after another; a context that repeats is encoded once.
    std::vector<text::TextPair> texts;
    std::vector<std::size_t> contexts, wholes;
    for (const Question& question : questions) {
      for (std::size_t c = 0; c < question.choices.size(); ++c) {
        Pair pair(question.choices[c]);
        const bool repeats = c > 0 && question.choices[c].context == question.choices[c - 1].context;
        if (!repeats) texts.push_back({std::move(pair.context), std::nullopt});
        contexts.push_back(repeats ? contexts.back() : texts.size() - 1);
        texts.push_back({std::move(pair.whole), std::nullopt});
        wholes.push_back(texts.size() - 1);
      }
    }
    const std::vector<text::Encoding> encodings = encode_texts(texts);
    std::vector<Example> examples;
    std::size_t next = 0;
    for (std::size_t i = 0; i < questions.size(); ++i) {
      std::vector<Tokens> choices;
      bool cut = false;
      for (std::size_t c = 0; c < questions[i].choices.size(); ++c, ++next) {
        choices.push_back(
            tokens(encodings[contexts[next]].ids, encodings[wholes[next]].ids, fmt::format("{}, choice {}", places[i], c)));
        cut |= shorten(choices.back(), places[i]);
      }
      truncated += cut;
      examples.push_back(example(questions[i], choices));
    }
    return examples;
  }

 private:
  // Special tokens as the tokenizer has it, but never a second token that begins the text.
  std::vector<text::Encoding> encode_texts(const std::vector<text::TextPair>& texts) const {
    const text::EncodeOptions options{.max_length = kUncut};
    std::vector<text::Encoding> encodings = tokenizer_.encode_all(texts, options, threads_);
    const auto& prefix = tokenizer_.prefix();
    if (!prefix) return encodings;
    for (std::size_t i = 0; i < texts.size(); ++i)
      if (texts[i].first.starts_with(prefix->token))
        encodings[i] = tokenizer_.encode(texts[i].first, std::nullopt, {.max_length = kUncut, .special_tokens = false});
    return encodings;
  }

  Tokens tokens(const Ids& context, const Ids& whole, const std::string& where) const {
    Tokens result{context, 0};
    if (context.empty()) {
      if (!tokenizer_.prefix()) bad_input("{}: nothing stands before it, and the tokenizer has neither BOS nor EOS", where);
      result.ids.push_back(tokenizer_.prefix()->id);
    }
    if (whole.size() > context.size()) result.ids.insert(result.ids.end(), whole.begin() + std::ssize(context), whole.end());
    result.targets = std::ssize(whole) - std::ssize(context);
    if (result.targets < 1) bad_input("{}: the choice has no tokens of its own", where);
    return result;
  }

  // Keeps the end, if it must be; whether it was.
  bool shorten(Tokens& choice, const std::string& place) const {
    const std::int64_t over = std::ssize(choice.ids) - 1 - max_length_;
    if (over <= 0) return false;
    if (choice.targets > max_length_)
      bad_input("{}: a choice of {} tokens, but only {} can be read", place, choice.targets, max_length_);
    choice.ids.erase(choice.ids.begin(), choice.ids.begin() + over);
    return true;
  }

  // What the choices have in common goes first. The token whose row predicts the first judged one stays with the choice.
  static Example example(const Question& question, const std::vector<Tokens>& choices) {
    std::int64_t common = std::ssize(choices.front().ids) - choices.front().targets - 1;
    for (const Tokens& choice : choices) {
      common = std::min(common, std::ssize(choice.ids) - choice.targets - 1);
      const auto [mine, first] = std::mismatch(choice.ids.begin(), choice.ids.begin() + common, choices.front().ids.begin());
      common = mine - choice.ids.begin();
    }
    Example result;
    result.ids.assign(choices.front().ids.begin(), choices.front().ids.begin() + common);
    for (std::size_t c = 0; c < choices.size(); ++c) {
      const std::string& text = question.choices[c].text;
      result.choices.push_back({Ids(choices[c].ids.begin() + common, choices[c].ids.end()), choices[c].targets,
                                count_characters(text), std::ssize(text)});
    }
    return result;
  }

  const text::Tokenizer& tokenizer_;
  std::int64_t max_length_;
  int threads_;
};

}  // namespace

Dataset load_questions(const std::filesystem::path& file, const Task& task, const LoadOptions& options,
                       const model::ModelSpec& spec, const text::Tokenizer& tokenizer, int threads, Progress& progress) {
  check_options(task, options);
  check_model_fits(task, spec);
  Dataset dataset;
  dataset.source = file;
  dataset.max_length = chosen_length(options, spec);
  QuestionRows rows = task.input_kind == InputKind::subjects ? read_subjects(file, task, options, progress)
                                                             : read_questions(file, task, options, progress);
  dataset.groups = std::move(rows.subjects);
  dataset.has_labels = !rows.labels.empty();
  const Encoder encoder(tokenizer, dataset.max_length, threads);
  progress.begin("tokenize", rows.size(), "questions");
  for (std::int64_t begin = 0; begin < rows.size(); begin += kQuestionsAtOnce) {
    const auto from = static_cast<std::size_t>(begin);
    const auto count = static_cast<std::size_t>(std::min(kQuestionsAtOnce, rows.size() - begin));
    for (Example& example : encoder.encode(std::span(rows.questions).subspan(from, count),
                                           std::span(rows.places).subspan(from, count), dataset.truncated)) {
      const std::size_t i = dataset.examples.size();
      example.row = rows.lines[i];
      if (dataset.has_labels) example.label = rows.labels[i];
      if (!rows.groups.empty()) example.group = rows.groups[i];
      dataset.examples.push_back(std::move(example));
    }
    progress.advance(static_cast<std::int64_t>(count));
  }
  progress.end();
  if (dataset.has_labels) {
    const auto [least, most] = std::minmax_element(rows.labels.begin(), rows.labels.end());
    dataset.label_range = {*least, *most};
  }
  dataset.hash = content_hash(dataset.examples, dataset.has_labels);
  if (dataset.truncated > 0)
    progress.warn(fmt::format("{}: {} of {} questions are longer than {} tokens and lose their beginning", file.string(),
                              dataset.truncated, dataset.size(), dataset.max_length));
  return dataset;
}

}  // namespace hies::data
