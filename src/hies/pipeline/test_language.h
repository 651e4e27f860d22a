#pragma once

// For tests of whole jobs of language models: a tiny LLaMA with a tokenizer of whole words, a text and questions.

#include <gtest/gtest.h>

#include <filesystem>
#include <string_view>

#include "hies/base/test_files.h"
#include "hies/pipeline/eval_run.h"
#include "hies/pipeline/score_run.h"
#include "hies/text/test_words.h"

namespace hies::pipeline {

inline constexpr std::string_view kLanguageText = "a b c d a c b d a a b d c c a b\n";
inline constexpr std::string_view kLanguageQuestions =
    R"({"query":"a b c","choices":["d","c d"],"answer":1}
{"query":"b b","choices":["a","c","d d"],"answer":0}
{"query":"d a b a","choices":["b a","c"],"answer":"B"}
{"query":"c","choices":["a","b"],"answer":1}
)";

// tests/golden/llama-gqa, and a tokenizer.json for it.
struct LanguageJobs : testing::Test {
  LanguageJobs() {
    model = folder / "model";
    std::filesystem::copy(HIES_SOURCE_DIR "/tests/golden/llama-gqa/model", model);
    folder.write("model/tokenizer.json", text::word_tokenizer({"<s>", "[UNK]", "a", "b", "c", "d"}));
    folder.write("model/tokenizer_config.json", R"({"bos_token":"<s>"})");
    score.score.tables = {"his", "ae", "l2", "l2-out", "second-order"};
    score.execution.dtype = "float64";
    eval.execution.dtype = "float64";
    eval.eval.latency.latency_seconds = 0;
    eval.load.order = score.load.order = "file";
  }
  EvalRequest request(std::string_view task, const std::filesystem::path& data) const {
    EvalRequest asked = eval;
    asked.model = model;
    asked.task = task;
    asked.data = data;
    if (task == "perplexity") asked.load.context = 5;
    return asked;
  }
  score::Scores scores(std::string_view task, const std::filesystem::path& data) const {
    ScoreRequest asked = score;
    asked.model = model;
    asked.task = task;
    asked.calibration = data;
    if (task == "perplexity") asked.load.context = 5;
    return run_score(asked).scores;
  }

  TestFolder folder;
  std::filesystem::path model;
  std::filesystem::path text = folder.write("a.txt", kLanguageText);
  std::filesystem::path questions = folder.write("a.jsonl", kLanguageQuestions);
  ScoreRequest score{.model = {}, .calibration = {}};
  EvalRequest eval{.model = {}, .data = {}};
};

}  // namespace hies::pipeline
