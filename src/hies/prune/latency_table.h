#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "hies/base/json.h"
#include "hies/model/hashes.h"
#include "hies/model/layout.h"

namespace hies::prune {

inline constexpr std::string_view kLatencyTableSchema = "hies.latency-table/1";

// Milliseconds that a site of one layer takes by the number of its units, beyond what it takes without any.
struct LatencyCurve {
  std::vector<std::int64_t> counts;  // heads or neurons, ascending, the first 0
  std::vector<double> ms;            // of each count: rising or equal, the first 0
  std::vector<double> measured_ms;   // before it was made monotone; for people
  std::vector<double> spread_ms;     // between the quartiles of the measurements; for people

  std::int64_t most() const noexcept { return counts.empty() ? 0 : counts.back(); }
  // Returns the milliseconds of `count` units, interpolated. Throws internal beyond the last count.
  double at(std::int64_t count) const;
  // Returns the milliseconds of one of `present` units: how fast the least-squares line through the counts up to `present` rises.
  double per_unit(std::int64_t present) const;
  bool operator==(const LatencyCurve&) const = default;
};

// Returns a curve whose times are the nearest rising ones by least squares (pool adjacent violators), less that of no units.
// `measured`: one for each count; a count of 0 is the first.
LatencyCurve monotone_curve(std::vector<std::int64_t> counts, std::vector<double> measured, std::vector<double> spread);

// Where and how the times of a table were measured.
struct LatencySetting {
  std::string device = "cpu";  // or "cuda"
  std::string name;            // of the processor or GPU
  std::string dtype = "float32";
  std::int64_t threads = 1;  // of the CPU; any number serves a GPU
  std::int64_t batch = 1;
  std::int64_t tokens = 128;  // of each sequence

  template <class V, class Self>
  static void fields(V& v, Self& self) {
    v("device", self.device);
    v("name", self.name);
    v("dtype", self.dtype);
    v("threads", self.threads);
    v("batch", self.batch);
    v("tokens", self.tokens);
  }
  bool operator==(const LatencySetting&) const = default;
};

// A table of latencies (docs/formats.md): what a model takes, and what of it heads and neurons take.
struct LatencyTable {
  // What layers of one shape take; each measured as an average over them.
  struct Layers {
    std::vector<std::int64_t> layers;
    LatencyCurve heads, neurons;  // without counts where the layers have no such site
    bool operator==(const Layers&) const = default;
  };
  // Of the whole model.
  struct Whole {
    double least = 0, median = 0, p25 = 0, p75 = 0;  // ms; predictions are of the least, as the curves are
    std::int64_t rounds = 0;

    template <class V, class Self>
    static void fields(V& v, Self& self) {
      v("least", self.least);
      v("median", self.median);
      v("p25", self.p25);
      v("p75", self.p75);
      v("rounds", self.rounds);
    }
    bool operator==(const Whole&) const = default;
  };

  std::string path;  // of the checkpoint, for people
  model::ModelHashes model;
  LatencySetting setting;
  Whole whole;
  std::vector<Layers> layers;     // each layer of the model in one entry
  Json options = Json::object();  // as resolved

  // Returns the curve of a site; null where the table has none.
  const LatencyCurve* find(model::Site site) const;
  // The same, but throws internal where there is none: check_model is for files.
  const LatencyCurve& curve(model::Site site) const;
  // Returns the milliseconds that the model takes with the units of `left`, a part of `before`, in whose shape the table was measured.
  double predicted_ms(const model::Layout& before, const model::Layout& left) const;
};

// Throws bad_input that names the first number that is not finite.
Json to_json(const LatencyTable& table);
// Throws bad_input that names `where` and the key for whatever is not as documented: times that fall, are negative or not finite, counts
// out of order, a layer twice; unsupported for another version of the schema.
LatencyTable latency_table_from_json(const Json& json, std::string_view where);
LatencyTable read_latency_table(const std::filesystem::path& path);
// Throws bad_input when `path` exists and not `force`.
void write_latency_table(const std::filesystem::path& path, const LatencyTable& table, bool force);

// Throws bad_input where the table is of another model or of other widths.
void check_model(const LatencyTable& table, const model::ModelHashes& model, const model::Layout& layout, std::string_view where);
// Throws bad_input where the table was measured on another device, or with another dtype or number of threads, than those of `here`,
// whose batch and tokens are not looked at.
void check_setting(const LatencyTable& table, const LatencySetting& here, std::string_view where);

}  // namespace hies::prune
