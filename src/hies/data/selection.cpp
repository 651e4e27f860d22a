#include "hies/data/selection.h"

#include <numeric>

#include "hies/base/error.h"
#include "hies/base/rng.h"

namespace hies::data {

void check_selection(const LoadOptions& options) {
  if (options.examples && *options.examples < 1) bad_input("`examples` is {}, but at least 1 is needed", *options.examples);
  if (options.order != "file" && options.order != "random") {
    throw Error(ErrorKind::bad_input, fmt::format("unknown order '{}'", printable(options.order)), "known: file, random");
  }
}

void warn_of_empty(const std::filesystem::path& file, std::int64_t empty, std::int64_t all, std::string_view why,
                   Progress& progress) {
  if (empty == all) bad_input("{}: all {} {}: nothing is left", file.string(), all, why);
  if (empty > 0) progress.warn(fmt::format("{}: {} of {} {}: they are left out", file.string(), empty, all, why));
}

std::vector<std::int64_t> select(std::int64_t count, std::string_view what, const std::filesystem::path& file,
                                 const LoadOptions& options, Progress& progress) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  if (options.order == "random") {
    Rng rng(options.seed);
    order = permutation(count, rng);
  }
  if (options.examples && *options.examples > count) {
    progress.warn(
        fmt::format("{} has {} {}, fewer than the {} asked for: all are used", file.string(), count, what, *options.examples));
  } else if (options.examples) {
    order.resize(static_cast<std::size_t>(*options.examples));
  }
  return order;
}

std::vector<std::int64_t> select_among(const std::vector<std::int64_t>& rows, std::string_view what,
                                       const std::filesystem::path& file, const LoadOptions& options, Progress& progress) {
  std::vector<std::int64_t> chosen = select(std::ssize(rows), what, file, options, progress);
  for (std::int64_t& row : chosen) row = rows[static_cast<std::size_t>(row)];
  return chosen;
}

}  // namespace hies::data
