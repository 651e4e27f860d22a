#include "console_progress.h"

#include <fmt/format.h>

#include <algorithm>

#include "field_flags.h"
#include "human.h"
#include "terminal.h"
#include "text_layout.h"

namespace hies::cli {
namespace {

using namespace std::chrono_literals;
constexpr auto kPatience = 1s;
constexpr auto kRedraw = 100ms;
constexpr auto kSparse = 10s;
constexpr int kBarWidth = 24;

}  // namespace

std::string progress_text(std::int64_t done, std::int64_t total, std::string_view unit, double seconds) {
  // The stage ended one step early.
  if (unit == "ms" && done > total) return fmt::format("{:.1f} s", static_cast<double>(done) / 1000);
  if (unit == "ms") return fmt::format("{:.1f} of {:.1f} s", static_cast<double>(done) / 1000, static_cast<double>(total) / 1000);
  std::string text = total > 0 ? fmt::format("{}/{} {}", done, total, unit) : fmt::format("{} {}", done, unit);
  if (done <= 0 || seconds <= 0) return text;
  const double rate = static_cast<double>(done) / seconds;
  text += fmt::format(", {}/s", rate < 10 ? fmt::format("{:.1f}", rate) : fmt::format("{:.0f}", rate));
  if (total > done) text += fmt::format(", {} left", human_seconds(static_cast<double>(total - done) / rate));
  return text;
}

ConsoleProgress::ConsoleProgress(bool quiet) : quiet_(quiet), terminal_(is_terminal_err()) {}
ConsoleProgress::~ConsoleProgress() { clear(); }

void ConsoleProgress::begin(std::string_view stage, std::int64_t total, std::string_view unit) {
  clear();
  stage_ = stage;
  unit_ = unit;
  status_.clear();
  total_ = total;
  done_ = 0;
  start_ = Clock::now();
  next_ = start_ + (terminal_ ? Clock::duration(kPatience) : Clock::duration(kSparse));
}

void ConsoleProgress::end() { clear(); }

void ConsoleProgress::warn(std::string_view message) {
  // Calibration and evaluation of one checkpoint warn of the same things.
  if (!warned_.emplace(message).second) return;
  clear();
  print_warning(with_flags(message));
}

void ConsoleProgress::advanced(std::int64_t done) {
  done_ += done;
  if (quiet_) return;
  const auto now = Clock::now();
  if (now < next_) return;
  const std::string text = line(std::chrono::duration<double>(now - start_).count());
  if (terminal_) redraw_progress(text);
  else print_progress(text);
  shown_ = true;
  next_ = now + (terminal_ ? Clock::duration(kRedraw) : Clock::duration(kSparse));
}

std::string ConsoleProgress::line(double seconds) const {
  std::string counts = progress_text(done_, total_, unit_, seconds);
  if (!status_.empty()) counts += ", " + status_;
  const double share = total_ > 0 ? std::min(1.0, static_cast<double>(done_) / static_cast<double>(total_)) : 0;
  if (!terminal_ || total_ <= 0) return fmt::format("{}: {}", stage_, counts);
  const int columns = std::min(kBarWidth, error_width() - display_width(stage_) - display_width(counts) - 9);
  if (columns < 4) return fmt::format("{} {:3.0f} %", stage_, share * 100);
  std::string bar;
  const int full = static_cast<int>(share * columns);
  for (int i = 0; i < columns; ++i) bar += i < full ? "█" : "░";
  return fmt::format("{} {} {:3.0f} % {}", stage_, bar, share * 100, counts);
}

void ConsoleProgress::clear() {
  if (shown_ && terminal_) redraw_progress("");
  shown_ = false;
}

}  // namespace hies::cli
