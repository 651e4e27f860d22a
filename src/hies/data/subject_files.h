#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <string>
#include <vector>

#include "hies/data/table.h"
#include "hies/data/task.h"

namespace hies::data {

// Some rows of a table.
struct SomeRows {
  const Table* table = nullptr;
  std::vector<std::int64_t> rows;
};

// The questions of subjects, as people have them:
//   the authors' folder, with the folders dev and test (or val), which hold a .csv file without header for each subject; or one of
//   these folders; or one file, "anatomy_test.csv"
//   the Hugging Face hub's files, with the columns subject, question and choices: a folder with the splits dev and test, or one
//   file
class SubjectFiles {
 public:
  struct Subject {
    std::string name;  // "high_school_biology"
    SomeRows questions;
  };

  // Throws bad_input for a folder without such files; and what read_table throws.
  SubjectFiles(const std::filesystem::path& path, const Task& task);
  SubjectFiles(const SubjectFiles&) = delete;
  SubjectFiles& operator=(const SubjectFiles&) = delete;

  const std::vector<Subject>& subjects() const noexcept { return subjects_; }
  // Returns the first `count` questions of the subject in the split dev beside its own. Throws bad_input where there are fewer.
  SomeRows few_shot(const Subject& subject, std::int64_t count);

 private:
  void read_hub_table();
  Table read(const std::filesystem::path& file) const;

  const Task& task_;
  std::deque<Table> tables_;  // whose elements stay where they are
  std::vector<Subject> subjects_;
  std::filesystem::path dev_;         // of the hub's files: where the split is; empty: each subject has a file of its own
  const Table* dev_table_ = nullptr;  // read when it is needed
};

}  // namespace hies::data
