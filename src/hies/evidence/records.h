#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hies/base/json.h"
#include "hies/base/stored.h"
#include "hies/model/hashes.h"
#include "hies/model/unit_set.h"

namespace hies::evidence {

inline constexpr std::string_view kRecordSchema = "hies.record/3";

// RecordKey::method of the unpruned model.
inline constexpr std::string_view kUnprunedMethod = "none";

// The form of a set of units (model/unit_set.h).
struct UnitSetForm {
  static Json write(const model::UnitSet& set, const std::string& path);
  static void read(const JsonNode& parent, std::string_view name, model::UnitSet& set);
};

// The form of what names a model (model/hashes.h).
struct HashesForm {
  static Json write(const model::ModelHashes& hashes, const std::string& path);
  static void read(const JsonNode& parent, std::string_view name, model::ModelHashes& hashes);
};

// The names of RecordKey::budget for a share of each site's own units, and of RecordKey::refit for none.
inline constexpr std::string_view kRatioBudget = "ratio";
inline constexpr std::string_view kNoRefit = "none";

// Which cell of a sweep's grid a record is of.
struct RecordKey {
  std::string run;  // name of the sweep's run, a model with its task
  std::string task;
  model::ModelHashes model;
  std::string method;    // "his", without "/uniform"; kUnprunedMethod for the first record of each run
  bool uniform = false;  // the same share of every layer
  std::optional<double> alpha;
  std::string alpha_from;            // the data that chose alpha, for alpha = auto; empty: alpha is of the grid, or there is none
  std::optional<std::string> loss;   // whose gradient ranked the units; not set where none did
  std::string loss_from;             // as alpha_from, for loss = auto
  std::optional<std::int64_t> seed;  // draws the calibration examples, or the mask of random; not set where nothing is drawn
  std::optional<std::int64_t> examples;  // calibration examples that ranked the heads; not set where none did
  std::string sites = "attention";       // model::parse_site_kinds: whose units the method was asked to remove
  std::string budget{kRatioBudget};      // the field of prune::BudgetOptions that `ratio` is of
  double ratio = 0;                      // share to remove: of the present units of each site, or of what `budget` names
  std::string refit{kNoRefit};           // refit::parse_refit_sites: the output matrices that were fitted anew
  std::string scores;                    // file that ranked the heads, relative to the sweep's directory; empty: none did

  template <class V, class Self>
  static void fields(V& v, Self& self) {
    v("run", self.run);
    v("task", self.task);
    v("model", self.model, HashesForm{});
    v("method", self.method);
    v("uniform", self.uniform);
    v("alpha", self.alpha, stored::Share{});
    v("alpha_from", self.alpha_from, stored::NullIfEmpty{});
    v("loss", self.loss);
    v("loss_from", self.loss_from, stored::NullIfEmpty{});
    v("seed", self.seed);
    v("examples", self.examples);
    v("sites", self.sites);
    v("budget", self.budget);
    v("ratio", self.ratio, stored::Share{});
    v("refit", self.refit);
    v("scores", self.scores, stored::NullIfEmpty{});
  }
  bool operator==(const RecordKey&) const = default;
};

// The units that a cell removes.
struct RecordMask {
  std::string hash;  // UnitSet::hash()
  model::UnitSet removed;
  std::int64_t heads = 0;  // heads left
  std::int64_t heads_removed = 0;
  std::optional<std::int64_t> neurons = {};  // neurons left; not set in records of versions 1 and 2
  std::int64_t neurons_removed = 0;

  template <class V, class Self>
  static void fields(V& v, Self& self) {
    v("mask", self.hash);
    v("removed", self.removed, UnitSetForm{});
    v("heads", self.heads);
    v("heads_removed", self.heads_removed);
    v("neurons", self.neurons);
    v("neurons_removed", self.neurons_removed);
  }
  bool operator==(const RecordMask&) const = default;
};

// Size and computation of the pruned model.
struct Cost {
  // Shares of the unpruned model's that are gone.
  struct Removed {
    double heads = 0;
    double parameters = 0;
    double flops = 0;
    double neurons = 0;

    template <class V, class Self>
    static void fields(V& v, Self& self) {
      v("heads", self.heads, stored::Share{});
      v("parameters", self.parameters, stored::Share{});
      v("flops", self.flops, stored::Share{});
      v("neurons", self.neurons, stored::Share{});
    }
    bool operator==(const Removed&) const = default;
  };
  std::int64_t parameters = 0;
  double flops_per_example = 0;
  Removed removed;

  template <class V, class Self>
  static void fields(V& v, Self& self) {
    v("parameters", self.parameters);
    v("flops_per_example", self.flops_per_example);
    v("removed", self.removed);
  }
  bool operator==(const Cost&) const = default;
};

// The paper's bound on the loss increase (Eq. 3, 4) beside the increase itself, of the loss that the evaluation reports. The
// terms are of the calibration examples behind `scores`; they are not set where that loss was not scored.
struct Bound {
  std::string loss;                          // of all members
  std::optional<double> first_order;         // Σ over removed heads of gate_grad
  std::optional<double> second_order;        // Σ over removed heads of (β/2)·E‖A‖²_F
  std::optional<double> second_order_heads;  // the same with each head's own ‖W_O[:,h]‖₂ in β, which is tighter
  std::optional<double> loss_increase;       // mean loss less that of the unpruned model; may be negative
  std::string scores;                        // file of the terms, relative to the sweep's directory; empty: none

  template <class V, class Self>
  static void fields(V& v, Self& self) {
    v("loss", self.loss, stored::NullIfEmpty{});
    v("first_order", self.first_order);
    v("second_order", self.second_order);
    v("second_order_heads", self.second_order_heads);
    v("loss_increase", self.loss_increase);
    v("scores", self.scores, stored::NullIfEmpty{});
  }
  bool operator==(const Bound&) const = default;
};

// Time of one example, measured in pairs with the unpruned model.
struct Latency {
  double median = 0, p25 = 0, p75 = 0;  // ms
  double unpruned_median = 0;           // ms
  double speedup = 1;                   // median of the pairs' ratios; > 1 is faster
  std::int64_t pairs = 0;

  template <class V, class Self>
  static void fields(V& v, Self& self) {
    v("median", self.median);
    v("p25", self.p25);
    v("p75", self.p75);
    v("unpruned_median", self.unpruned_median);
    v("speedup", self.speedup);
    v("pairs", self.pairs);
  }
  bool operator==(const Latency&) const = default;
};

// What a refit did to the model (refit/refit.h).
struct Refitted {
  // How far the residual stream after a site is from the dense model's, as mean squares over the tokens that were fitted with.
  struct Gain {
    std::int64_t layer = 0;
    std::string kind;  // model::site_kind_name
    double error_before = 0, error_after = 0;

    template <class V, class Self>
    static void fields(V& v, Self& self) {
      v("layer", self.layer);
      v("kind", self.kind);
      v("error_before", self.error_before);
      v("error_after", self.error_after);
    }
    bool operator==(const Gain&) const = default;
  };
  // The form of a list of gains.
  struct GainsForm {
    static Json write(const std::vector<Gain>& gains, const std::string& path);
    static void read(const JsonNode& parent, std::string_view name, std::vector<Gain>& gains);
  };
  double damping = 0;
  std::int64_t examples = 0, tokens = 0, heldout = 0;              // rows fitted with, their tokens, rows held out
  std::optional<double> divergence_before, divergence_after = {};  // from the dense model on the held-out rows
  std::vector<Gain> sites;                                         // in their order

  template <class V, class Self>
  static void fields(V& v, Self& self) {
    v("damping", self.damping);
    v("examples", self.examples);
    v("tokens", self.tokens);
    v("heldout", self.heldout);
    v("divergence_before", self.divergence_before);
    v("divergence_after", self.divergence_after);
    v("sites", self.sites, GainsForm{});
  }
  bool operator==(const Refitted&) const = default;
};

// What the cell costs, and how it answers the evaluation data.
struct Measurement {
  stored::NamedNumbers metrics;     // the task's, primary first; empty without labels
  double stability = 1;             // share of answers that the unpruned model gives, too
  std::optional<double> mean_loss;  // over the evaluation data; not set without labels
  Cost cost;
  Bound bound;
  std::optional<Latency> latency_ms;  // not set unless the sweep measures latency
  std::optional<Refitted> refitted;   // not set without a refit

  template <class V, class Self>
  static void fields(V& v, Self& self) {
    v("metrics", self.metrics);
    v("stability", self.stability, stored::Share{});
    v("mean_loss", self.mean_loss);
    v("cost", self.cost);
    v("bound", self.bound);
    v("latency_ms", self.latency_ms);
    v("refitted", self.refitted);
  }
  bool operator==(const Measurement&) const = default;
};

// One line of records.jsonl (docs/formats.md): a cell of a sweep's grid, the units that it removes, and what became of the model.
// Shares are 0 … 1.
struct Record {
  RecordKey key;
  RecordMask mask;
  Measurement measured;

  template <class V, class Self>
  static void fields(V& v, Self& self) {
    RecordKey::fields(v, self.key);
    RecordMask::fields(v, self.mask);
    Measurement::fields(v, self.measured);
  }
  bool is_unpruned() const { return key.method == kUnprunedMethod; }
  bool operator==(const Record&) const = default;
};

// Returns the object of a record. Throws bad_input that names the first number that is not finite.
Json to_json(const Record& record);
// Returns the record, checked: schema, types, ranges, finite numbers. Reads versions 1 to 3. Throws bad_input that names `where`
// and the key; unsupported for another version of the schema.
Record record_from_json(const Json& json, std::string_view where);

// Returns one line of records.jsonl without its end, always the same bytes for the same record.
std::string record_line(const Record& record);

// The name of the file in a sweep's directory.
inline constexpr std::string_view kRecordsFile = "records.jsonl";

// Returns all records of a file. A last line without its end is of a sweep that was stopped while writing it: it is left out.
// Throws what record_from_json throws, with the line's number; io.
std::vector<Record> read_records(const std::filesystem::path& file);

}  // namespace hies::evidence
