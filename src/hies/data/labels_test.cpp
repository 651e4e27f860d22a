#include "hies/data/test_labels.h"

namespace hies::data {
namespace {

TEST(Labels, NamesOfTheModelInAnyCase) {
  const model::ModelSpec spec = classifier({"bad", "So-So", "GOOD"});
  const Task& task = data::task("classification");
  EXPECT_EQ(read(task, spec, "bad"), 0);
  EXPECT_EQ(read(task, spec, "so_so"), 1);
  EXPECT_EQ(read(task, spec, " good\t"), 2);
  EXPECT_EQ(read(task, spec, "2"), 2);
  EXPECT_EQ(read(task, spec, "1.0"), 1);
}

// Stars: the names "1" to "5" have the ids 0 to 4.
TEST(Labels, NumbersMeanOneThingInAWholeColumn) {
  const model::ModelSpec stars = classifier({"1", "2", "3", "4", "5"});
  for (const Declared values : {Declared::undeclared, Declared::texts, Declared::numbers}) {
    expect_ids(stars, label_column_of({"4", "1", "0"}, values), {4, 1, 0},
               "read as ids of the model's labels (1, 2, 3, 4, 5), not as names: '0' is none");
    expect_ids(stars, label_column_of({"5", "1", "4.0"}, values), {4, 0, 3},
               "read as names of the model's labels (1, 2, 3, 4, 5), not as ids: '5' is none");
    expect_label_refused(stars, label_column_of({"0", "5"}, values),
                         "f.tsv: column 'label' cannot be read as names of labels ('0' is none), nor as ids ('5' is none)");
    // What has no meaning at all does not count, and is refused itself.
    expect_label_refused(stars, label_column_of({"4", "0", "7"}, values), "f.tsv: line 9: label 7 is outside 0…4");
    expect_label_refused(stars, label_column_of({"4", "5", "7"}, values), "f.tsv: line 9: unknown label '7'");
  }
}

TEST(Labels, WhatIsDeclaredDecidesWhereBothCanBe) {
  const model::ModelSpec stars = classifier({"1", "2", "3", "4", "5"});
  expect_ids(stars, label_column_of({"1", "4"}, Declared::numbers), {1, 4},
             "as ids of the model's labels (1, 2, 3, 4, 5), not as names: they are stored as numbers");
  expect_ids(stars, label_column_of({"1", "4"}, Declared::texts), {0, 3}, "not as ids: they are stored as texts");
  expect_ids(stars, label_column_of({"1", "4"}), {0, 3}, "not as ids: the file does not say that they are numbers");
  const model::ModelSpec permuted = classifier({"2", "0", "1"});
  expect_ids(permuted, label_column_of({"0", "1", "2"}), {1, 2, 0}, "not as ids");
  expect_ids(permuted, label_column_of({"0", "1", "2"}, Declared::numbers), {0, 1, 2}, "not as names");
  expect_ids(classifier({"0", "1", "2"}), label_column_of({"0", "1", "2"}), {0, 1, 2});  // both mean the same
}

TEST(Labels, AColumnOfNamesAndIdsIsRefused) {
  const model::ModelSpec spec = classifier({"bad", "good"});
  expect_label_refused(spec, label_column_of({"good", "1"}),
                       "column 'label' cannot be read as names of labels ('1' is none), nor as ids ('good' is none) | write only "
                       "names, or only ids; the model's labels from id 0: bad, good");
  expect_label_refused(spec, label_column_of({"true", "1"}), "cannot be read");
  expect_ids(spec, label_column_of({"good", "bad"}), {1, 0});
  expect_ids(spec, label_column_of({"1", "0.0"}), {1, 0});
}

TEST(Labels, NamesThatTwoLabelsHave) {
  const model::ModelSpec spec = classifier({"crane", "dog", "crane"});
  expect_label_refused(spec, label_column_of({"dog", "crane"}),
                       "f.tsv: line 8: several labels of the model are named 'crane' | give ids");
  expect_ids(spec, label_column_of({"2", "0"}), {2, 0});
  expect_ids(spec, label_column_of({"2", "0"}, Declared::numbers, {"crane", "dog", "crane"}), {2, 0});
  const model::ModelSpec by_case = classifier({"Polish", "polish"});
  expect_ids(by_case, label_column_of({"polish", "Polish"}), {1, 0});
  expect_label_refused(by_case, label_column_of({"POLISH"}), "unknown label 'POLISH'");
}

// Rows of a class that the model does not have are refused; others are not.
TEST(Labels, RowsWithoutLabel) {
  const model::ModelSpec spec = classifier({"entailment", "neutral", "contradiction"});
  for (const char* none : {"-", "-1", "-1.0", "", " ", "∅"}) {
    const LabelReader reader(task("classification"), spec, label_column_of({"neutral", none}));
    EXPECT_FALSE(reader.is_missing(0));
    EXPECT_TRUE(reader.is_missing(1)) << none;
    EXPECT_EQ(reader.read(0), 1);
    expect_error(error_of([&] { reader.read(1); }), ErrorKind::bad_input,
                 "1 of 2 rows are like that: leave them out with `skip_unlabelled`");
  }
  expect_label_refused(spec, label_column_of({"1", "-"}), "f.tsv: line 8: label - says that the row has no label");
  expect_label_refused(spec, label_column_of({"1", ""}), "f.tsv: line 8 has no label in column 'label'");
  expect_label_refused(spec, label_column_of({"1", "-1"}, Declared::numbers, {"entailment", "neutral", "contradiction"}),
                       "line 8: label -1 says that the row has no label | 1 of 2");
  const LabelReader numbers(task("regression"), regressor(), label_column_of({"-1", "-", "2"}));
  EXPECT_FALSE(numbers.is_missing(0));
  EXPECT_TRUE(numbers.is_missing(1));
  EXPECT_FALSE(LabelReader(task("classification"), classifier({"-", "+"}), label_column_of({"+", "-"})).is_missing(1));
}

TEST(Labels, GlueIntegersGoByNameToTheModelsOrder) {
  const model::ModelSpec own_order = classifier({"CONTRADICTION", "NEUTRAL", "ENTAILMENT"});
  EXPECT_EQ(read(task("mnli"), own_order, "0"), 2);
  EXPECT_EQ(read(task("mnli"), own_order, "2"), 0);
  EXPECT_EQ(read(task("mnli"), own_order, "contradiction"), 0);
  EXPECT_EQ(read_all(task("mnli"), own_order, label_column_of({"0", "1"})).remarks, "");
}

TEST(Labels, PlaceholderNamesTakeTheTasksOrder) {
  const model::ModelSpec spec = classifier({"LABEL_0", "LABEL_1"});
  EXPECT_EQ(read(task("rte"), spec, "entailment"), 0);
  EXPECT_EQ(read(task("rte"), spec, "not_entailment"), 1);
  EXPECT_EQ(read(task("rte"), spec, "1"), 1);
  EXPECT_EQ(read(task("rte"), spec, "label_1"), 1);
  EXPECT_EQ(read_all(task("rte"), spec, label_column_of({"0", "1"})).remarks, "");
}

TEST(Labels, OtherRealNamesAreNotGuessed) {
  const model::ModelSpec spec = classifier({"thumbs down", "thumbs up"});
  EXPECT_EQ(
      read_all(task("sst2"), spec, label_column_of({"1"})).remarks,
      "the model's labels (thumbs down, thumbs up) are not named like those of task 'sst2' (negative, positive): integers are "
      "taken in this order\n");
  EXPECT_EQ(read_all(task("sst2"), spec, label_column_of({"thumbs up"})).remarks, "");
  EXPECT_EQ(read(task("sst2"), spec, "1"), 1);
  expect_error(error_of([&] { read(task("sst2"), spec, "positive"); }), ErrorKind::bad_input,
               "f.tsv: line 7: unknown label 'positive'");
}

TEST(Labels, UnknownAndOutsideAreRefusedWithTheKnownOnes) {
  const model::ModelSpec spec = classifier({"negative", "positive"});
  expect_error(error_of([&] { read(task("sst2"), spec, "postive"); }), ErrorKind::bad_input,
               "did you mean 'positive'? known: negative, positive");
  expect_error(error_of([&] { read(task("sst2"), spec, ""); }), ErrorKind::bad_input,
               "f.tsv: line 7 has no label in column 'label'");
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
  for (const char* bad : {"five", "1.5x", "nan", "inf"}) {
    expect_error(error_of([&] { read(task("regression"), regressor(), bad); }), ErrorKind::bad_input, "is not a number");
  }
}

}  // namespace
}  // namespace hies::data
