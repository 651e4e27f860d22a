#include "hies/data/labels.h"

#include "hies/data/test_files.h"

namespace hies::data {
namespace {

model::ModelSpec classifier(std::vector<std::string> labels) {
  model::ModelSpec spec;
  spec.labels = std::move(labels);
  return spec;
}

model::ModelSpec regressor() {
  model::ModelSpec spec = classifier({"LABEL_0"});
  spec.problem = model::Problem::regression;
  return spec;
}

double read(const Task& task, const model::ModelSpec& spec, std::string_view text) {
  return LabelReader(task, spec).read(text, "f.tsv: line 7");
}

TEST(Labels, NamesOfTheModelInAnyCase) {
  const model::ModelSpec spec = classifier({"bad", "So-So", "GOOD"});
  const Task& task = data::task("classification");
  EXPECT_EQ(read(task, spec, "bad"), 0);
  EXPECT_EQ(read(task, spec, "so_so"), 1);
  EXPECT_EQ(read(task, spec, " good\t"), 2);
  EXPECT_EQ(read(task, spec, "2"), 2);
  EXPECT_EQ(read(task, spec, "1.0"), 1);
}

TEST(Labels, ANameThatIsANumberIsAName) {
  const model::ModelSpec spec = classifier({"1", "2", "3"});
  EXPECT_EQ(read(task("classification"), spec, "1"), 0);
  EXPECT_EQ(read(task("classification"), spec, "3"), 2);
  EXPECT_EQ(read(task("classification"), spec, "0"), 0);
}

TEST(Labels, GlueIntegersGoByNameToTheModelsOrder) {
  const model::ModelSpec own_order = classifier({"CONTRADICTION", "NEUTRAL", "ENTAILMENT"});
  EXPECT_EQ(read(task("mnli"), own_order, "0"), 2);
  EXPECT_EQ(read(task("mnli"), own_order, "2"), 0);
  EXPECT_EQ(read(task("mnli"), own_order, "contradiction"), 0);
  EXPECT_FALSE(LabelReader(task("mnli"), own_order).order_is_assumed());
}

TEST(Labels, PlaceholderNamesTakeTheTasksOrder) {
  const model::ModelSpec spec = classifier({"LABEL_0", "LABEL_1"});
  EXPECT_EQ(read(task("rte"), spec, "entailment"), 0);
  EXPECT_EQ(read(task("rte"), spec, "not_entailment"), 1);
  EXPECT_EQ(read(task("rte"), spec, "1"), 1);
  EXPECT_EQ(read(task("rte"), spec, "label_1"), 1);
  EXPECT_FALSE(LabelReader(task("rte"), spec).order_is_assumed());
}

TEST(Labels, OtherRealNamesAreNotGuessed) {
  const model::ModelSpec spec = classifier({"thumbs down", "thumbs up"});
  EXPECT_TRUE(LabelReader(task("sst2"), spec).order_is_assumed());
  EXPECT_EQ(read(task("sst2"), spec, "1"), 1);
  expect_error(error_of([&] { read(task("sst2"), spec, "positive"); }), ErrorKind::bad_input,
               "f.tsv: line 7: unknown label 'positive'");
}

TEST(Labels, UnknownAndOutsideAreRefusedWithTheKnownOnes) {
  const model::ModelSpec spec = classifier({"negative", "positive"});
  expect_error(error_of([&] { read(task("sst2"), spec, "postive"); }), ErrorKind::bad_input,
               "did you mean 'positive'? known: negative, positive");
  expect_error(error_of([&] { read(task("sst2"), spec, ""); }), ErrorKind::bad_input, "unknown label ''");
  expect_error(error_of([&] { read(task("sst2"), spec, "0.5"); }), ErrorKind::bad_input, "unknown label '0.5'");
  expect_error(error_of([&] { read(task("sst2"), spec, "nan"); }), ErrorKind::bad_input, "unknown label 'nan'");
  expect_error(error_of([&] { read(task("sst2"), spec, "2"); }), ErrorKind::bad_input, "f.tsv: line 7: label 2 is outside 0…1");
  expect_error(error_of([&] { read(task("sst2"), spec, "-2"); }), ErrorKind::bad_input,
               "label -2 is outside 0…1 | the model's labels: negative");
}

TEST(Labels, MinusOneIsNoLabel) {
  for (const char* text : {"-1", "-1.0"})
    expect_error(error_of([&] {
                   read(task("sst2"), classifier({"negative", "positive"}), text);
                 }),
                 ErrorKind::bad_input,
                 "f.tsv: line 7: label " + std::string(text) + " says that the row has no label | test splits");
  EXPECT_EQ(read(task("classification"), classifier({"-1", "1"}), "-1"), 0);  // a name
  EXPECT_EQ(read(task("regression"), regressor(), "-1"), -1);
}

TEST(Labels, TrueAndFalseAreOneAndZero) {
  const model::ModelSpec spec = classifier({"negative", "positive"});
  for (const char* text : {"true", "True", "TRUE"}) EXPECT_EQ(read(task("sst2"), spec, text), 1);
  for (const char* text : {"false", "False"}) EXPECT_EQ(read(task("sst2"), spec, text), 0);
  EXPECT_EQ(read(task("classification"), classifier({"true", "false"}), "true"), 0);  // names of the model come first
  const model::ModelSpec three = classifier({"a", "b", "c"});
  expect_error(error_of([&] { read(task("classification"), three, "true"); }), ErrorKind::bad_input, "unknown label 'true'");
}

TEST(Labels, Numbers) {
  EXPECT_EQ(read(task("stsb"), regressor(), "4.750"), 4.75);
  EXPECT_EQ(read(task("regression"), regressor(), "-1e3"), -1000);
  expect_error(error_of([] { read(task("stsb"), regressor(), "5.01"); }), ErrorKind::bad_input, "label 5.01 is outside 0…5");
  for (const char* bad : {"five", "", "1.5x", "nan", "inf"}) {
    expect_error(error_of([&] { read(task("regression"), regressor(), bad); }), ErrorKind::bad_input, "is not a number");
  }
}

}  // namespace
}  // namespace hies::data
