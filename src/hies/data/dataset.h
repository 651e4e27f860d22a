#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "hies/model/images.h"

namespace hies::data {

// One answer to a question, for language models.
struct EncodedChoice {
  // Tokens that follow the example's own, down to the last one that is judged, which is never run: it is only predicted. At least
  // one more than `targets`.
  std::vector<std::int32_t> ids;
  std::int64_t targets = 0;     // how many of the last ids are judged: the log-likelihood of the choice is the sum over them
  std::int64_t characters = 0;  // of the choice's text, that acc_norm divides by
  std::int64_t bytes = 0;       // likewise, acc_bytes
};

// What a model is run on once. Four kinds:
//   text      `ids` are read, one answer is given (classification, regression)
//   window    `targets` > 0: a piece of a text whose last tokens are judged by a language model; the last of `ids` is never run
//   question  `choices` is not empty: `ids` is what the choices have in common, and may be empty
//   image   `image` says which; `ids` is empty, one answer is given
struct Example {
  std::vector<std::int32_t> ids;       // token ids, special tokens included; at least one
  std::vector<std::int32_t> type_ids;  // 0 for the first text, 1 for the second; as long as ids; empty for language models
  double label = 0;                    // class id of the model, number to predict, or index of the right choice; 0 without labels
  std::int64_t row = 0;                // line of the file, from 1 (row for Parquet)
  std::int64_t group = 0;              // of Dataset::groups

  // Of a window.
  std::int64_t targets = 0;
  std::int64_t words = 0;  // of the text that its targets cover; over all windows of a text they add up to the text's
  std::int64_t bytes = 0;

  std::vector<EncodedChoice> choices = {};

  model::ImageRef image = {};
  std::int64_t image_tokens = 0;  // what it is in the model: its patches, and what the family puts before them

  // Tokens that a model computes: of a question, what the choices have in common counts once.
  std::int64_t run_tokens() const noexcept;
};

// The chosen examples of a data file, encoded.
struct Dataset {
  // A part of the data that is also judged by itself: a subject of MMLU.
  struct Group {
    std::string name;
    std::string category;
  };

  std::filesystem::path source;
  std::vector<Example> examples;                // [N] in the chosen order
  std::vector<Group> groups;                    // none where the data is not divided
  bool has_labels = false;                      // windows have: their targets
  std::pair<double, double> label_range{0, 0};  // least and greatest label; 0, 0 without labels
  std::string hash;             // of ids, type ids and labels in order: equal data gives equal hashes, whatever the file's format
  std::int64_t truncated = 0;   // examples that were cut to max_length
  std::int64_t max_length = 0;  // that was applied

  std::int64_t size() const noexcept { return static_cast<std::int64_t>(examples.size()); }
  // Tokens that a model computes.
  std::int64_t token_count() const noexcept;
  // Takes label_range from the examples.
  void set_label_range();
};

// Returns the examples begin … end-1 as a data set of their own, with their own hash and label range.
Dataset examples_between(const Dataset& dataset, std::int64_t begin, std::int64_t end);

// The hash that a Dataset carries.
std::string content_hash(const std::vector<Example>& examples, bool with_labels);

// The data set for scoring heads: of each question only the right choice, as a window. Other examples are as they are. Questions need
// labels: bad_input without.
Dataset right_answers_only(const Dataset& dataset);

}  // namespace hies::data
