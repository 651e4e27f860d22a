#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

namespace hies {

// How the library tells that it is alive, and how it is told to stop. The library never prints: the CLI draws.
class Progress {
 public:
  virtual ~Progress() = default;
  // A stage of `total` units of work begins ("score", 256, "examples").
  virtual void begin(std::string_view /*stage*/, std::int64_t /*total*/, std::string_view /*unit*/) {}
  // `done` units more are finished. Throws Error(interrupted) once cancelled: call it where stopping loses nothing.
  void advance(std::int64_t done) {
    throw_if_cancelled();
    advanced(done);
  }
  virtual void end() {}
  // One line for the user that is not an error, without newline.
  virtual void warn(std::string_view /*message*/) {}

 protected:
  virtual void advanced(std::int64_t /*done*/) {}

 public:
  // Set by the CLI's signal handler, read at every safe point.
  static std::atomic<bool>& cancelled() noexcept;
  static void throw_if_cancelled();
};

// While one lives, throw_if_cancelled() does nothing: for work that is lost unless it is finished, and is finished soon.
class DelayedCancellation {
 public:
  DelayedCancellation() noexcept;
  ~DelayedCancellation();
  DelayedCancellation(const DelayedCancellation&) = delete;
  DelayedCancellation& operator=(const DelayedCancellation&) = delete;
};

// Says nothing.
Progress& silent_progress() noexcept;

}  // namespace hies
