#include "hies/data/questions.h"

#include <algorithm>
#include <span>

#include <fmt/ranges.h>

#include "hies/base/error.h"
#include "hies/data/metrics.h"
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
  refuse(!options.columns.empty() && task.input_kind == InputKind::subjects, "`columns`", "is for files that name their columns");
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
  Encoder(const text::Tokenizer& tokenizer, std::int64_t max_length, bool skip_empty, int threads)
      : tokenizer_(tokenizer), max_length_(max_length), skip_empty_(skip_empty), threads_(threads) {}

  // Examples of some questions, without choices where one lacks tokens and is left out; `truncated` counts those that lose their
  // beginning.
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
      bool cut = false, empty = false;
      for (std::size_t c = 0; c < questions[i].choices.size(); ++c, ++next) {
        const Ids &context = encodings[contexts[next]].ids, &whole = encodings[wholes[next]].ids;
        empty |= lacks_tokens(context, whole, places[i], c);
        if (empty) continue;
        choices.push_back(tokens(context, whole));
        cut |= shorten(choices.back(), places[i]);
      }
      truncated += cut && !empty;
      examples.push_back(empty ? Example() : example(questions[i], choices));
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

  // Whether there is nothing to judge, or nothing to judge it by. Throws unless such questions are left out.
  bool lacks_tokens(const Ids& context, const Ids& whole, const std::string& place, std::size_t choice) const {
    std::string_view lacks;
    if (whole.size() <= context.size()) lacks = "the choice has no tokens of its own";
    else if (context.empty() && !tokenizer_.prefix())
      lacks = "nothing stands before it, and the tokenizer has neither BOS nor EOS";
    if (!lacks.empty() && !skip_empty_)
      throw Error(ErrorKind::bad_input, fmt::format("{}, choice {}: {}", place, choice, lacks), std::string(kSkipEmptyHint));
    return !lacks.empty();
  }

  Tokens tokens(const Ids& context, const Ids& whole) const {
    Tokens result{context, std::ssize(whole) - std::ssize(context)};
    if (context.empty()) result.ids.push_back(tokenizer_.prefix()->id);
    result.ids.insert(result.ids.end(), whole.begin() + std::ssize(context), whole.end());
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
  bool skip_empty_;
  int threads_;
};

// A choice without characters has no likelihood per character: it counts as infinitely unlikely.
void warn_of_empty_choices(const Dataset& dataset, const Task& task, Progress& progress) {
  std::vector<std::string> dividing;
  for (const std::string& name : task.metrics)
    if (metric(name).length != nullptr) dividing.push_back(name);
  const auto empty = std::count_if(dataset.examples.begin(), dataset.examples.end(), [](const Example& example) {
    return std::any_of(example.choices.begin(), example.choices.end(), [](const EncodedChoice& c) { return c.characters == 0; });
  });
  if (empty > 0 && !dividing.empty())
    progress.warn(fmt::format("{}: {} of {} questions have a choice without text, which {} never take", dataset.source.string(),
                              empty, dataset.size(), fmt::join(dividing, " and ")));
}

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
  const Encoder encoder(tokenizer, dataset.max_length, options.skip_empty, threads);
  progress.begin("tokenize", rows.size(), "questions");
  for (std::int64_t begin = 0; begin < rows.size(); begin += kQuestionsAtOnce) {
    const auto from = static_cast<std::size_t>(begin);
    const auto count = static_cast<std::size_t>(std::min(kQuestionsAtOnce, rows.size() - begin));
    std::size_t i = from;
    for (Example& example : encoder.encode(std::span(rows.questions).subspan(from, count),
                                           std::span(rows.places).subspan(from, count), dataset.truncated)) {
      const std::size_t row = i++;
      if (example.choices.empty()) continue;
      example.row = rows.lines[row];
      if (dataset.has_labels) example.label = rows.labels[row];
      if (!rows.groups.empty()) example.group = rows.groups[row];
      dataset.examples.push_back(std::move(example));
    }
    progress.advance(static_cast<std::int64_t>(count));
  }
  progress.end();
  warn_of_empty(file, rows.size() - dataset.size(), rows.size(), "questions have a choice without tokens", progress);
  warn_of_empty_choices(dataset, task, progress);
  dataset.set_label_range();
  dataset.hash = content_hash(dataset.examples, dataset.has_labels);
  if (dataset.truncated > 0)
    progress.warn(fmt::format("{}: {} of {} questions are longer than {} tokens and lose their beginning", file.string(),
                              dataset.truncated, dataset.size(), dataset.max_length));
  return dataset;
}

}  // namespace hies::data
