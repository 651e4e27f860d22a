#pragma once

#include <chrono>
#include <string>

#include "hies/base/progress.h"

namespace hies::cli {

// Draws on standard error: on a terminal a bar with rate and time left, elsewhere a line now and then. Nothing for stages that are
// over within a second. Warnings are always shown.
class ConsoleProgress : public Progress {
 public:
  explicit ConsoleProgress(bool quiet);
  ~ConsoleProgress() override;

  void begin(std::string_view stage, std::int64_t total, std::string_view unit) override;
  void end() override;
  void warn(std::string_view message) override;

 protected:
  void advanced(std::int64_t done) override;

 private:
  using Clock = std::chrono::steady_clock;
  void clear();
  std::string line(double seconds) const;

  bool quiet_, terminal_, shown_ = false;
  std::string stage_, unit_;
  std::int64_t total_ = 0, done_ = 0;
  Clock::time_point start_, next_;
};

// "512/1024 examples, 83/s, 6 s left": what is known of a stage after `seconds`.
std::string progress_text(std::int64_t done, std::int64_t total, std::string_view unit, double seconds);

}  // namespace hies::cli
