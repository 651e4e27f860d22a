#include "hies/data/labelled_rows.h"

#include <numeric>

#include "hies/base/error.h"
#include "hies/data/selection.h"

namespace hies::data {

std::vector<std::int64_t> all_rows(std::int64_t count) {
  std::vector<std::int64_t> rows(static_cast<std::size_t>(count));
  std::iota(rows.begin(), rows.end(), std::int64_t{0});
  return rows;
}

std::vector<std::int64_t> labelled(const std::vector<std::int64_t>& rows, std::string_view what,
                                   const std::filesystem::path& file, const std::function<bool(std::int64_t)>& is_missing,
                                   const LoadOptions& options, Progress& progress) {
  if (!options.skip_unlabelled) return rows;
  std::vector<std::int64_t> kept;
  for (const std::int64_t row : rows)
    if (!is_missing(row)) kept.push_back(row);
  if (kept.empty())
    throw Error(ErrorKind::bad_input, fmt::format("{}: none of {} {} has a label", file.string(), rows.size(), what),
                "test splits are like that: take a split with labels");
  if (kept.size() < rows.size())
    progress.warn(fmt::format("{}: {} of {} {} have no label: they are left out", file.string(), rows.size() - kept.size(),
                              rows.size(), what));
  return kept;
}

LabelledRows choose_rows(const std::vector<std::int64_t>& rows, std::string_view what, const std::filesystem::path& file,
                         std::optional<LabelColumn> labels, const Task& task, const LoadOptions& options,
                         const model::ModelSpec& spec, Progress& progress) {
  if (!labels) return {select_among(rows, what, file, options, progress), {}};
  LabelledRows chosen;
  try {
    const LabelReader reader(task, spec, std::move(*labels));
    const auto is_missing = [&](std::int64_t row) { return reader.is_missing(row); };
    chosen.rows = select_among(labelled(rows, what, file, is_missing, options, progress), what, file, options, progress);
    for (const std::int64_t row : chosen.rows) chosen.labels.push_back(reader.read(row));
    for (const std::string& remark : reader.remarks()) progress.warn(remark);
    return chosen;
  } catch (const Error& error) {
    if (options.labels != LabelNeed::if_readable || error.kind() != ErrorKind::bad_input) throw;
    progress.warn(fmt::format("done without labels: {}", error.what()));
  }
  if (chosen.rows.empty()) chosen.rows = select_among(rows, what, file, options, progress);
  chosen.labels.clear();
  return chosen;
}

}  // namespace hies::data
