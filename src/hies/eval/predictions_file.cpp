#include "hies/eval/predictions_file.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <utility>

#include "hies/base/error.h"
#include "hies/base/files.h"

namespace hies::eval {
namespace {

// A cell of a TSV file without quoting holds no tab and no line end.
std::string cell(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\t' || c == '\n' || c == '\r'; }, ' ');
  return text;
}

// What is written of one kind of task.
class Columns {
 public:
  virtual ~Columns() = default;
  virtual std::string header(const Predictions& predictions, const Predictions* reference) const = 0;
  virtual std::string row(std::size_t i, const Predictions& predictions, const Predictions* reference) const = 0;
};

// Texts that get one answer.
class Answers : public Columns {
 public:
  Answers(const data::Dataset& dataset, const std::vector<std::string>& labels) : dataset_(dataset) {
    for (const std::string& label : labels) labels_.push_back(cell(label));
  }

  std::string header(const Predictions& predictions, const Predictions* reference) const override {
    std::string line = "line\tlabel\tanswer";
    if (reference != nullptr) line += "\treference_answer";
    if (!labels_.empty()) line += "\tlabel_name\tanswer_name";
    for (std::int64_t v = 0; v < predictions.classes; ++v)
      line += labels_.empty() ? "\tlogit" : "\tlogit:" + labels_[static_cast<std::size_t>(v)];
    return line + "\n";
  }

  std::string row(std::size_t i, const Predictions& predictions, const Predictions* reference) const override {
    const data::Example& example = dataset_.examples[i];
    std::string line = fmt::format("{}\t{}\t{}", example.row, dataset_.has_labels ? fmt::format("{}", example.label) : "",
                                   predictions.answers[i]);
    if (reference != nullptr) line += fmt::format("\t{}", reference->answers[i]);
    if (!labels_.empty())
      line += fmt::format("\t{}\t{}", dataset_.has_labels ? name(example.label) : "", name(predictions.answers[i]));
    const auto classes = static_cast<std::size_t>(predictions.classes);
    for (std::size_t v = 0; v < classes; ++v) line += fmt::format("\t{}", predictions.logits[i * classes + v]);
    return line + "\n";
  }

 private:
  const std::string& name(double label) const { return labels_[static_cast<std::size_t>(label)]; }

  const data::Dataset& dataset_;
  std::vector<std::string> labels_;
};

// Questions: the log-likelihood of every choice, and what it is a sum over.
class Choices : public Columns {
 public:
  explicit Choices(const data::Dataset& dataset) : dataset_(dataset) {}

  std::string header(const Predictions&, const Predictions* reference) const override {
    std::string line = dataset_.groups.empty() ? "" : "group\t";
    line += "line\tlabel\tanswer\tlog_likelihoods\ttokens";
    return line + (reference == nullptr ? "\n" : "\treference_answer\treference_log_likelihoods\n");
  }

  std::string row(std::size_t i, const Predictions& predictions, const Predictions* reference) const override {
    const data::Example& example = dataset_.examples[i];
    std::vector<std::int64_t> tokens;
    for (const data::EncodedChoice& choice : example.choices) tokens.push_back(choice.targets);
    std::string line;
    if (!dataset_.groups.empty()) line = cell(dataset_.groups[static_cast<std::size_t>(example.group)].name) + "\t";
    line += fmt::format("{}\t{}\t{}\t{}\t{}", example.row, dataset_.has_labels ? fmt::format("{}", example.label) : "",
                        predictions.answers[i], fmt::join(predictions.likelihoods(i), ","), fmt::join(tokens, ","));
    if (reference != nullptr) line += fmt::format("\t{}\t{}", reference->answers[i], fmt::join(reference->likelihoods(i), ","));
    return line + "\n";
  }

 private:
  const data::Dataset& dataset_;
};

// Windows of texts.
class Windows : public Columns {
 public:
  explicit Windows(const data::Dataset& dataset) : dataset_(dataset) {}

  std::string header(const Predictions&, const Predictions* reference) const override {
    return std::string("line\ttokens\twords\tbytes\tlog_likelihood") +
           (reference == nullptr ? "\n" : "\treference_log_likelihood\tsame_top_tokens\n");
  }

  std::string row(std::size_t i, const Predictions& predictions, const Predictions* reference) const override {
    const data::Example& example = dataset_.examples[i];
    std::string line = fmt::format("{}\t{}\t{}\t{}\t{}", example.row, example.targets, example.words, example.bytes,
                                   predictions.log_likelihoods[i]);
    if (reference != nullptr) {
      std::int64_t same = 0;
      for (auto t = static_cast<std::size_t>(predictions.tokens_of[i]);
           t < static_cast<std::size_t>(predictions.tokens_of[i + 1]); ++t)
        same += predictions.top_tokens[t] == reference->top_tokens[t];
      line += fmt::format("\t{}\t{}", reference->log_likelihoods[i], same);
    }
    return line + "\n";
  }

 private:
  const data::Dataset& dataset_;
};

std::unique_ptr<Columns> columns_for(const data::Dataset& dataset, const std::vector<std::string>& labels) {
  if (!dataset.examples.empty() && !dataset.examples.front().choices.empty()) return std::make_unique<Choices>(dataset);
  if (!dataset.examples.empty() && dataset.examples.front().targets > 0) return std::make_unique<Windows>(dataset);
  return std::make_unique<Answers>(dataset, labels);
}

}  // namespace

void write_predictions(const std::filesystem::path& path, const data::Dataset& dataset, const std::vector<std::string>& labels,
                       const Predictions& predictions, const Predictions* reference, bool force) {
  std::vector<std::size_t> order(dataset.examples.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const data::Example &one = dataset.examples[a], &other = dataset.examples[b];
    return std::pair(one.group, one.row) < std::pair(other.group, other.row);
  });
  const std::unique_ptr<Columns> columns = columns_for(dataset, labels);
  AtomicFile file(path, force);
  file.write(columns->header(predictions, reference));
  for (const std::size_t i : order) file.write(columns->row(i, predictions, reference));
  file.commit();
}

}  // namespace hies::eval
