#include "hies/data/labels.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/ranges.h>

#include "hies/base/error.h"
#include "hies/base/suggest.h"

namespace hies::data {
namespace {

std::optional<double> finite_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

}  // namespace

LabelColumn label_cells(const Table& table, std::size_t column) {
  LabelColumn labels;
  labels.source = table.source();
  labels.name = fmt::format("column '{}'", printable(table.columns()[column]));
  labels.type = table.type(column);
  labels.cells.reserve(static_cast<std::size_t>(table.row_count()));
  for (std::int64_t row = 0; row < table.row_count(); ++row)
    labels.cells.push_back(table.is_null(row, column) ? std::nullopt : std::optional(table.text(row, column)));
  labels.place = [&table](std::int64_t row) { return table.where(row); };
  return labels;
}

void refuse_missing_label(const std::string& place, const std::string& column, std::string_view label, std::int64_t missing,
                          std::int64_t count) {
  throw Error(ErrorKind::bad_input,
              label.empty() ? fmt::format("{} has no label in {}", place, column)
                            : fmt::format("{}: label {} says that the row has no label", place, printable(label)),
              missing == count
                  ? "test splits are like that in every row: take a split with labels, or leave the label column out"
                  : fmt::format("{} of {} rows are like that: leave them out with `skip_unlabelled`", missing, count));
}

LabelReader::LabelReader(const Task& task, const model::ModelSpec& spec, LabelColumn column)
    : task_(task), names_(task, spec), column_(std::move(column)) {
  if (task.problem == model::Problem::regression) return;
  if (!column_.folders.empty()) decide_classes(column_.folders);
  else if (!column_.type.class_names.empty()) decide_classes(column_.type.class_names);
  else decide_values();
}

std::string_view LabelReader::text(std::int64_t row) const {
  const std::optional<std::string>& cell = column_.cells[static_cast<std::size_t>(row)];
  return cell ? trimmed(*cell) : std::string_view();
}

LabelReader::Class LabelReader::class_of(std::string_view text, LabelMeaning meaning) const {
  switch (meaning) {
    case LabelMeaning::names: return names_.by_name(text);
    case LabelMeaning::ids: return names_.by_id(text);
    case LabelMeaning::truth: return names_.by_truth(text);
  }
  return std::nullopt;
}

std::optional<std::size_t> LabelReader::listed_class(std::int64_t row) const {
  const std::string_view label = text(row);
  if (!column_.folders.empty()) {
    const auto found =
        std::lower_bound(column_.folders.begin(), column_.folders.end(), *column_.cells[static_cast<std::size_t>(row)]);
    return static_cast<std::size_t>(found - column_.folders.begin());
  }
  const std::optional<std::int64_t> number = whole_number(label);
  if (!number || *number < 0 || *number >= std::ssize(classes_)) return std::nullopt;
  return static_cast<std::size_t>(*number);
}

LabelReader::Class LabelReader::class_of(std::int64_t row) const {
  if (classes_.empty()) return class_of(text(row), meaning_);
  const std::optional<std::size_t> listed = listed_class(row);
  return listed ? classes_[*listed] : std::nullopt;
}

bool LabelReader::is_missing(std::int64_t row) const {
  const std::string_view label = text(row);
  if (!column_.folders.empty() || !says_no_label(label)) return false;
  return task_.problem == model::Problem::regression ? !finite_number(label) : !class_of(row);
}

double LabelReader::read(std::int64_t row) const {
  if (is_missing(row)) refuse_missing(row);
  if (task_.problem == model::Problem::regression) return read_number(row);
  if (const Class found = class_of(row)) return *found;
  refuse_class(row);
}

void LabelReader::refuse_class(std::int64_t row) const {
  const std::string_view label = text(row);
  const std::string place = column_.place(row);
  if (!classes_.empty()) {
    const auto& classes = column_.type.class_names;
    const std::optional<std::size_t> listed = listed_class(row);
    if (listed)
      throw Error(ErrorKind::bad_input,
                  fmt::format("{}: label {} is '{}' by the file's own list of classes, which is no label of the model", place,
                              printable(label), printable(classes[*listed])),
                  printable(known_names_hint(classes[*listed], names_.known()), 400));
    throw Error(ErrorKind::bad_input, fmt::format("{}: label {} is outside 0…{}", place, printable(label), classes.size() - 1),
                printable(fmt::format("the file's classes: {}", fmt::join(classes, ", ")), 400));
  }
  if (std::count(names_.labels().begin(), names_.labels().end(), label) > 1)
    throw Error(ErrorKind::bad_input, fmt::format("{}: several labels of the model are named '{}'", place, printable(label)),
                "give ids in place of names");
  if (meaning_ != LabelMeaning::names && whole_number(label))
    throw Error(ErrorKind::bad_input, fmt::format("{}: label {} is outside 0…{}", place, printable(label), names_.last_id()),
                printable(fmt::format("the model's labels: {}", fmt::join(names_.labels(), ", ")), 400));
  throw Error(ErrorKind::bad_input, fmt::format("{}: unknown label '{}'", place, printable(label)),
              printable(known_names_hint(label, names_.known()), 400));
}

void LabelReader::refuse_missing(std::int64_t row) const {
  std::int64_t missing = 0;
  for (std::int64_t other = 0; other < std::ssize(column_.cells); ++other) missing += is_missing(other);
  refuse_missing_label(column_.place(row), column_.name, text(row), missing, std::ssize(column_.cells));
}

double LabelReader::read_number(std::int64_t row) const {
  const std::string_view label = text(row);
  const std::optional<double> value = finite_number(label);
  if (!value) bad_input("{}: label '{}' is not a number, as task '{}' needs", column_.place(row), printable(label), task_.name);
  if (task_.label_range && (*value < task_.label_range->first || *value > task_.label_range->second)) {
    throw Error(ErrorKind::bad_input,
                fmt::format("{}: label {} is outside {}…{}", column_.place(row), printable(label), task_.label_range->first,
                            task_.label_range->second),
                "task regression takes any number");
  }
  return *value;
}

}  // namespace hies::data
