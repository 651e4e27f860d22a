#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hies/data/question.h"
#include "hies/model/spec.h"

namespace hies::data {

enum class TextCount { one, two, one_or_two };

// What an example of a task is made of (data/dataset.h).
enum class InputKind {
  texts,      // a row is a text or a pair of texts
  documents,  // a .txt file, or a row of another file, is a text that is cut into windows
  rows,       // the same, but a line of a .txt file is a text
  questions,  // a row is a question with choices
  subjects,   // a folder of files of questions, one for each subject
  images,     // an image
};

struct Task;
// Return whether texts are cut into windows of --context; whether questions are in files of subjects and follow few-shot examples
// (--shots); whether images are read; whether there is a label, or the right choice, for each row.
bool reads_windows(const Task& task);
bool reads_subjects(const Task& task);
bool reads_images(const Task& task);
bool reads_labels(const Task& task);

// What is read from a data file for a task, and how the model's answers are judged. All data, no behaviour but the wording of
// questions: a task is one file tasks/x.cpp, which defines x_task(), and one line in tasks/tasks.def.
struct Task {
  // Column names of one known form of the task's files.
  struct Texts {
    std::string first;
    std::string second;  // empty: one text
  };

  std::string name;  // "sst2"
  std::string description;
  model::Problem problem = model::Problem::classification;
  TextCount text_count = TextCount::one;
  std::vector<Texts> texts = {};                // known forms, the first that the file has is taken
  std::vector<std::string> label_columns = {};  // likewise
  // Columns of .tsv and .csv files without header; empty: the task's files have one.
  std::vector<std::string> headerless_columns = {};
  InputKind input_kind = InputKind::texts;
  std::vector<QuestionForm> questions = {};  // known forms, the first that the file has is taken
  std::int64_t shots = 0;                    // few-shot examples before each question, unless the user says otherwise
  bool skip_short_rows = false;              // the official files have damaged rows
  std::vector<std::string> labels = {};      // names in the order of ids; empty: the model's own
  std::optional<std::pair<double, double>> label_range = std::nullopt;  // regression: inclusive
  // Names in metrics.h; the first is the primary one. None where nothing is judged (Problem::hidden_states).
  std::vector<std::string> metrics = {};
  std::string loss = {};  // the default: "ce" or "mse"; empty where nothing is judged

  const std::string& primary_metric() const { return metrics.front(); }
};

// All tasks in the order in which they are listed to the user.
std::span<const Task> tasks();

// Throws bad_input for an unknown name, with the known ones as hint.
const Task& task(std::string_view name);

// Throws bad_input for a task that judges nothing; for what evaluates models.
void check_judged(const Task& task);

// Throws bad_input when the model cannot answer the task: it predicts something of another kind, or has another number of labels;
// unsupported when it has a task head that is not read.
void check_model_fits(const Task& task, const model::ModelSpec& spec);

}  // namespace hies::data
