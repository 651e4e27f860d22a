#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hies/base/progress.h"
#include "hies/data/task.h"
#include "hies/model/spec.h"

namespace hies::data {

// What happens without labels. `if_present`: a file without a label column is done without, unreadable labels are refused.
// `if_readable`: unreadable labels are done without, too.
enum class LabelNeed { required, if_present, if_readable };

// Which rows and columns of a data file are used, and how much of each text.
struct LoadOptions {
  std::string columns;  // names of the columns of a file without header, with commas between; empty: the file has one
  std::string text;     // column names; empty: the task's usual ones
  std::string text_pair;
  std::string label;
  std::optional<std::int64_t> examples;  // all when not set
  std::string order = "random";          // "file" or "random"
  std::uint64_t seed = 0;
  std::optional<std::int64_t> max_length;  // tokens of a sequence; default: what tokenizer and model allow
  bool skip_empty = false;                 // rows without text are left out
  // Language models.
  bool join_rows = false;               // documents: all rows are one text, with an empty line between two
  std::optional<std::int64_t> context;  // tokens of a window; default: what the model allows, at most kMostContext
  std::optional<std::int64_t> stride;   // tokens that a window judges; default: all of them
  std::optional<std::int64_t> shots;    // few-shot examples before each question; default: the task's
  // Images.
  std::optional<std::int64_t> image_size;   // pixels of a side; default: what the model reads
  bool skip_bad = false;                    // images that cannot be read are left out
  std::optional<std::int64_t> most_pixels;  // of an image that is decoded; default: kMostPixels
  bool skip_unlabelled = false;             // rows that have no label are left out
  LabelNeed labels = LabelNeed::required;   // set by the command, not by the user

  template <class V, class Self>
  static void fields(V& v, Self& self) {
    v("columns", self.columns, "names of the columns of a .tsv or .csv file without header, in order, with commas between");
    v("text", self.text, "column of the (first) text, or of the image");
    v("text_pair", self.text_pair, "column of the second text");
    v("label", self.label, "column of the label");
    v("skip_unlabelled", self.skip_unlabelled,
      "leave out rows without a label (nothing, '-' or -1 in its place), and say how many");
    v("examples", self.examples, "how many rows to use");
    v("order", self.order, "order in which rows are taken: file or random");
    v("seed", self.seed, "seed of the random order");
    v("max_length", self.max_length, "most tokens of a sequence; longer ones are cut");
    v("skip_empty", self.skip_empty, "leave out rows without text, and say how many");
    v("join_rows", self.join_rows, "judge all rows of a file as one text with empty lines between, as is usual for WikiText");
    v("context", self.context, "tokens of a window (tasks that judge texts)");
    v("stride", self.stride, "tokens that a window judges after those it reads (tasks that judge texts)");
    v("shots", self.shots, "few-shot examples before each question (mmlu)");
    v("image_size", self.image_size, "pixels of a side of the images that the model is given; positions are interpolated");
    v("skip_bad", self.skip_bad, "leave out images that cannot be read, and say how many");
    v("most_pixels", self.most_pixels, "pixels of the largest image that is decoded");
  }
};

// The chosen rows of a data file, in the chosen order.
struct Rows {
  std::filesystem::path source;
  bool pairs = false;
  bool has_labels = false;
  std::vector<std::string> texts;       // [N]
  std::vector<std::string> pair_texts;  // [N], or empty without pairs
  std::vector<double> labels;           // [N] class ids of the model or numbers; or empty without labels
  std::vector<std::int64_t> lines;      // [N] where each row stands in the file (Table::line)
  bool numbered = false;                // lines are numbers of rows (Table::numbers_rows)

  std::int64_t size() const noexcept { return static_cast<std::int64_t>(texts.size()); }
  // Returns "dev.tsv: line 7".
  std::string where(std::size_t row) const;
};

// Reads `path` and takes the rows that `options` ask for: the first `examples` of permutation(rows, Rng(seed)), or of the file.
// Warns when fewer rows are there than asked for, when damaged rows or rows without labels were left out, when labels are there but
// done without, and of what labels mean where that is not obvious (LabelReader).
// Throws bad_input for a missing column (with the columns there are), a null or non-UTF-8 text, a label that is missing or that the
// model does not know, examples < 1, an unknown order, a task that the model cannot answer; and what read_table throws.
Rows load_rows(const std::filesystem::path& path, const Task& task, const LoadOptions& options, const model::ModelSpec& spec,
               Progress& progress);

}  // namespace hies::data
