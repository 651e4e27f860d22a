// Questions of several subjects, each behind its introduction and few-shot examples.
#include <algorithm>
#include <array>
#include <utility>

#include "hies/base/error.h"
#include "hies/data/columns.h"
#include "hies/data/question_rows.h"
#include "hies/data/selection.h"
#include "hies/data/subject_files.h"

namespace hies::data {
namespace {

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

std::size_t answer_column(const QuestionForm& form, const Table& table) { return named_column(table, form.gold_columns.front()); }

// What stands before every question of a subject.
std::string introduction(SubjectFiles& files, const SubjectFiles::Subject& subject, const Task& task, std::int64_t shots) {
  std::string words = subject.name;
  std::replace(words.begin(), words.end(), '_', ' ');
  std::string text = fmt::format("The following are multiple choice questions (with answers) about {}.\n\n", words);
  if (shots == 0) return text;
  const SomeRows examples = files.few_shot(subject, shots);
  const Table& table = *examples.table;
  const QuestionForm& form = form_of(table, task);
  for (const std::int64_t row : examples.rows) {
    const Question question = question_of(form, table, row);
    const auto gold = static_cast<std::size_t>(gold_of(form, table, row, answer_column(form, table), question));
    text += question.choices[gold].context + question.choices[gold].continuation + "\n\n";
  }
  return text;
}

}  // namespace

QuestionRows read_subjects(const std::filesystem::path& path, const Task& task, const LoadOptions& options, Progress& progress) {
  const std::int64_t shots = options.shots.value_or(task.shots);
  if (shots < 0) bad_input("`shots` is {}, but it cannot be less than 0", shots);
  SubjectFiles files(path, task);
  std::vector<std::pair<std::size_t, std::int64_t>> all;  // subject, row
  QuestionRows rows;
  for (const SubjectFiles::Subject& subject : files.subjects()) {
    for (const std::int64_t row : subject.questions.rows) all.emplace_back(rows.subjects.size(), row);
    rows.subjects.push_back({subject.name, category_of(subject.name)});
  }
  std::vector<std::string> introductions(rows.subjects.size());
  for (const std::int64_t place : select(std::ssize(all), "questions", path, options, progress)) {
    const auto& [index, row] = all[static_cast<std::size_t>(place)];
    const SubjectFiles::Subject& subject = files.subjects()[index];
    const Table& table = *subject.questions.table;
    const QuestionForm& form = form_of(table, task);
    std::string& before = introductions[index];
    if (before.empty()) before = introduction(files, subject, task, shots);
    Question& question = rows.questions.emplace_back(question_of(form, table, row));
    for (Question::AnswerChoice& choice : question.choices) choice.context.insert(0, before);
    rows.places.push_back(table.where(row));
    rows.lines.push_back(table.line(row));
    rows.groups.push_back(static_cast<std::int64_t>(index));
    rows.labels.push_back(static_cast<double>(gold_of(form, table, row, answer_column(form, table), question)));
  }
  return rows;
}

}  // namespace hies::data
