#include "hies/report/refit_json.h"

#include <algorithm>
#include <map>

#include "hies/evidence/site_fronts.h"

namespace hies::report {

Json fronts_json(const evidence::Evidence& evidence, const RunPoints& run) {
  Json all = Json::array();
  if (!run.quality) return all;
  for (const evidence::SiteFront& front : evidence::site_fronts(evidence, {run.name, *run.quality})) {
    Json points = Json::array();
    for (const evidence::FrontPoint& point : front.points)
      points.push_back(Json::array({point.cost, or_null(point.value.value), or_null(point.value.sd),
                                    or_null(point.stability.value), evidence::label(point.series), point.ratio}));
    all.push_back({{"cost", front.cost},
                   {"sites", evidence::sites_label(front.sites)},
                   {"refit", front.refitted},
                   {"points", std::move(points)}});
  }
  return all;
}

Json refitted_json(const Point& point) {
  std::map<std::pair<std::int64_t, std::string>, std::pair<double, double>> sites;
  double before = 0, after = 0, count = 0;
  bool judged = true;
  for (const evidence::Record* record : point.seeds) {
    if (!record->measured.refitted) continue;
    const evidence::Refitted& refit = *record->measured.refitted;
    judged = judged && refit.divergence_before && refit.divergence_after;
    before += refit.divergence_before.value_or(0);
    after += refit.divergence_after.value_or(0);
    ++count;
    for (const evidence::Refitted::Gain& gain : refit.sites) {
      auto& sum = sites[{gain.layer, gain.kind}];
      sum.first += gain.error_before;
      sum.second += gain.error_after;
    }
  }
  if (count == 0) return nullptr;
  Json list = Json::array();
  for (const auto& [site, sum] : sites)
    list.push_back(Json::array({site.first, site.second, sum.first / count, sum.second / count}));
  return {{"divergence", judged ? Json::array({before / count, after / count}) : Json()}, {"sites", std::move(list)}};
}

Json left_json(const Point& point, const model::Layout& layout) {
  const bool any = std::any_of(point.seeds.begin(), point.seeds.end(),
                               [](const evidence::Record* record) { return record->mask.neurons_removed > 0; });
  if (!any) return nullptr;
  const auto count = static_cast<double>(point.seeds.size());
  Json heads = Json::array(), neurons = Json::array();
  for (const model::Site site : layout.sites(model::SiteKind::attention)) {
    Json row = Json::array();
    for (const int head : layout.at(site).units) {
      const auto kept = std::count_if(point.seeds.begin(), point.seeds.end(),
                                      [&](const evidence::Record* record) { return !record->mask.removed.contains(site, head); });
      row.push_back(static_cast<double>(kept) / count);
    }
    heads.push_back(std::move(row));
  }
  for (const model::Site site : layout.sites(model::SiteKind::ffn)) {
    double removed = 0;
    for (const evidence::Record* record : point.seeds)
      for (const auto& [other, units] : record->mask.removed)
        if (other == site) removed += static_cast<double>(units.size());
    neurons.push_back(1 - removed / count / static_cast<double>(std::max<std::int64_t>(layout.at(site).count(), 1)));
  }
  return {{"heads", std::move(heads)}, {"neurons", std::move(neurons)}};
}

}  // namespace hies::report
