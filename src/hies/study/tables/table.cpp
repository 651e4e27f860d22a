#include "hies/study/tables/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace hies::study {

TableColumn text_column(std::string title) { return {std::move(title), TableColumn::Kind::text, 0}; }
TableColumn number_column(std::string title, int digits) { return {std::move(title), TableColumn::Kind::number, digits}; }
TableColumn spread_column(std::string title, int digits) { return {std::move(title), TableColumn::Kind::spread, digits}; }

TableCell text_cell(std::string text) {
  TableCell cell;
  cell.text = std::move(text);
  return cell;
}

TableCell number_cell(std::optional<double> value) {
  TableCell cell;
  cell.value = value;
  return cell;
}

TableCell spread_cell(std::span<const double> numbers) {
  TableCell cell;
  cell.count = static_cast<std::int64_t>(numbers.size());
  if (numbers.empty()) return cell;
  const auto count = static_cast<double>(numbers.size());
  const double mean = std::accumulate(numbers.begin(), numbers.end(), 0.0) / count;
  cell.value = mean;
  if (numbers.size() < 2) return cell;
  double squares = 0;
  for (const double number : numbers) squares += (number - mean) * (number - mean);
  cell.sd = std::sqrt(squares / (count - 1));
  return cell;
}

int digits_for(std::span<const double> numbers) {
  constexpr int kMost = 4;
  const auto is_told = [&](int digits) {
    return std::all_of(numbers.begin(), numbers.end(), [&](double number) {
      const double scaled = number * std::pow(10.0, digits);
      return std::abs(scaled - std::round(scaled)) < 1e-6;
    });
  };
  int digits = 0;
  while (digits < kMost && !is_told(digits)) ++digits;
  return digits;
}

void mark_best(Table& table, std::size_t column, std::size_t begin, std::size_t end, bool higher_is_better) {
  std::optional<double> best;
  int values = 0;
  for (std::size_t i = begin; i < end; ++i) {
    const std::optional<double>& value = table.rows[i].cells[column].value;
    if (!value) continue;
    ++values;
    if (!best || (higher_is_better ? *value > *best : *value < *best)) best = value;
  }
  if (values < 2) return;
  const int digits = table.columns[column].digits;
  for (std::size_t i = begin; i < end; ++i) {
    TableCell& cell = table.rows[i].cells[column];
    cell.best = cell.value && shown_number(*cell.value, digits) == shown_number(*best, digits);
  }
}

std::string shown_number(double value, int digits) {
  std::string text = fmt::format("{:.{}f}", value, digits);
  if (text.front() == '-' && text.find_first_not_of("-0.") == std::string::npos) text.erase(0, 1);
  return text;
}

}  // namespace hies::study
