#include "hies/explain/pick.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "hies/base/error.h"

namespace hies::explain {
namespace {

std::int64_t parse_row(std::string_view text) {
  std::int64_t row = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), row);
  if (failure != std::errc() || end != text.data() + text.size() || row < 1)
    throw Error(ErrorKind::bad_input,
                fmt::format("`pick` has '{}', but it is flipped, wrong, or lines of the file", printable(text)),
                "lines count from 1: `pick` 17 or `pick` 17,23");
  return row;
}

std::vector<std::size_t> rows_of(const std::vector<std::int64_t>& rows, const data::Dataset& dataset) {
  std::vector<std::size_t> places;
  for (const std::int64_t row : rows) {
    const auto found =
        std::find_if(dataset.examples.begin(), dataset.examples.end(), [&](const auto& e) { return e.row == row; });
    if (found == dataset.examples.end()) bad_input("{}: no example is in line {}", dataset.source.string(), row);
    places.push_back(static_cast<std::size_t>(found - dataset.examples.begin()));
  }
  return places;
}

}  // namespace

Pick parse_pick(std::string_view text) {
  if (text == "flipped") return {Pick::Kind::flipped, {}};
  if (text == "wrong") return {Pick::Kind::wrong, {}};
  Pick pick{Pick::Kind::rows, {}};
  for (std::size_t begin = 0, comma = 0; comma != std::string_view::npos; begin = comma + 1) {
    comma = text.find(',', begin);
    pick.rows.push_back(parse_row(text.substr(begin, comma - begin)));
  }
  return pick;
}

std::vector<std::size_t> picked(const Pick& pick, const data::Dataset& dataset, const eval::Predictions& before,
                                const eval::Predictions* after, double tolerance, std::int64_t most) {
  if (pick.kind == Pick::Kind::rows) return rows_of(pick.rows, dataset);
  const bool flipped = pick.kind == Pick::Kind::flipped;
  if (flipped && after == nullptr)
    throw Error(ErrorKind::bad_input, "`pick` flipped compares with a pruned model, but there is no plan",
                "give `plan`, or pick wrong or lines of the file");
  if (!flipped && !dataset.has_labels) bad_input("`pick` wrong needs labels, but {} has none", dataset.source.string());
  if (!dataset.examples.empty() && dataset.examples.front().targets > 0)
    throw Error(ErrorKind::bad_input, "windows of texts have no answer that could be flipped or wrong", "pick lines of the file");
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < dataset.examples.size() && std::ssize(places) < most; ++i) {
    const double other = flipped ? after->answers[i] : dataset.examples[i].label;
    if (std::abs(before.answers[i] - other) > tolerance) places.push_back(i);
  }
  if (places.empty())
    throw Error(ErrorKind::bad_input,
                fmt::format("{}: none of the {} examples is {}", dataset.source.string(), dataset.examples.size(),
                            flipped ? "flipped by the plan" : "answered wrongly"),
                "pick lines of the file");
  return places;
}

}  // namespace hies::explain
