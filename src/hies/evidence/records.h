#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hies/base/json.h"

namespace hies::evidence {

inline constexpr std::string_view kRecordSchema = "hies.record/1";

// One line of records.jsonl (docs/formats.md): one cell of a sweep's grid, a model with some heads pruned and what became of it.
// Shares are 0 … 1.
struct Record {
  // Which cell.
  std::string run;   // name of the sweep's run, a model with its task
  std::string task;  // data/task.h
  std::string model_hash;
  std::string method;    // "his", without "/uniform"; "none": the unpruned model, the first record of each run
  bool uniform = false;  // the same share of every layer
  std::optional<double> alpha;
  std::string alpha_from;                // which data chose alpha, for --alpha auto; empty: it is of the grid, or there is none
  std::optional<std::string> loss;       // whose gradient ranked the heads; not set where none did
  std::string loss_from;                 // as alpha_from, for --loss auto
  std::optional<std::int64_t> seed;      // draws the calibration examples, or the mask of random; not set where nothing is drawn
  std::optional<std::int64_t> examples;  // calibration examples that ranked the heads; not set where none did
  double ratio = 0;                      // of the present heads that the method was asked to remove

  // What it did.
  std::string mask;                        // equal masks of equal models have equal hashes
  std::map<int, std::vector<int>> pruned;  // by layer, original indices, ascending; layers that lose none are absent
  std::int64_t heads = 0;                  // heads left
  std::int64_t heads_removed = 0;

  // What became of it, on the evaluation data.
  std::vector<std::pair<std::string, double>> metrics;  // the task's, primary first; empty without labels
  double stability = 1;                                 // share of answers that the unpruned model gives, too
  std::optional<double> mean_loss;                      // over the evaluation data; not set without labels

  struct Cost {
    std::int64_t parameters = 0;
    double flops_per_example = 0;
    // Shares of the unpruned model's that are gone.
    double heads_removed = 0;
    double parameters_removed = 0;
    double flops_removed = 0;
    bool operator==(const Cost&) const = default;
  };
  Cost cost;

  // The paper's bound on the loss increase (Eq. 3, 4) beside the increase itself, of the loss that the evaluation reports.
  // The terms are of the calibration examples behind `scores`; not set where that loss was not scored.
  struct Bound {
    std::string loss;                          // of all members
    std::optional<double> first_order;         // Σ over removed heads of gate_grad
    std::optional<double> second_order;        // Σ over removed heads of (β/2)·E‖A‖²_F
    std::optional<double> second_order_heads;  // the same with each head's own ‖W_O[:,h]‖₂ in β, which is tighter
    std::optional<double> loss_increase;       // mean loss less that of the unpruned model; may be negative
    std::string scores;                        // file of the terms, relative to the sweep's directory; empty: none
    bool operator==(const Bound&) const = default;
  };
  Bound bound;
  std::string scores;  // file that ranked the heads, relative to the sweep's directory; empty: none did

  // One example at a time, measured in pairs with the unpruned model. Not set unless --latency asked for it.
  struct Latency {
    double median = 0, p25 = 0, p75 = 0;  // ms
    double unpruned_median = 0;           // ms
    double speedup = 1;                   // median of the pairs' ratios; > 1 is quicker
    std::int64_t pairs = 0;
    bool operator==(const Latency&) const = default;
  };
  std::optional<Latency> latency_ms;

  bool operator==(const Record&) const = default;
};

// Throws bad_input that names the first number that is not finite.
Json to_json(const Record& record);
// Checks schema, types, ranges and that numbers are finite. Throws bad_input that names `where` and the key; unsupported for
// another version of the schema.
Record record_from_json(const Json& json, std::string_view where);

// One line without its end: what stands in records.jsonl, always the same bytes for the same record.
std::string record_line(const Record& record);

// The name of the file in a sweep's directory.
inline constexpr std::string_view kRecordsFile = "records.jsonl";

// All records of a file. A last line without its end is of a sweep that was stopped while writing it: it is left out. Throws what
// record_from_json throws, with the line's number; io.
std::vector<Record> read_records(const std::filesystem::path& file);

}  // namespace hies::evidence
