#include "hies/evidence/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace hies::evidence {

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
  const int digits = table.columns[column].digits;
  std::vector<double> values;
  for (std::size_t i = begin; i < end; ++i)
    if (const std::optional<double>& value = table.rows[i].cells[column].value)
      values.push_back(higher_is_better ? -*value : *value);
  if (values.size() < 2) return;
  std::sort(values.begin(), values.end());
  const auto printed = [&](double value) { return shown_number(higher_is_better ? -value : value, digits); };
  const std::string best = printed(values.front());
  const auto second = std::find_if(values.begin(), values.end(), [&](double value) { return printed(value) != best; });
  for (std::size_t i = begin; i < end; ++i) {
    TableCell& cell = table.rows[i].cells[column];
    if (!cell.value) continue;
    const std::string text = shown_number(*cell.value, digits);
    cell.best = text == best;
    cell.second = second != values.end() && text == printed(*second);
  }
}

std::size_t display_width(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string shown_number(double value, int digits) {
  std::string text = fmt::format("{:.{}f}", value, digits);
  if (text.front() == '-' && text.find_first_not_of("-0.") == std::string::npos) text.erase(0, 1);
  return text;
}

}  // namespace hies::evidence
