// Files of rows, texts and questions, as every task of texts reads them.
#include "hies/data/task.h"

#include "../outcome.h"
#include "../target.h"
#include "hies/base/error.h"
#include "hies/base/progress.h"
#include "hies/data/dataset.h"
#include "hies/data/questions.h"
#include "hies/data/rows.h"
#include "hies/data/windows.h"
#include "hies/text/test_words.h"

namespace hies::fuzz {
namespace {

std::vector<Bundle> task_seeds() {
  std::vector<Bundle> seeds = {
      {{"a.tsv", "sentence\tlabel\na movie\t1\nthe plot\tnegative\n"}},
      {{"a.tsv", "index\tsentence1\tsentence2\tgold_label\tscore\n0\ta\tb\tentailment\t2.5\n1\tc\td\tneutral\t0\n"}},
      {{"a.csv", "text,text_pair,label\na,b,0\n\"c,d\",e,1\n"}},
      {{"a.txt", "A text of words .\n\n= Title =\r\nAnother Question : a b\n"}}};
  for (
      const char* row :
      {R"({"query":"a b c","choices":["d","c d"],"answer":1})",
       R"({"context_options":["a b c","a d"],"continuation":"d .","gold":0})",
       R"({"activity_label":"Cleaning","ctx_a":"A [b] man [title] sits.","ctx_b":"the OTHER","endings":["x [c]  y","z"],"label":"1"})",
       R"({"sentence":"He sold _ that.","option1":"Al","option2":"Bo","answer":"2"})",
       R"({"question":"Why?","choices":{"text":["x","y"],"label":["1","2"]},"answerKey":"2"})",
       R"({"question_stem":"Why","choices":{"text":["x","y"],"label":["A","B"]},"answerKey":" B"})",
       R"({"goal":"Go","sol1":"x","sol2":"y","label":1})", R"({"passage":"P.","question":"is it","answer":true})",
       R"({"premise":"It rained.","choice1":"It was wet.","choice2":"Sun.","question":"effect","label":0})"})
    seeds.push_back({{"a.jsonl", fmt::format("{}\n{}\n", row, row)}});
  seeds.push_back(
      {{"test/anatomy_test.csv", "What is a?,b,c,d,\"e, f\",A\nWhy?,1,2,3,4,D\n"}, {"dev/anatomy_dev.csv", "Who?,b,c,d,e,B\n"}});
  return seeds;
}

// A tokenizer of a few words, for all inputs.
const text::Tokenizer& words() {
  static const text::Tokenizer tokenizer = [] {
    BundleFolder folder(new_root());
    folder.hold(
        {{"tokenizer.json", text::word_tokenizer({"<s>", "[UNK]", "a", "b", "c", "A", "B", "Answer", "Question", ":", "."})},
         {"tokenizer_config.json", R"({"bos_token":"<s>","tokenizer_class":"PreTrainedTokenizerFast"})"}});
    return text::Tokenizer::load(folder.input(), "llama");
  }();
  return tokenizer;
}

// A model that could answer the task.
model::ModelSpec spec_for(const data::Task& task) {
  model::ModelSpec spec;
  spec.problem = task.problem;
  spec.positions = 64;
  spec.labels = task.labels.empty() ? std::vector<std::string>{"negative", "positive"} : task.labels;
  if (task.problem == model::Problem::regression) spec.labels = {"score"};
  return spec;
}

void read_as(const data::Task& task, const std::filesystem::path& path) {
  const model::ModelSpec spec = spec_for(task);
  data::LoadOptions options;
  options.order = "file";
  if (data::reads_subjects(task)) options.shots = 1;
  switch (task.input_kind) {
    case data::InputKind::texts: {
      const data::Rows rows = data::load_rows(path, task, options, spec, silent_progress());
      check(rows.size() > 0 && (!rows.has_labels || rows.labels.size() == rows.texts.size()), "rows");
      return;
    }
    case data::InputKind::documents:
    case data::InputKind::rows: data::load_windows(path, task, options, spec, words(), 1, silent_progress()); return;
    case data::InputKind::questions:
    case data::InputKind::subjects: data::load_questions(path, task, options, spec, words(), 1, silent_progress()); return;
    case data::InputKind::images: return;
  }
}

void read_tasks(const std::filesystem::path& input, const std::filesystem::path& /*output*/) {
  bool read = false;
  for (const data::Task& task : data::tasks()) {
    if (data::reads_images(task)) continue;
    std::vector<std::filesystem::path> places = {input};
    if (!data::reads_subjects(task)) {
      places.clear();
      for (const auto& entry : std::filesystem::directory_iterator(input))
        if (entry.is_regular_file()) places.push_back(entry.path());
    }
    for (const auto& place : places) {
      try {
        read_as(task, place);
        read = true;
      } catch (const Error& error) {
        if (error.kind() == ErrorKind::internal) throw;
      }
    }
  }
  if (!read) bad_input("no task reads it");
}

}  // namespace

Target task_target() { return {"task", task_seeds, read_tasks}; }

}  // namespace hies::fuzz
