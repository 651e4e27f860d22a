#include "hies/data/windows.h"

#include <numeric>

#include "hies/data/test_files.h"
#include "hies/data/test_tokenizer.h"

namespace hies::data {
namespace {

struct WindowsTest : testing::Test, LanguageData {
  WindowsTest() : LanguageData(8) {}
  Dataset load(std::string_view name, std::string_view content, std::string_view task_name = "perplexity") {
    return load_windows(folder.write(name, content), task(task_name), options, spec, words.tokenizer, 1, silent_progress());
  }
  void expect_refused(std::string_view name, std::string_view content, std::string_view wanted) {
    expect_error(error_of([&] { load(name, content); }), ErrorKind::bad_input, wanted);
  }
};

using Windows = std::vector<Window>;

// Expected values: lm_eval.utils.get_rolling_token_windows.
TEST(RollingWindows, AreThoseOfTheHarness) {
  EXPECT_EQ(rolling_windows(10, 4, 4), (Windows{{-1, 4, 4}, {3, 8, 4}, {5, 10, 2}}));  // context_len = 1
  EXPECT_EQ(rolling_windows(10, 10, 10), (Windows{{-1, 10, 10}}));
  EXPECT_EQ(rolling_windows(3, 10, 10), (Windows{{-1, 3, 3}}));
  EXPECT_EQ(rolling_windows(10, 5, 3), (Windows{{-1, 5, 5}, {2, 8, 3}, {4, 10, 2}}));  // context_len = 3
  EXPECT_EQ(rolling_windows(3, 1, 1), (Windows{{-1, 1, 1}, {0, 2, 1}, {1, 3, 1}}));
  EXPECT_TRUE(rolling_windows(0, 4, 4).empty());
}

TEST(RollingWindows, JudgeEveryTokenOnce) {
  for (std::int64_t tokens = 1; tokens < 40; ++tokens)
    for (std::int64_t context = 1; context < 12; ++context)
      for (std::int64_t stride = 1; stride <= context; ++stride) {
        std::int64_t next = 0;
        for (const Window& window : rolling_windows(tokens, context, stride)) {
          EXPECT_EQ(window.end - window.targets, next);
          EXPECT_LE(window.end - 1 - window.begin, context);
          EXPECT_LT(window.begin, window.end - window.targets);
          next = window.end;
        }
        EXPECT_EQ(next, tokens);
      }
}

TEST_F(WindowsTest, ATextFileIsOneText) {
  options.context = 3;
  const Dataset dataset = load("a.txt", "a b c d\na");
  ASSERT_EQ(dataset.size(), 2);
  EXPECT_EQ(dataset.examples[0].ids, words.ids("<s> a b c"));
  EXPECT_EQ(dataset.examples[0].targets, 3);
  EXPECT_EQ(dataset.examples[1].ids, words.ids("b c d a"));
  EXPECT_EQ(dataset.examples[1].targets, 2);
  EXPECT_EQ(dataset.examples[1].run_tokens(), 3);
  EXPECT_TRUE(dataset.has_labels);
}

TEST_F(WindowsTest, ALineOfATextFileIsATextForCausalLm) {
  const Dataset dataset = load("a.txt", "a b\n\nc\n", "causal-lm");
  ASSERT_EQ(dataset.size(), 2);
  EXPECT_EQ(dataset.examples[0].ids, words.ids("<s> a b"));
  EXPECT_EQ(dataset.examples[1].ids, words.ids("<s> c"));
  EXPECT_EQ(dataset.examples[1].row, 3);
}

TEST_F(WindowsTest, WordsAndBytesAddUpToTheText) {
  const std::string text =
      " a b  c\xC2\xA0"
      "d a\n";  // re.split gives '', a, b, c, d, a, ''
  for (std::int64_t context = 1; context < 6; ++context) {
    options.context = context;
    const Dataset dataset = load("a.jsonl", Json{{"text", text}}.dump());
    std::int64_t bytes = 0, word_count = 0, tokens = 0;
    for (const Example& example : dataset.examples) {
      bytes += example.bytes;
      word_count += example.words;
      tokens += example.targets;
    }
    EXPECT_EQ(bytes, std::ssize(text));
    EXPECT_EQ(word_count, 7);
    EXPECT_EQ(tokens, 5);
  }
}

TEST_F(WindowsTest, ExamplesAreWindows) {
  options.context = 2;
  options.examples = 2;
  EXPECT_EQ(load("a.txt", "a b c d a b c").size(), 2);
  options.order = "random";
  options.examples.reset();
  EXPECT_EQ(load("a.txt", "a b c d a b c").size(), 4);
}

TEST_F(WindowsTest, BadInput) {
  expect_refused("a.jsonl", "{\"text\":\"a\"}\n{\"text\":\"\"}\n", "line 2 is empty");
  expect_refused("a.txt", " \n", "is empty");
  expect_refused("a.jsonl", "{\"words\":\"a\"}\n", "`text`");
  options.context = 9;
  expect_refused("a.txt", "a", "`context` is 9, but the model has positions for 8 tokens");
  options.context = 4;
  options.stride = 5;
  expect_refused("a.txt", "a", "`stride` is 5");
  options.stride.reset();
  options.max_length = 4;
  expect_refused("a.txt", "a", "`context`");
  options.max_length.reset();
  spec.problem = model::Problem::classification;
  expect_refused("a.txt", "a", "is a causal-lm task, but the model is a classification model");
}

}  // namespace
}  // namespace hies::data
