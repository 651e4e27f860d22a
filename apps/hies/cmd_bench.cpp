#include <fmt/format.h>

#include <algorithm>
#include <regex>

#include "arguments.h"
#include "attention_bench.h"
#include "commands.h"
#include "common_options.h"
#include "console_progress.h"
#include "gpu_bench.h"
#include "hies/base/error.h"
#include "hies/base/json.h"
#include "hies/base/suggest.h"
#include "hies/kernels/attention.h"
#include "terminal.h"
#include "text_layout.h"

namespace hies::cli {
namespace {

#ifdef HIES_WITH_BENCHMARK
std::vector<AttentionCase> chosen_cases(const std::string& filter) {
  std::vector<AttentionCase> cases = attention_cases();
  try {
    const std::regex wanted(filter);
    std::erase_if(cases, [&](const AttentionCase& which) { return !std::regex_search(which.name(), wanted); });
  } catch (const std::regex_error&) {
    bad_input("--filter '{}' is no regular expression", printable(filter));
  }
  if (cases.empty())
    throw Error(ErrorKind::bad_input, fmt::format("--filter '{}' matches no benchmark", printable(filter)),
                fmt::format("names look like {}", attention_cases().front().name()));
  return cases;
}

double gflops(const AttentionCase& which, const AttentionTiming& timing) { return which.flops() / timing.seconds / 1e9; }

Json timing_json(const AttentionCase& which, const AttentionTiming& timing) {
  return {{"seconds", timing.seconds}, {"gflops", gflops(which, timing)}, {"error", timing.error}};
}

void bench_kernels(const std::string& filter, double seconds, const ShowOptions& show) {
  const std::vector<AttentionCase> cases = chosen_cases(filter);
  const int threads = attention_threads();
  ConsoleProgress progress(show.quiet);
  progress.begin("bench", static_cast<std::int64_t>(cases.size()), "shapes");
  TextTable table({"attention", "tokens", "head size", "sequences", "hies", "torch", "hies / torch"});
  Json results = Json::array();
  for (const AttentionCase& which : cases) {
    const AttentionMeasurement measured = measure_attention(which, seconds);
    const double ratio = measured.torch.seconds / measured.kernel.seconds;
    const std::string pass = which.backward ? "backward" : "forward";
    table.row({pass, fmt::to_string(which.tokens), fmt::to_string(which.head_dim), fmt::to_string(which.sequences()),
               fmt::format("{:.1f}", gflops(which, measured.kernel)), fmt::format("{:.1f}", gflops(which, measured.torch)),
               fmt::format("{:.2f}x", ratio)});
    results.push_back({{"name", which.name()},
                       {"pass", pass},
                       {"tokens", which.tokens},
                       {"head_dim", which.head_dim},
                       {"sequences", which.sequences()},
                       {"flops", which.flops()},
                       {"hies", timing_json(which, measured.kernel)},
                       {"torch", timing_json(which, measured.torch)},
                       {"ratio", ratio}});
    progress.advance(1);
  }
  progress.end();
  if (show.json)
    return print_json({{"schema", "hies.bench/1"},
                       {"dtype", "float32"},
                       {"heads", AttentionCase::kHeads},
                       {"threads", threads},
                       {"min_seconds", seconds},
                       {"results", results}});
  print_out(fmt::format("Attention in GFLOP/s, float32, {} heads, {} thread{}; torch: matmul, softmax, matmul.\n\n",
                        AttentionCase::kHeads, threads, threads == 1 ? "" : "s") +
            table.text());
}
#else
[[noreturn]] void bench_kernels(const std::string&, double, const ShowOptions&) {
  throw Error(ErrorKind::unsupported, "this program was built without Google Benchmark, which `hies bench` needs",
              "install libbenchmark-dev and build again");
}
#endif

std::string gib(std::int64_t bytes) { return fmt::format("{:.2f} GiB", static_cast<double>(bytes) / (1 << 30)); }

std::string row(std::string_view name, const GpuTiming& timing) {
  return fmt::format("{:28} {:9.2f} ms  ({:.2f} … {:.2f})\n", name, timing.median_ms, timing.least_ms, timing.most_ms);
}

void bench_model(const std::string& folder, const engine::ExecutionOptions& execution, const GpuBenchOptions& options,
                 const ShowOptions& show) {
  ConsoleProgress progress(show.quiet);
  const GpuBench bench = bench_gpu(folder, execution, options, progress);
  if (show.json) {
    Json json = {{"schema", "hies.bench-cuda/1"},
                 {"model", folder},
                 {"dtype", execution.dtype},
                 {"sequences", options.sequences},
                 {"tokens", options.tokens}};
    json.update(to_json(bench));
    return print_json(json);
  }
  std::string text = fmt::format("{} in {}, {} sequences of {} tokens\n\n", printable(folder), execution.dtype, options.sequences,
                                 options.tokens);
  text += row("HIS and AE", bench.score) + row("forward alone", bench.forward);
  text +=
      fmt::format("{:28} {} at most, {} of it weights\n", "memory of the GPU", gib(bench.peak_bytes), gib(bench.weights_bytes));
  if (bench.masks_together)
    text +=
        fmt::format("{:28} {:.1f} masks a second; one by one {:.1f}\n", "many masks", *bench.masks_together, *bench.masks_alone);
  print_out(text);
}

}  // namespace

void run_bench(Words words) {
  Arguments arguments({"hies bench",
                       "measure the program's own kernels, or whole passes on a GPU",
                       {"hies bench kernels [--filter REGEX] [--threads N] [--json]",
                        "hies bench cuda --model MODEL [--sequences B] [--tokens T]"},
                       {"hies bench kernels --filter 'forward/tokens:(8|128)/head_dim:32'"},
                       "Each answer of `kernels` is compared with float64 before it is timed. How whole commands compare with "
                       "Hugging Face: `make bench`, "
                       "and on a GPU tools/bench_gpu.py."},
                      words);
  std::string suite, filter, folder;
  double seconds = 0.1;
  engine::ExecutionOptions execution;
  GpuBenchOptions gpu;
  ShowOptions show;
  arguments.positional("SUITE", suite,
                       "kernels: attention on the CPU, lengths 8 … 2048, head sizes 16 … 128; cuda: a model on a GPU");
  arguments("filter", filter, "kernels: only benchmarks whose names match, for instance backward/tokens:128/head_dim:32");
  arguments.describe("filter", {.placeholder = "REGEX", .default_value = "all"});
  arguments("seconds", seconds, "kernels: least time that each side of each benchmark runs");
  arguments.text("model", "MODEL", folder,
                 "cuda: checkpoint, for instance from `hies make-checkpoint`; its tokens are drawn at random");
  arguments.add(gpu);
  arguments.add(execution, {"device"});
  arguments.add(show);
  arguments.describe("quiet", {.help = "no progress bar"});
  if (!arguments.parse()) return;
  const std::vector<std::string> suites = {"kernels", "cuda"};
  if (std::find(suites.begin(), suites.end(), suite) == suites.end())
    throw Error(ErrorKind::bad_input, fmt::format("unknown suite '{}'", printable(suite)), known_names_hint(suite, suites));
  if (!(seconds > 0 && seconds <= 60)) bad_input("--seconds is {}, but it must be above 0 and at most 60", seconds);
  if (suite == "cuda") {
    arguments.require("model");
    execution.device = "cuda";
    return bench_model(folder, execution, gpu, show);
  }
  kernels::set_threads(engine::resolve(execution).threads);
  bench_kernels(filter, seconds, show);
}

}  // namespace hies::cli
