// Labels whose classes are listed: class folders, and files that name their classes.
#include <algorithm>

#include "hies/data/test_labels.h"

namespace hies::data {
namespace {

TEST(Labels, ClassesOfTheFileGoByName) {
  const model::ModelSpec spec = classifier({"NEGATIVE", "POSITIVE"});
  expect_ids(spec, label_column_of({"0", "1"}, Declared::numbers, {"positive", "negative"}), {1, 0});
  expect_ids(spec, label_column_of({"0", "1"}, Declared::numbers, {"neg", "pos"}), {0, 1},
             "f.tsv: the classes of column 'label' (neg, pos) are not named like the model's labels (NEGATIVE, POSITIVE): both "
             "are taken in this order");
  expect_label_refused(spec, label_column_of({"0", "1"}, Declared::numbers, {"a", "b", "c"}),
                       "f.tsv: the classes of column 'label' (a, b, c) are not the model's labels (NEGATIVE, POSITIVE)");
  expect_label_refused(spec, label_column_of({"0", "2"}, Declared::numbers, {"positive", "negative"}),
                       "line 8: label 2 is outside 0…1 | the file's classes: positive, negative");
  expect_label_refused(spec, label_column_of({"0"}, Declared::numbers, {"positive", "Positive"}),
                       "'positive' and 'Positive' of the classes of column 'label' are one label of the model ('POSITIVE')");
  expect_ids(spec, label_column_of({"1", "0"}, Declared::numbers, {"False", "True"}), {1, 0});
}

TEST(Labels, ClassesOfTheFileThatTheModelHasNot) {
  const model::ModelSpec spec = classifier({"cat", "dog"});
  const std::vector<std::string> classes = {"wolf", "dog", "cat"};
  expect_ids(spec, label_column_of({"1", "2"}, Declared::numbers, classes), {1, 0});
  expect_label_refused(
      spec, label_column_of({"1", "0"}, Declared::numbers, classes),
      "line 8: label 0 is 'wolf' by the file's own list of classes, which is no label of the model | known: cat, dog");
}

TEST(Labels, ClassesOfTheFileWithoutNamesInTheModel) {
  const model::ModelSpec spec = classifier({"LABEL_0", "LABEL_1", "LABEL_2"});
  expect_ids(spec, label_column_of({"0", "2"}, Declared::numbers, {"x", "y", "z"}), {0, 2});
  expect_ids(spec, label_column_of({"0", "2"}, Declared::numbers, {"1", "10", "2"}),
             {0, 2});  // not the ids: the model was trained with these
  expect_ids(spec, label_column_of({"0", "1"}, Declared::numbers, {"x", "y", "z", "never used"}), {0, 1});
  // Of a task that names its labels.
  const model::ModelSpec two = classifier({"LABEL_0", "LABEL_1"});
  const LabelsRead read = read_all(task("sst2"), two, label_column_of({"0", "1"}, Declared::numbers, {"positive", "negative"}));
  EXPECT_EQ(read.ids, (Classes{1, 0}));
  EXPECT_EQ(read.remarks, "");
  const LabelsRead foreign = read_all(task("sst2"), classifier({"thumbs down", "thumbs up"}),
                                      label_column_of({"0", "1"}, Declared::numbers, {"positive", "negative"}));
  EXPECT_EQ(foreign.ids, (Classes{1, 0}));
  EXPECT_NE(foreign.remarks.find("(negative, positive) are not named like the model's labels (thumbs down, thumbs up)"),
            std::string::npos)
      << foreign.remarks;
}

TEST(Labels, ClassesOfTheFileThatAreNumbers) {
  const std::vector<std::string> sorted = {"0", "1", "10", "2"};  // as image folders are listed
  const model::ModelSpec named = classifier({"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"});
  expect_ids(named, label_column_of({"0", "2", "3"}, Declared::numbers, sorted), {0, 10, 2},
             "the classes of column 'label' (0, 1, 10, 2) are numbers and read as ids");
  expect_ids(classifier({"1", "2", "3"}), label_column_of({"0", "2"}, Declared::numbers, {"1", "2", "3"}), {0, 2});
}

TEST(Labels, ClassFolders) {
  const model::ModelSpec spec = classifier({"cat", "dog", "tree frog"});
  expect_ids(spec, class_folders({"Tree-Frog", "cat", "dog"}), {2, 0, 1});
  expect_ids(spec, class_folders({"0", "2"}), {0, 2},
             "the class folders (0, 2) are numbers and read as ids of the model's labels (cat, dog, tree frog)");
  expect_ids(spec, class_folders({"1", "2", "3"}), {0, 1, 2}, "both are taken in this order");
  expect_ids(spec, class_folders({"x", "y", "z"}), {0, 1, 2},
             "the class folders (x, y, z) are not named like the model's labels");
  expect_label_refused(spec, class_folders({"cat", "wolf"}),
                       "f.tsv: the class folders (cat, wolf) are not the model's labels (cat, dog, tree frog)");
  expect_label_refused(spec, class_folders({"Cat", "cat"}),
                       "'Cat' and 'cat' of the class folders are one label of the model ('cat')");
  const model::ModelSpec stars = classifier({"1", "2", "3", "4", "5"});
  expect_ids(stars, class_folders({"0", "1", "4"}), {0, 1, 4}, "read as ids");
  expect_ids(stars, class_folders({"1", "4"}), {0, 3},
             "as names of the model's labels (1, 2, 3, 4, 5), not as ids: names of folders are texts");
  // Numbers whose order as texts is another one.
  std::vector<std::string> labels, folders;
  for (int i = 0; i < 12; ++i) labels.push_back("class " + std::string(1, static_cast<char>('a' + i)));
  for (int i = 0; i < 12; ++i) folders.push_back(std::to_string(i));
  std::sort(folders.begin(), folders.end());
  Classes ids;
  for (const std::string& folder : folders) ids.push_back(std::stod(folder));
  expect_ids(classifier(labels), class_folders(folders), ids, "are numbers and read as ids");
  for (std::string& folder : folders) folder = std::to_string(std::stoi(folder) + 1);
  std::sort(folders.begin(), folders.end());
  expect_label_refused(classifier(labels), class_folders(folders), "the class folders (1, 10, 11, 12, 2");
}

TEST(Labels, SplitsAreNoClasses) {
  expect_label_refused(classifier({"cat", "dog"}), class_folders({"test", "train"}),
                       "f.tsv: the folders test, train are splits of a data set, not classes | give one of them: f.tsv/test");
  expect_label_refused(classifier({"cat", "dog", "x"}), class_folders({"Train", "dev", "val"}), "are splits");
  expect_ids(classifier({"train", "test"}), class_folders({"test", "train"}), {1, 0});
  expect_ids(classifier({"bus", "locomotive"}), class_folders({"car", "train"}), {0, 1}, "in this order");
}

}  // namespace
}  // namespace hies::data
