// Reads the seeds of targets, the inputs that were once findings, and then mutations of both, for a time or a number of rounds. A round's
// input follows from the seed of the run, the target and the round's number, so that a finding comes again with --from.
//
// usage: fuzz_replay [TARGET…] [--seconds S] [--rounds N] [--seed N] [--from N] [--input FILE] [--keep FOLDER]
#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "hies/base/files.h"
#include "hies/base/hash.h"
#include "mutate.h"
#include "outcome.h"

namespace hies::fuzz {
namespace {

constexpr int kMostSeconds = 10;   // of computing, for one input
constexpr int kMostWaiting = 120;  // of waiting
constexpr std::size_t kMostFindings = 20;

struct Options {
  std::vector<std::string> names;
  double seconds = 5;
  std::uint64_t rounds = ~std::uint64_t{0}, seed = 1, from = 0;
  std::string input;  // a packed bundle: only it is read
  std::string keep;   // where the inputs of findings are written
};

// What a signal handler says: a line that stands ready.
char last_words[400];

extern "C" void die(int signal) {
  const bool late = signal == SIGALRM || signal == SIGPROF;
  const char* what = late ? "\nFINDING: it takes too long: " : "\nFINDING: it crashed: ";
  static_cast<void>(!::write(STDERR_FILENO, what, std::strlen(what)));
  static_cast<void>(!::write(STDERR_FILENO, last_words, std::strlen(last_words)));
  ::_exit(1);
}

void catch_crashes() {
  static char stack[1 << 16];  // an overflow of the stack leaves none
  stack_t other = {};
  other.ss_sp = stack;
  other.ss_size = sizeof stack;
  ::sigaltstack(&other, nullptr);
  struct sigaction action = {};
  action.sa_handler = die;
  action.sa_flags = SA_ONSTACK;
#ifdef __SANITIZE_ADDRESS__
  for (const int signal : {SIGALRM, SIGPROF, SIGABRT}) ::sigaction(signal, &action, nullptr);  // the rest is the sanitizer's
#else
  for (const int signal : {SIGALRM, SIGPROF, SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) ::sigaction(signal, &action, nullptr);
  // An allocation out of all proportion fails at once, and not when the machine has no memory left.
  constexpr rlim_t kMost = rlim_t{24} << 30;  // libtorch alone takes some of the addresses
  const rlimit limit = {kMost, kMost};
  ::setrlimit(RLIMIT_AS, &limit);
#endif
}

// Sends signals after so many seconds; 0: none.
void limit_time(int computing, int waiting) {
  const itimerval limit = {{}, {computing, 0}};
  ::setitimer(ITIMER_PROF, &limit, nullptr);
  ::alarm(static_cast<unsigned>(waiting));
}

class Run {
 public:
  Run(const Target& target, const Options& options) : target_(target), options_(options), folder_(new_root()) {}

  // Returns the number of findings.
  std::size_t all() {
    const auto begin = std::chrono::steady_clock::now();
    const auto seconds = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(); };
    std::vector<Bundle> seeds = target_.seeds();
    for (const Bundle& seed : seeds) one("a seed", seed);
    for (Bundle& finding : old_findings()) {
      one("an old finding", finding);
      seeds.push_back(std::move(finding));
    }
    std::uint64_t round = options_.from;
    for (; round - options_.from < options_.rounds && seconds() < options_.seconds && seen_.size() < kMostFindings; ++round) {
      Rng rng(std::strtoull(
          Hasher().update(fmt::format("{} {} {}", options_.seed, target_.name, round)).hex().substr(0, 16).c_str(), nullptr, 16));
      Bundle bundle = any_of(seeds, rng);
      mutate(bundle, rng);
      one(fmt::format("round {} of seed {}", round, options_.seed), bundle);
    }
    fmt::print("{:12} {:3} seeds, {:8} inputs in {:6.1f} s, {} findings\n", target_.name, seeds.size(), round - options_.from,
               seconds(), seen_.size());
    std::fflush(stdout);
    return seen_.size();
  }

  void one(const std::string& which, const Bundle& bundle) {
    const std::string place = fmt::format("fuzz_replay {}: {}", target_.name, which);
    fmt::format_to_n(last_words, sizeof last_words - 1, "{}; its files are in {}\n{}", place, folder_.input().string(), '\0');
    limit_time(kMostSeconds, kMostWaiting);
    const std::string finding = run(target_, bundle, folder_);
    limit_time(0, 0);
    if (finding.empty() || !seen_.insert(without_digits(finding)).second) return;
    fmt::print(stderr, "FINDING: {}: {}\n", place, finding);
    if (options_.keep.empty()) return;
    std::filesystem::create_directories(options_.keep);
    std::ofstream(std::filesystem::path(options_.keep) / fmt::format("{}-{}", target_.name, seen_.size()), std::ios::binary)
        << pack(bundle);
  }

  std::size_t findings() const { return seen_.size(); }

 private:
  std::vector<Bundle> old_findings() const {
    std::vector<Bundle> all;
    const auto folder = source_dir() / "tests/fuzz/findings" / target_.name;
    if (!std::filesystem::exists(folder)) return all;
    for (const auto& [name, content] : read_bundle(folder)) all.push_back(unpack(content));
    return all;
  }
  static std::string without_digits(std::string text) {
    std::erase_if(text, [](char c) { return c >= '0' && c <= '9'; });
    return text.substr(0, 60);
  }

  const Target& target_;
  const Options& options_;
  BundleFolder folder_;
  std::set<std::string> seen_;
};

std::optional<Options> parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (!word.starts_with("--")) {
      options.names.push_back(word);
      continue;
    }
    if (++i == argc) return std::nullopt;
    if (word == "--seconds") options.seconds = std::strtod(argv[i], nullptr);
    else if (word == "--rounds") options.rounds = std::strtoull(argv[i], nullptr, 10);
    else if (word == "--seed") options.seed = std::strtoull(argv[i], nullptr, 10);
    else if (word == "--from") options.from = std::strtoull(argv[i], nullptr, 10);
    else if (word == "--input") options.input = argv[i];
    else if (word == "--keep") options.keep = argv[i];
    else return std::nullopt;
  }
  if (options.names.empty())
    for (const Target& target : targets()) options.names.emplace_back(target.name);
  return options;
}

}  // namespace
}  // namespace hies::fuzz

int main(int argc, char** argv) {
  using namespace hies::fuzz;
  const std::optional<Options> options = parse(argc, argv);
  if (!options) {
    std::fputs("usage: fuzz_replay [TARGET…] [--seconds S] [--rounds N] [--seed N] [--from N] [--input FILE] [--keep FOLDER]\n",
               stderr);
    return 2;
  }
  catch_crashes();
  std::size_t findings = 0;
  for (const std::string& name : options->names) {
    const Target* target = find_target(name);
    if (target == nullptr) {
      fmt::print(stderr, "there is no target {}\n", name);
      return 2;
    }
    Run run(*target, *options);
    if (options->input.empty()) {
      findings += run.all();
    } else {
      run.one(options->input, unpack(hies::read_file(options->input)));
      findings += run.findings();
    }
  }
  return findings == 0 ? 0 : 1;
}
