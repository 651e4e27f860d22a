#include <algorithm>
#include <array>

#include "hies/base/error.h"
#include "hies/base/suggest.h"
#include "hies/score/options.h"
#include "hies/score/statistics/statistic.h"

namespace hies::score {

#define STATISTIC(name) Statistic name##_statistic();
#include "hies/score/statistics/statistics.def"
#undef STATISTIC

namespace {

template <class Keep>
std::vector<std::string> names_where(const Keep& keep) {
  std::vector<std::string> names;
  for (const Statistic& statistic : statistics())
    if (keep(statistic)) names.emplace_back(statistic.name);
  return names;
}

}  // namespace

std::span<const Statistic> statistics() {
  static const std::array kStatistics = {
#define STATISTIC(name) name##_statistic(),
#include "hies/score/statistics/statistics.def"
#undef STATISTIC
  };
  return kStatistics;
}

const Statistic& find_statistic(std::string_view name) {
  for (const Statistic& known : statistics())
    if (known.name == name) return known;
  throw Error(ErrorKind::bad_input, fmt::format("unknown table '{}'", printable(name)),
              known_names_hint(name, statistic_names()));
}

std::vector<std::string> statistic_names() {
  return names_where([](const Statistic&) { return true; });
}

std::vector<std::string> statistic_names(model::SiteKind kind) {
  return names_where([kind](const Statistic& statistic) { return statistic.judges(kind); });
}

std::vector<std::string> default_statistics() {
  return names_where([](const Statistic& statistic) { return statistic.by_default; });
}

std::vector<std::string> weight_statistics() {
  return names_where([](const Statistic& statistic) { return !statistic.reads_data(); });
}

bool StatisticInput::wants(model::SiteKind kind) const { return model::names_site_kind(options.sites, kind); }

Aggregation aggregation_of(std::string_view table) {
  for (const Statistic& statistic : statistics())
    for (const StatisticTable& own : statistic.tables)
      if (own.name == table) return own.aggregation;
  return Aggregation::importance;
}

}  // namespace hies::score
