#pragma once

#include <chrono>
#include <functional>
#include <set>
#include <string>

#include "hies/base/progress.h"

namespace hies::cli {

// Shows progress on standard error: on a terminal a bar with rate and time left, elsewhere sparse lines. Stages that take less
// than a second are not shown; warnings always are, each once.
class ConsoleProgress : public Progress {
 public:
  explicit ConsoleProgress(bool quiet);
  ~ConsoleProgress() override;

  void begin(std::string_view stage, std::int64_t total, std::string_view unit) override;
  void end() override;
  void status(std::string_view text) override { status_ = text; }
  void warn(std::string_view message) override;

 protected:
  void advanced(std::int64_t done) override;

 private:
  using Clock = std::chrono::steady_clock;
  void clear();
  std::string line(double seconds) const;

  bool quiet_, terminal_, shown_ = false;
  std::string stage_, unit_, status_;
  std::set<std::string, std::less<>> warned_;
  std::int64_t total_ = 0, done_ = 0;
  Clock::time_point start_, next_;
};

// Returns "512/1024 examples, 83/s, 6 s left", for a stage that has run for `seconds`.
std::string progress_text(std::int64_t done, std::int64_t total, std::string_view unit, double seconds);

}  // namespace hies::cli
