#include "hies/data/subject_files.h"

#include <algorithm>

#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/base/hidden_names.h"
#include "hies/data/columns.h"
#include "hies/data/data_files.h"
#include "hies/data/labelled_rows.h"

namespace hies::data {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSubject = "subject";

// "anatomy" of anatomy_test.csv.
std::string subject_of(const fs::path& file) {
  std::string name = file.stem().string();
  for (const std::string_view part : {"_test", "_val", "_dev"})
    if (name.ends_with(part)) name.resize(name.size() - part.size());
  return name;
}

// The .csv files of the authors' folder; none where there are others.
std::vector<fs::path> authors_files(const fs::path& path) {
  const fs::path folder = is_folder(path / "test") ? path / "test" : path;
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (lower_extension(entry.path()) == ".csv" && !is_hidden_name(name)) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

[[noreturn]] void no_few_shot(const fs::path& place, const std::string& subject) {
  throw Error(ErrorKind::bad_input,
              fmt::format("{} is not there, but few-shot examples of '{}' are needed", place.string(), printable(subject)),
              "keep dev and test beside each other, or use `shots` 0");
}

}  // namespace

SubjectFiles::SubjectFiles(const fs::path& path, const Task& task) : task_(task) {
  if (!is_folder(path)) {
    tables_.push_back(read(path));
    if (tables_.back().find(kSubject)) {
      dev_ = path.parent_path() / "dev";
      read_hub_table();
    } else {
      subjects_.push_back({subject_of(path), {&tables_.back(), all_rows(tables_.back().row_count())}});
    }
    return;
  }
  const std::vector<fs::path> files = authors_files(path);
  for (const fs::path& file : files) {
    tables_.push_back(read(file));
    subjects_.push_back({subject_of(file), {&tables_.back(), all_rows(tables_.back().row_count())}});
  }
  if (!files.empty()) return;
  // The hub's folder holds all splits.
  const bool has_test = is_there(find_data_files(path / "test").files.front());
  dev_ = path / "dev";
  tables_.push_back(read(has_test ? path / "test" : path));
  read_hub_table();
}

Table SubjectFiles::read(const fs::path& file) const {
  TableOptions options;
  options.header = Header::detect;
  options.columns = task_.headerless_columns;
  options.keep_nested = true;
  return read_table(file, options);
}

// Subjects in the order in which the table begins them.
void SubjectFiles::read_hub_table() {
  const Table& table = tables_.back();
  const std::size_t column = named_column(table, std::string(kSubject));
  for (std::int64_t row = 0; row < table.row_count(); ++row) {
    const std::string& name = table.text(row, column);
    auto known = std::find_if(subjects_.begin(), subjects_.end(), [&](const Subject& subject) { return subject.name == name; });
    if (known == subjects_.end()) known = subjects_.insert(subjects_.end(), {name, {&table, {}}});
    known->questions.rows.push_back(row);
  }
}

SomeRows SubjectFiles::few_shot(const Subject& subject, std::int64_t count) {
  SomeRows found;
  fs::path place = dev_;
  if (dev_.empty()) {
    place = subject.questions.table->source().parent_path().parent_path() / "dev" / (subject.name + "_dev.csv");
    if (!is_there(place)) no_few_shot(place, subject.name);
    tables_.push_back(read(place));
    found = {&tables_.back(), all_rows(tables_.back().row_count())};
  } else {
    if (dev_table_ == nullptr) {
      if (!is_there(find_data_files(dev_).files.front())) no_few_shot(place, subject.name);
      dev_table_ = &tables_.emplace_back(read(dev_));
    }
    const std::size_t column = named_column(*dev_table_, std::string(kSubject));
    found.table = dev_table_;
    for (std::int64_t row = 0; row < dev_table_->row_count(); ++row)
      if (dev_table_->text(row, column) == subject.name) found.rows.push_back(row);
  }
  if (std::ssize(found.rows) < count)
    bad_input("{} holds {} questions{}, but {} are asked for", place.string(), found.rows.size(),
              dev_.empty() ? "" : fmt::format(" about '{}'", printable(subject.name)), count);
  found.rows.resize(static_cast<std::size_t>(count));
  return found;
}

}  // namespace hies::data
