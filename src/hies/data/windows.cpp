#include "hies/data/windows.h"

#include <algorithm>
#include <string>

#include "hies/base/error.h"
#include "hies/data/documents.h"
#include "hies/data/selection.h"
#include "hies/data/white_space.h"

namespace hies::data {
namespace {

constexpr std::size_t kDocumentsAtOnce = 256;  // between two looks at the progress

std::int64_t chosen_context(const LoadOptions& options, const model::ModelSpec& spec) {
  const std::int64_t positions = spec.positions;
  if (options.max_length)
    throw Error(ErrorKind::bad_input, "`max_length` cuts texts, but this task judges all of a text, window by window",
                "give the length of a window with `context`");
  if (!options.context) return std::min(positions, kMostContext);
  if (*options.context < 1) bad_input("`context` is {}, but at least 1 is needed", *options.context);
  if (*options.context > positions)
    throw Error(ErrorKind::bad_input,
                fmt::format("`context` is {}, but the model has positions for {} tokens", *options.context, positions),
                fmt::format("use `context` {} or less", positions));
  return *options.context;
}

std::int64_t chosen_stride(const LoadOptions& options, std::int64_t context) {
  const std::int64_t stride = options.stride.value_or(context);
  if (stride < 1 || stride > context)
    bad_input("`stride` is {}, but a window of {} tokens judges 1 … {}", stride, context, context);
  return stride;
}

// Where a window stands: which text, and which part of it.
struct Place {
  std::size_t document;
  Window window;
};

class Cutter {
 public:
  Cutter(const std::vector<Document>& documents, const std::vector<text::PlainEncoding>& encodings, std::int32_t prefix)
      : documents_(documents), encodings_(encodings), prefix_(prefix) {}

  Example cut(const Place& place) const {
    const auto& [begin, end, targets] = place.window;
    const std::vector<std::int32_t>& ids = encodings_[place.document].ids;
    Example example;
    if (begin < 0) example.ids.push_back(prefix_);
    example.ids.insert(example.ids.end(), ids.begin() + std::max<std::int64_t>(begin, 0), ids.begin() + end);
    example.targets = targets;
    example.row = documents_[place.document].line;
    const std::string_view before = text_before(place.document, end - targets), upto = text_before(place.document, end);
    example.bytes = static_cast<std::int64_t>(upto.size() - before.size());
    // A text has one word more than it has gaps, like re.split.
    example.words = count_gaps(upto) - count_gaps(before) + (before.empty() ? 1 : 0);
    return example;
  }

 private:
  // The part of a text that its first `tokens` tokens cover.
  std::string_view text_before(std::size_t document, std::int64_t tokens) const {
    const std::string_view text = documents_[document].text;
    const std::vector<std::size_t>& ends = encodings_[document].ends;
    if (tokens == static_cast<std::int64_t>(ends.size())) return text;
    return text.substr(0, tokens == 0 ? 0 : ends[static_cast<std::size_t>(tokens) - 1]);
  }

  const std::vector<Document>& documents_;
  const std::vector<text::PlainEncoding>& encodings_;
  std::int32_t prefix_;
};

std::vector<text::PlainEncoding> encode(const std::vector<Document>& documents, const text::Tokenizer& tokenizer, int threads,
                                        Progress& progress) {
  std::vector<text::PlainEncoding> encodings;
  progress.begin("tokenize", static_cast<std::int64_t>(documents.size()), "texts");
  for (std::size_t begin = 0; begin < documents.size(); begin += kDocumentsAtOnce) {
    std::vector<std::string> texts;
    for (std::size_t i = begin; i < std::min(begin + kDocumentsAtOnce, documents.size()); ++i) texts.push_back(documents[i].text);
    for (text::PlainEncoding& encoding : tokenizer.encode_plain(texts, threads)) encodings.push_back(std::move(encoding));
    progress.advance(static_cast<std::int64_t>(texts.size()));
  }
  progress.end();
  return encodings;
}

}  // namespace

std::vector<Window> rolling_windows(std::int64_t tokens, std::int64_t context, std::int64_t stride) {
  std::vector<Window> windows;
  if (tokens == 0) return windows;
  std::int64_t judged = std::min(context, tokens);
  windows.push_back({-1, judged, judged});
  while (judged < tokens) {
    const std::int64_t targets = std::min(tokens - judged, stride);
    judged += targets;
    windows.push_back({judged - context - 1, judged, targets});
  }
  return windows;
}

Dataset load_windows(const std::filesystem::path& file, const Task& task, const LoadOptions& options,
                     const model::ModelSpec& spec, const text::Tokenizer& tokenizer, int threads, Progress& progress) {
  check_selection(options);
  check_model_fits(task, spec);
  const std::int64_t context = chosen_context(options, spec), stride = chosen_stride(options, context);
  if (!tokenizer.prefix())
    throw Error(ErrorKind::bad_input, "the tokenizer has neither a token that begins a text nor one that ends it",
                "name bos_token or eos_token in tokenizer_config.json");
  const std::vector<Document> documents = load_documents(file, task, options, progress);
  const std::vector<text::PlainEncoding> encodings = encode(documents, tokenizer, threads, progress);

  std::vector<Place> places;
  std::int64_t empty = 0;
  for (std::size_t i = 0; i < documents.size(); ++i) {
    if (encodings[i].ids.empty() && !options.skip_empty)
      throw Error(ErrorKind::bad_input, fmt::format("{} has no tokens", documents[i].where), std::string(kSkipEmptyHint));
    empty += encodings[i].ids.empty();
    for (const Window& window : rolling_windows(std::ssize(encodings[i].ids), context, stride)) places.push_back({i, window});
  }
  warn_of_empty(file, empty, std::ssize(documents), "texts have no tokens", progress);
  Dataset dataset;
  dataset.source = file;
  dataset.has_labels = true;
  dataset.max_length = context;
  const Cutter cutter(documents, encodings, tokenizer.prefix()->id);
  for (const std::int64_t place : select(std::ssize(places), "windows", file, options, progress))
    dataset.examples.push_back(cutter.cut(places[static_cast<std::size_t>(place)]));
  dataset.hash = content_hash(dataset.examples, dataset.has_labels);
  return dataset;
}

}  // namespace hies::data
