#include "hies/data/load_dataset.h"

#include <algorithm>

#include "hies/base/error.h"
#include "hies/data/images/load.h"
#include "hies/data/questions.h"
#include "hies/data/selection.h"
#include "hies/data/token_ids.h"
#include "hies/data/windows.h"

namespace hies::data {
namespace {

constexpr std::int64_t kTextsAtOnce = 4096;  // between two looks at the progress

std::int64_t chosen_max_length(const LoadOptions& options, const arch::Checkpoint& checkpoint, const text::Tokenizer& tokenizer) {
  const std::int64_t positions = checkpoint.spec().positions;
  if (!options.max_length) return std::min(positions, tokenizer.model_max_length().value_or(positions));
  if (*options.max_length < 1) bad_input("`max_length` is {}, but at least 1 is needed", *options.max_length);
  if (*options.max_length > positions)
    bad_input("`max_length` is {}, but {} has positions for {} tokens", *options.max_length, checkpoint.folder().string(),
              positions);
  return *options.max_length;
}

std::vector<text::TextPair> pairs(const Rows& rows) {
  std::vector<text::TextPair> all(rows.texts.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].first = rows.texts[i];
    if (rows.pairs) all[i].second = rows.pair_texts[i];
  }
  return all;
}

Dataset load_texts(const std::filesystem::path& file, const Task& task, const LoadOptions& options,
                   const arch::Checkpoint& checkpoint, const text::Tokenizer& tokenizer, int threads, Progress& progress) {
  Dataset dataset;
  dataset.max_length = chosen_max_length(options, checkpoint, tokenizer);
  const Rows rows = load_rows(file, task, options, checkpoint.spec(), progress);
  dataset.source = rows.source;
  dataset.has_labels = rows.has_labels;
  dataset.examples.reserve(rows.texts.size());

  const std::vector<text::TextPair> texts = pairs(rows);
  std::int64_t next = 0;
  progress.begin("tokenize", rows.size(), "texts");
  for (std::int64_t begin = 0; begin < rows.size(); begin += kTextsAtOnce) {
    const std::int64_t count = std::min(kTextsAtOnce, rows.size() - begin);
    const auto some = std::span(texts).subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(count));
    for (text::Encoding& encoding : tokenizer.encode_all(some, {.max_length = dataset.max_length}, threads)) {
      const auto i = static_cast<std::size_t>(next++);
      if (encoding.ids.empty() && !options.skip_empty)
        throw Error(ErrorKind::bad_input, fmt::format("{} is empty: its text has no tokens", rows.where(i)),
                    std::string(kSkipEmptyHint));
      if (encoding.ids.empty()) continue;
      dataset.truncated += encoding.truncated;
      Example& example = dataset.examples.emplace_back();
      example.ids = std::move(encoding.ids);
      example.type_ids = std::move(encoding.type_ids);
      if (rows.has_labels) example.label = rows.labels[i];
      example.row = rows.lines[i];
    }
    progress.advance(count);
  }
  progress.end();
  warn_of_empty(file, rows.size() - dataset.size(), rows.size(), "rows have no tokens", progress);

  dataset.set_label_range();
  dataset.hash = content_hash(dataset.examples, dataset.has_labels);
  if (dataset.truncated > 0)
    progress.warn(fmt::format("{}: {} of {} examples were cut to {} tokens", file.string(), dataset.truncated, dataset.size(),
                              dataset.max_length));
  return dataset;
}

Dataset load_image_examples(const std::filesystem::path& file, const Task& task, const LoadOptions& options,
                            const arch::Checkpoint& checkpoint, const image::Processor& processor, int threads,
                            Progress& progress) {
  if (processor.assumed)
    progress.warn(fmt::format("{} has no preprocessor_config.json: images are resized and normalised as is usual for {}",
                              checkpoint.folder().string(), checkpoint.spec().model_type));
  return load_images(file, task, options, checkpoint.spec(), processor, threads, progress);
}

Dataset load_token_examples(const std::filesystem::path& file, const Task& task, const LoadOptions& options,
                            const arch::Checkpoint& checkpoint, const text::Tokenizer& tokenizer, int threads,
                            Progress& progress) {
  switch (task.input_kind) {
    case InputKind::texts: return load_texts(file, task, options, checkpoint, tokenizer, threads, progress);
    case InputKind::documents:
    case InputKind::rows: return load_windows(file, task, options, checkpoint.spec(), tokenizer, threads, progress);
    case InputKind::questions:
    case InputKind::subjects: return load_questions(file, task, options, checkpoint.spec(), tokenizer, threads, progress);
    case InputKind::images: break;
  }
  check(false, "a task that reads nothing");
  return {};
}

}  // namespace

Dataset load_dataset(const std::filesystem::path& file, const Task& task, const LoadOptions& options,
                     const arch::Checkpoint& checkpoint, const Preprocessor& preprocessor, Progress& progress, int threads) {
  check_model_fits(task, checkpoint.spec());
  if ((options.context || options.stride || options.shots) && task.problem != model::Problem::causal_lm)
    bad_input("`context`, `stride` and `shots` are for tasks of language models, which '{}' is not", task.name);
  if (!options.label.empty() && task.problem == model::Problem::hidden_states)
    bad_input("`label` is for tasks with labels, which '{}' is not", task.name);
  if ((options.image_size || options.skip_bad || options.most_pixels) && !reads_images(task))
    bad_input("`image_size`, `skip_bad` and `most_pixels` are for tasks about images, which '{}' is not", task.name);
  if (options.join_rows && task.input_kind != InputKind::documents)
    bad_input("`join_rows` is for tasks that read documents, which '{}' does not", task.name);
  if (options.skip_empty && reads_images(task))
    throw Error(ErrorKind::bad_input, "`skip_empty` is for tasks that read texts",
                "`skip_bad` leaves out images that cannot be read");
  if (options.skip_unlabelled && !reads_labels(task))
    bad_input("`skip_unlabelled` is for tasks that read a label for each row, which '{}' does not", task.name);
  if (reads_images(task))
    return load_image_examples(file, task, options, checkpoint, std::get<image::Processor>(preprocessor), threads, progress);
  const auto& tokenizer = std::get<text::Tokenizer>(preprocessor);
  for (const std::string& warning : tokenizer.warnings()) progress.warn(warning);
  Dataset dataset = load_token_examples(file, task, options, checkpoint, tokenizer, threads, progress);
  check_token_ids(dataset, file, checkpoint, tokenizer);
  return dataset;
}

}  // namespace hies::data
