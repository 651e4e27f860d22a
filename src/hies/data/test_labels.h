#pragma once

#include <string>
#include <utility>
#include <vector>

#include "hies/data/labels.h"
#include "hies/data/test_files.h"

// Columns of labels, and what is read of them.
namespace hies::data {

inline model::ModelSpec classifier(std::vector<std::string> labels) {
  model::ModelSpec spec;
  spec.labels = std::move(labels);
  return spec;
}

inline model::ModelSpec regressor() {
  model::ModelSpec spec = classifier({"LABEL_0"});
  spec.problem = model::Problem::regression;
  return spec;
}

using Declared = ColumnType::Values;

// A column of cells, the first of which is on line 7. "∅": nothing stands there.
inline LabelColumn label_column_of(std::initializer_list<std::string_view> cells, Declared values = Declared::undeclared,
                                   std::vector<std::string> class_names = {}) {
  LabelColumn labels;
  labels.source = "f.tsv";
  labels.name = "column 'label'";
  labels.type = {values, std::move(class_names)};
  for (const std::string_view cell : cells) labels.cells.push_back(cell == "∅" ? std::nullopt : std::optional<std::string>(cell));
  labels.place = [](std::int64_t row) { return fmt::format("f.tsv: line {}", row + 7); };
  return labels;
}

inline LabelColumn class_folders(std::vector<std::string> names) {
  LabelColumn labels = label_column_of({});
  labels.name = "the class folders";
  labels.cells.assign(names.begin(), names.end());
  labels.folders = std::move(names);
  return labels;
}

struct LabelsRead {
  std::vector<double> ids;
  std::string remarks;
};

inline LabelsRead read_all(const Task& task, const model::ModelSpec& spec, const LabelColumn& labels) {
  const LabelReader reader(task, spec, labels);
  LabelsRead read;
  for (std::int64_t row = 0; row < std::ssize(labels.cells); ++row) read.ids.push_back(reader.read(row));
  for (const std::string& remark : reader.remarks()) read.remarks += remark + "\n";
  return read;
}

inline double read(const Task& task, const model::ModelSpec& spec, std::string_view text) {
  return read_all(task, spec, label_column_of({text})).ids.front();
}

using Classes = std::vector<double>;

inline void expect_ids(const model::ModelSpec& spec, const LabelColumn& labels, const Classes& ids,
                       std::string_view remark = "") {
  const LabelsRead read = read_all(task("classification"), spec, labels);
  EXPECT_EQ(read.ids, ids);
  EXPECT_NE(read.remarks.find(remark), std::string::npos) << read.remarks << "\nlacks: " << remark;
  EXPECT_EQ(remark.empty(), read.remarks.empty()) << read.remarks;
}

inline void expect_label_refused(const model::ModelSpec& spec, const LabelColumn& labels, std::string_view wanted) {
  expect_error(error_of([&] { read_all(task("classification"), spec, labels); }), ErrorKind::bad_input, wanted);
}

}  // namespace hies::data
