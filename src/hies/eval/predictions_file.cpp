#include "hies/eval/predictions_file.h"

#include <algorithm>
#include <numeric>

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

class Writer {
 public:
  Writer(const data::Dataset& dataset, const std::vector<std::string>& labels) : dataset_(dataset) {
    for (const std::string& label : labels) labels_.push_back(cell(label));
  }

  std::string header(const Predictions& predictions, const Predictions* reference) const {
    std::string line = "line\tlabel\tanswer";
    if (reference != nullptr) line += "\treference_answer";
    if (!labels_.empty()) line += "\tlabel_name\tanswer_name";
    for (std::int64_t v = 0; v < predictions.classes; ++v)
      line += labels_.empty() ? "\tlogit" : "\tlogit:" + labels_[static_cast<std::size_t>(v)];
    return line + "\n";
  }

  std::string row(std::size_t i, const Predictions& predictions, const Predictions* reference) const {
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

}  // namespace

void write_predictions(const std::filesystem::path& path, const data::Dataset& dataset, const std::vector<std::string>& labels,
                       const Predictions& predictions, const Predictions* reference, bool force) {
  std::vector<std::size_t> order(dataset.examples.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return dataset.examples[a].row < dataset.examples[b].row; });
  const Writer writer(dataset, labels);
  AtomicFile file(path, force);
  file.write(writer.header(predictions, reference));
  for (const std::size_t i : order) file.write(writer.row(i, predictions, reference));
  file.commit();
}

}  // namespace hies::eval
