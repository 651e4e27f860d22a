#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

namespace hies {

// How the library reports progress, and how it is cancelled. The library never prints; the CLI draws.
class Progress {
 public:
  virtual ~Progress() = default;
  // Called when a stage of `total` units of work begins ("score", 256, "examples").
  virtual void begin(std::string_view /*stage*/, std::int64_t /*total*/, std::string_view /*unit*/) {}
  // Reports that `done` more units are finished. Throws Error(interrupted) once cancelled: call it where stopping loses no work.
  void advance(std::int64_t done) {
    throw_if_cancelled();
    advanced(done);
  }
  virtual void end() {}
  // Says in a few words how far the stage has come besides its counts: what is best so far.
  virtual void status(std::string_view /*text*/) {}
  // Reports one line for the user that is not an error, without a newline.
  virtual void warn(std::string_view /*message*/) {}

 protected:
  virtual void advanced(std::int64_t /*done*/) {}

 public:
  // The flag that the CLI's signal handler sets.
  static std::atomic<bool>& cancelled() noexcept;
  static void throw_if_cancelled();
};

// While an object of this class exists, throw_if_cancelled() does nothing: for short work that would be lost if it were not
// finished.
class DelayedCancellation {
 public:
  DelayedCancellation() noexcept;
  ~DelayedCancellation();
  DelayedCancellation(const DelayedCancellation&) = delete;
  DelayedCancellation& operator=(const DelayedCancellation&) = delete;
};

// Reports nothing.
Progress& silent_progress() noexcept;

}  // namespace hies
