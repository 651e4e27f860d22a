// Files of questions in folders: one file for each subject.
#include <algorithm>
#include <array>
#include <utility>

#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/data/question_rows.h"
#include "hies/data/selection.h"

namespace hies::data {
namespace {

namespace fs = std::filesystem;

// The authors' four categories, as lm-evaluation-harness groups by them. Subjects that are not listed belong to "other".
constexpr std::array<std::pair<std::string_view, std::string_view>, 44> kCategories = {{
    {"abstract_algebra", "stem"},
    {"anatomy", "stem"},
    {"astronomy", "stem"},
    {"college_biology", "stem"},
    {"college_chemistry", "stem"},
    {"college_computer_science", "stem"},
    {"college_mathematics", "stem"},
    {"college_physics", "stem"},
    {"computer_security", "stem"},
    {"conceptual_physics", "stem"},
    {"electrical_engineering", "stem"},
    {"elementary_mathematics", "stem"},
    {"high_school_biology", "stem"},
    {"high_school_chemistry", "stem"},
    {"high_school_computer_science", "stem"},
    {"high_school_mathematics", "stem"},
    {"high_school_physics", "stem"},
    {"high_school_statistics", "stem"},
    {"machine_learning", "stem"},
    {"econometrics", "social_sciences"},
    {"high_school_geography", "social_sciences"},
    {"high_school_government_and_politics", "social_sciences"},
    {"high_school_macroeconomics", "social_sciences"},
    {"high_school_microeconomics", "social_sciences"},
    {"high_school_psychology", "social_sciences"},
    {"human_sexuality", "social_sciences"},
    {"professional_psychology", "social_sciences"},
    {"public_relations", "social_sciences"},
    {"security_studies", "social_sciences"},
    {"sociology", "social_sciences"},
    {"us_foreign_policy", "social_sciences"},
    {"formal_logic", "humanities"},
    {"high_school_european_history", "humanities"},
    {"high_school_us_history", "humanities"},
    {"high_school_world_history", "humanities"},
    {"international_law", "humanities"},
    {"jurisprudence", "humanities"},
    {"logical_fallacies", "humanities"},
    {"moral_disputes", "humanities"},
    {"moral_scenarios", "humanities"},
    {"philosophy", "humanities"},
    {"prehistory", "humanities"},
    {"professional_law", "humanities"},
    {"world_religions", "humanities"},
}};

std::string category_of(std::string_view subject) {
  for (const auto& [name, category] : kCategories)
    if (name == subject) return std::string(category);
  return "other";
}

// "anatomy" of anatomy_test.csv.
std::string subject_of(const fs::path& file) {
  std::string name = file.stem().string();
  for (const std::string_view part : {"_test", "_val", "_dev"})
    if (name.ends_with(part)) name.resize(name.size() - part.size());
  return name;
}

std::vector<fs::path> files_of(const fs::path& path) {
  if (!is_folder(path)) return {path};
  const fs::path folder = is_folder(path / "test") ? path / "test" : path;
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".csv") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  if (files.empty()) bad_input("{} holds no .csv files", folder.string());
  return files;
}

Table read(const fs::path& file, const Task& task) {
  TableOptions options;
  options.header = Header::no;
  options.columns = task.headerless_columns;
  return read_table(file, options);
}

// What stands before every question of a subject.
std::string introduction(const fs::path& file, const Task& task, std::int64_t shots) {
  const std::string subject = subject_of(file);
  std::string words = subject;
  std::replace(words.begin(), words.end(), '_', ' ');
  std::string text = fmt::format("The following are multiple choice questions (with answers) about {}.\n\n", words);
  if (shots == 0) return text;
  const fs::path few_shot = file.parent_path().parent_path() / "dev" / (subject + "_dev.csv");
  if (!is_there(few_shot))
    throw Error(ErrorKind::bad_input,
                fmt::format("{} is not there, but few-shot examples of '{}' are needed", few_shot.string(), subject),
                "keep the folders dev and test beside each other, or use `shots` 0");
  const Table table = read(few_shot, task);
  if (table.row_count() < shots)
    bad_input("{} holds {} questions, but {} are asked for", few_shot.string(), table.row_count(), shots);
  const QuestionForm& form = form_of(table, task);
  const std::size_t column = *table.find(form.gold_columns.front());
  for (std::int64_t row = 0; row < shots; ++row) {
    const Question question = question_of(form, table, row);
    const auto gold = static_cast<std::size_t>(gold_of(form, table, row, column, question));
    text += question.choices[gold].context + question.choices[gold].continuation + "\n\n";
  }
  return text;
}

}  // namespace

QuestionRows read_subjects(const fs::path& path, const Task& task, const LoadOptions& options, Progress& progress) {
  const std::int64_t shots = options.shots.value_or(task.shots);
  if (shots < 0) bad_input("`shots` is {}, but it cannot be less than 0", shots);
  const std::vector<fs::path> files = files_of(path);
  std::vector<Table> tables;
  std::vector<std::pair<std::size_t, std::int64_t>> all;  // table, row
  QuestionRows rows;
  for (const fs::path& file : files) {
    tables.push_back(read(file, task));
    const std::string subject = subject_of(file);
    rows.subjects.push_back({subject, category_of(subject)});
    for (std::int64_t row = 0; row < tables.back().row_count(); ++row) all.emplace_back(tables.size() - 1, row);
  }
  std::vector<std::string> introductions(files.size());
  for (const std::int64_t place : select(std::ssize(all), "questions", path, options, progress)) {
    const auto& [index, row] = all[static_cast<std::size_t>(place)];
    const Table& table = tables[index];
    const QuestionForm& form = form_of(table, task);
    std::string& before = introductions[index];
    if (before.empty()) before = introduction(files[index], task, shots);
    Question& question = rows.questions.emplace_back(question_of(form, table, row));
    for (Question::AnswerChoice& choice : question.choices) choice.context.insert(0, before);
    rows.places.push_back(QuestionRow(table, row).where());
    rows.lines.push_back(table.line(row));
    rows.groups.push_back(static_cast<std::int64_t>(index));
    rows.labels.push_back(static_cast<double>(gold_of(form, table, row, *table.find(form.gold_columns.front()), question)));
  }
  return rows;
}

}  // namespace hies::data
