#include <gtest/gtest.h>

#include <cmath>

#include "arguments.h"
#include "console_progress.h"
#include "field_flags.h"
#include "hies/base/error.h"
#include "human.h"
#include "text_layout.h"

namespace hies::cli {
namespace {

std::string message_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    return std::string(error.what()) + (error.hint().empty() ? "" : " | " + error.hint());
  }
  return "no error";
}

struct Inner {
  std::int64_t batch_size = 4;
  std::optional<double> ratio = std::nullopt;
  std::string order = "random";
  bool uniform = false;
  std::uint64_t seed = 0;
  std::vector<std::string> tables = {"his", "ae"};

  template <class V, class Self>
  static void fields(V& v, Self& self) {
    v("batch_size", self.batch_size, "size");
    v("ratio", self.ratio, "share");
    v("order", self.order, "order");
    v("uniform", self.uniform, "alike");
    v("seed", self.seed, "seed");
    v("tables", self.tables, "tables");
  }
};

struct Parsed {
  Inner options;
  std::uint64_t other_seed = 0;
  std::string model;
  bool ran = false;
};

Parsed parse(const std::vector<std::string>& words) {
  Parsed parsed;
  Arguments arguments({"hies test", "a test", {"hies test MODEL"}, {"hies test x"}}, words);
  arguments.positional("MODEL", parsed.model, "the model");
  arguments.add(parsed.options);
  arguments("seed", parsed.other_seed, "another seed");
  arguments.describe("order", {.short_name = "o"});
  parsed.ran = arguments.parse();
  return parsed;
}

TEST(Arguments, SetsEveryTypeOfField) {
  const Parsed parsed =
      parse({"m", "--batch-size=8", "--ratio", "0.25", "-o", "file", "--uniform", "--seed", "9", "--tables", "l2,,ae"});
  EXPECT_TRUE(parsed.ran);
  EXPECT_EQ(parsed.model, "m");
  EXPECT_EQ(parsed.options.batch_size, 8);
  EXPECT_EQ(parsed.options.ratio, 0.25);
  EXPECT_EQ(parsed.options.order, "file");
  EXPECT_TRUE(parsed.options.uniform);
  EXPECT_EQ(parsed.options.seed, 9u);
  EXPECT_EQ(parsed.other_seed, 9u) << "one flag sets every field of its name";
  EXPECT_EQ(parsed.options.tables, (std::vector<std::string>{"l2", "ae"}));
}

TEST(Arguments, KeepsDefaults) {
  const Parsed parsed = parse({"m"});
  EXPECT_EQ(parsed.options.batch_size, 4);
  EXPECT_FALSE(parsed.options.ratio.has_value());
  EXPECT_FALSE(parsed.options.uniform);
}

TEST(Arguments, NaNIsANumber) { EXPECT_TRUE(std::isnan(*parse({"m", "--ratio", "nan"}).options.ratio)); }

TEST(Arguments, RefusesInOneLine) {
  const auto refusal = [](std::vector<std::string> words) { return message_of([&] { parse(words); }); };
  EXPECT_EQ(refusal({"m", "--ratio", "abc"}), "--ratio abc: not a number");
  EXPECT_EQ(refusal({"m", "--ratio", ""}), "--ratio '': not a number");
  EXPECT_EQ(refusal({"m", "--batch-size", "1.5"}), "--batch-size 1.5: not a whole number");
  EXPECT_EQ(refusal({"m", "--seed", "-1"}), "--seed -1: not a whole number of 0 or more");
  EXPECT_EQ(refusal({"m", "--ratio"}), "--ratio needs a value | see `hies test --help`");
  EXPECT_EQ(refusal({"m", "--seed", "1", "--seed", "2"}), "--seed is given 2 times");
  EXPECT_EQ(refusal({"m", "--ratoi", "1"}), "unknown option '--ratoi' | did you mean '--ratio'?");
  EXPECT_EQ(refusal({"m", "--ratoi=1"}), "unknown option '--ratoi' | did you mean '--ratio'?");
  EXPECT_EQ(refusal({"m", "n"}), "unexpected argument 'n' | usage: hies test MODEL");
  EXPECT_EQ(refusal({}), "MODEL is missing | usage: hies test MODEL");
}

TEST(FieldFlags, FieldsBecomeOptionsAndCommandsStay) {
  EXPECT_EQ(with_flags("`batch_tokens` is 0"), "--batch-tokens is 0");
  EXPECT_EQ(with_flags("give `plan`, or `calibration`"), "give --plan, or --calib");
  EXPECT_EQ(with_flags("`hies tasks` lists them, `nvidia-smi` too, `x"), "`hies tasks` lists them, `nvidia-smi` too, `x");
}

TEST(TextLayout, WrapsAtSpacesByColumns) {
  EXPECT_EQ(wrap("one two three", 7), (std::vector<std::string>{"one two", "three"}));
  EXPECT_EQ(wrap("±±± ×× longerthanthat", 6), (std::vector<std::string>{"±±± ××", "longerthanthat"}));
  EXPECT_EQ(display_width("0 … 1"), 5);
}

TEST(TextLayout, AlignsNumbersRight) {
  TextTable table({"name", "n"});
  table.row({"a", "10"});
  table.rule();
  table.row({"±", "7"});
  EXPECT_EQ(table.text(), "name   n\na     10\n────────\n±      7\n");
}

TEST(Human, ThreeDigits) {
  EXPECT_EQ(human_count(0), "0");
  EXPECT_EQ(human_count(72), "72");
  EXPECT_EQ(human_count(999), "999");
  EXPECT_EQ(human_count(999.7), "1.00 k");
  EXPECT_EQ(human_count(11171074), "11.2 M");
  EXPECT_EQ(human_count(999'600), "1.00 M");
  EXPECT_EQ(human_bytes(8547724), "8.55 MB");
  EXPECT_EQ(human_ms(0.5), "0.50");
  EXPECT_EQ(human_ms(9.996), "10.0");
  EXPECT_EQ(human_seconds(250), "4 min 10 s");
  EXPECT_EQ(percent(0.8456), "84.6 %");
  EXPECT_EQ(change(200, 150), "-25.0 %");
  EXPECT_EQ(change(-2, -1), "+50.0 %");
  EXPECT_EQ(change(0, 1), "");
}

TEST(ConsoleProgress, TellsRateAndTimeLeft) {
  EXPECT_EQ(progress_text(50, 200, "examples", 2), "50/200 examples, 25/s, 6 s left");
  EXPECT_EQ(progress_text(3, 200, "examples", 2), "3/200 examples, 1.5/s, 2 min 11 s left");
  EXPECT_EQ(progress_text(0, 200, "examples", 2), "0/200 examples");
  EXPECT_EQ(progress_text(200, 200, "examples", 2), "200/200 examples, 100/s");
  EXPECT_EQ(progress_text(500, 1500, "ms", 0.5), "0.5 of 1.5 s");
  EXPECT_EQ(progress_text(11000, 150, "ms", 11), "11.0 s");
}

}  // namespace
}  // namespace hies::cli
