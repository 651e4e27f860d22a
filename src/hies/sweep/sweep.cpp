#include "hies/sweep/sweep.h"

#include <algorithm>

#include "hies/base/clock.h"
#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/base/journal.h"
#include "hies/evidence/tables.h"
#include "hies/sweep/folder.h"
#include "hies/sweep/grid.h"
#include "hies/sweep/hyperparameter_choice.h"
#include "hies/sweep/latency.h"
#include "hies/sweep/measure.h"
#include "hies/sweep/summary.h"

namespace hies::sweep {
namespace {

class Job {
 public:
  // `config` is resolved and checked.
  Job(const SweepConfig& config, const SweepRequest& request, Progress& progress)
      : config_(config), options_(config.options), version_(request.version), progress_(progress), folder_(request.output) {}

  SweepOutcome run() {
    load();
    {
      Journal journal(folder_.path() / evidence::kRecordsFile);
      read_known(journal);
      try {
        for (const RunInputs& data : data_) measure(data, journal);
        check_all_used(journal);
        if (options_.latency) measure_latencies();
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::interrupted) throw;
        throw Error(ErrorKind::interrupted,
                    fmt::format("interrupted: {} records are in {}", journal.count(), journal.file().string()),
                    "run the same command again to resume");
      }
    }
    if (options_.latency) write_with_latencies();
    timings_["total_ms"] = total_.elapsed_ms();
    SweepOutcome outcome;
    outcome.summary = summary_json(summaries_, version_, timings_);
    write_file(folder_.path() / kSummaryFile, pretty(outcome.summary), true);
    outcome.known = static_cast<std::int64_t>(known_.size());
    for (RunSummary& run : summaries_) std::move(run.records.begin(), run.records.end(), std::back_inserter(outcome.records));
    evidence::write_tables(folder_.path(), outcome.records, table_options());
    return outcome;
  }

 private:
  void load() {
    for (const std::string& sentence : left_out(options_)) progress_.warn(sentence);
    std::vector<RunIdentity> identities;
    for (const SweepRun& run : config_.runs) {
      data_.push_back(load_run(run, options_, progress_));
      identities.push_back(data_.back().identity());
    }
    folder_.claim(config_, identities, version_, progress_);
    timings_["load_ms"] = total_.elapsed_ms();
  }

  void read_known(const Journal& journal) {
    for (const std::string& line : journal.lines()) {
      const std::string where = fmt::format("{}: line {}", journal.file().string(), known_.size() + 1);
      known_.push_back(evidence::record_from_json(parse_json(line, where), where));
    }
  }

  // Returns the known records of the run, which are adjacent in the file.
  std::vector<evidence::Record> known_of(const std::string& run) {
    std::vector<evidence::Record> mine;
    for (; used_ < known_.size() && known_[used_].key.run == run; ++used_) mine.push_back(known_[used_]);
    return mine;
  }

  void check_all_used(const Journal& journal) const {
    if (used_ < known_.size())
      bad_input("{}: line {} is of run '{}', which does not belong there", journal.file().string(), used_ + 1,
                printable(known_[used_].key.run));
  }

  engine::Model load_model(const RunInputs& data) const { return engine::Model::load(data.checkpoint, options_.execution); }

  void measure(const RunInputs& data, Journal& journal) {
    const engine::Model model = load_model(data);
    Stopwatch watch;
    const ScoredRun scored(data, options_, model, folder_.path(), progress_);
    timings_["score_ms"] += watch.elapsed_ms();

    RunSummary& summary = summaries_.emplace_back();
    summary.run = data.run;
    summary.model_hash = data.checkpoint->hash();
    summary.layers = data.checkpoint->spec().layer_count();
    summary.examples = data.evaluation.dataset.size();
    summary.tokens = data.evaluation.dataset.token_count();
    summary.scores_files = static_cast<std::int64_t>(scored.entries().size());

    watch.restart();
    ChosenPlans chosen(data, options_, scored, model, folder_.path());
    const Planner planner(data, options_, scored, &chosen);
    std::vector<Cell> cells = run_cells(data, options_);
    summary.choices =
        HyperparameterChooser(data, options_, planner, model, folder_.path()).choose(cells, summary.heldout, progress_);
    timings_["choose_ms"] += watch.elapsed_ms();

    watch.restart();
    chosen.make(cells, progress_);
    timings_["choose_units_ms"] += watch.elapsed_ms();

    watch.restart();
    Measurer measurer(data, options_, scored, model);
    summary.records = measurer.measure(group_by_model(planner, cells, options_), known_of(data.run.name), journal, progress_);
    summary.evaluation = measurer.stats();
    summary.refits = measurer.refits();
    timings_["evaluate_ms"] += watch.elapsed_ms();
  }

  void measure_latencies() {
    const Stopwatch watch;
    for (std::size_t i = 0; i < data_.size(); ++i)
      sweep::measure_latencies(data_[i], options_, load_model(data_[i]), folder_.path(), summaries_[i].records, progress_);
    timings_["latency_ms"] = watch.elapsed_ms();
  }

  // A calibration file may have fewer rows than `examples`.
  evidence::TableOptions table_options() const {
    evidence::TableOptions tables;
    tables.examples = std::min(options_.examples, data_.front().calibration.front().size());
    return tables;
  }

  void write_with_latencies() const {
    AtomicFile file(folder_.path() / evidence::kRecordsFile, true);
    for (const RunSummary& run : summaries_)
      for (const evidence::Record& record : run.records) file.write(evidence::record_line(record) + "\n");
    file.commit();
  }

  const SweepConfig& config_;
  const SweepOptions& options_;
  std::string version_;
  Progress& progress_;
  SweepFolder folder_;
  std::vector<RunInputs> data_;
  std::vector<evidence::Record> known_;
  std::size_t used_ = 0;  // how many of known_ have been given to a run
  std::vector<RunSummary> summaries_;
  Stopwatch total_;
  std::map<std::string, double> timings_;
};

}  // namespace

SweepOutcome run_sweep(const SweepRequest& request, Progress& progress) {
  check_config(request.config);
  SweepConfig config = request.config;
  config.options = resolved(config.options);
  return Job(config, request, progress).run();
}

}  // namespace hies::sweep
