#include "hies/search/objective.h"

#include <algorithm>
#include <set>

#include "hies/base/json_node.h"
#include "hies/base/stored.h"
#include "hies/eval/cost.h"

namespace hies::search {
namespace {

constexpr std::string_view kEvaluationSchema = "hies.search-evaluation/1";

// A line of the journal.
struct Evaluation {
  std::string rows, mask;
  double value = 0;

  template <class V, class Self>
  static void fields(V& v, Self& self) {
    v("rows", self.rows);
    v("mask", self.mask);
    v("value", self.value);
  }
};

std::string line_of(const Evaluation& evaluation) {
  Json json = {{"schema", kEvaluationSchema}};
  json.update(to_stored(evaluation));
  return compact(json);
}

// Returns how many masks take some seconds: what a stop can lose. It follows from the model's FLOPs alone.
std::size_t masks_at_once(const arch::Checkpoint& checkpoint, const data::Dataset& rows) {
  constexpr double kFlops = 1e12;
  constexpr double kMost = 64;
  const eval::Cost cost = eval::cost(checkpoint, checkpoint.spec().layout, eval::lengths(rows));
  const double one = cost.flops_per_example * static_cast<double>(std::max<std::int64_t>(rows.size(), 1));
  return static_cast<std::size_t>(std::clamp(kFlops / std::max(one, 1.0), 1.0, kMost));
}

}  // namespace

Objective::Objective(std::string name, const engine::Model& model, data::Dataset rows, std::int64_t batch_tokens,
                     Journal& journal, const Deadline& deadline)
    : name_(std::move(name)),
      model_(model),
      rows_(std::move(rows)),
      batch_tokens_(batch_tokens),
      journal_(journal),
      deadline_(deadline),
      at_once_(masks_at_once(model.checkpoint(), rows_)) {
  const std::string where = journal.file().string();
  for (const std::string& line : journal.lines()) {
    const Json json = parse_json(line, where);
    const JsonNode node(json, where);
    check_schema(node, kEvaluationSchema, where, "search again into a new directory",
                 "give the directory of a search as `output`");
    const auto evaluation = from_stored<Evaluation>(node);
    if (evaluation.rows == name_) values_[evaluation.mask] = evaluation.value;
  }
}

bool Objective::evaluate(std::span<const model::UnitSet> masks, const model::UnitSet& trunk, Progress& progress) {
  std::vector<model::UnitSet> unknown;
  std::set<std::string> seen;
  for (const model::UnitSet& mask : masks)
    if (const std::string hash = mask.hash(); !values_.contains(hash) && seen.insert(hash).second) unknown.push_back(mask);
  // Neighbours in the trie are evaluated together.
  std::sort(unknown.begin(), unknown.end(), model::has_first_difference);
  for (std::size_t begin = 0; begin < unknown.size(); begin += at_once_) {
    if (deadline_.passed()) return false;
    evaluate_now(std::span(unknown).subspan(begin, std::min(at_once_, unknown.size() - begin)), &trunk, progress);
  }
  return true;
}

void Objective::evaluate_now(std::span<const model::UnitSet> masks, const model::UnitSet* trunk, Progress& progress) {
  Progress::throw_if_cancelled();
  if (!divergence_) divergence_ = std::make_unique<eval::Divergence>(model_, rows_, batch_tokens_);
  const Stopwatch watch;
  const std::vector<double> values = divergence_->of(masks, trunk, progress);
  seconds_ += watch.elapsed_ms() / 1000;
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < masks.size(); ++i) {
    Evaluation evaluation{name_, masks[i].hash(), values[i]};
    lines.push_back(line_of(evaluation));
    values_[evaluation.mask] = evaluation.value;
  }
  journal_.append(lines);
}

double Objective::value(const model::UnitSet& mask, Progress& progress) {
  if (!values_.contains(mask.hash())) evaluate_now({&mask, 1}, nullptr, progress);
  return known(mask);
}

double Objective::known(const model::UnitSet& mask) const {
  const auto found = values_.find(mask.hash());
  check(found != values_.end(), "a mask that has not been evaluated");
  return found->second;
}

}  // namespace hies::search
