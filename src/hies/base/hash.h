#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace hies {

// Computes XXH3-128 incrementally. It identifies content; it does not protect against an adversary.
class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;

  Hasher& update(std::span<const std::byte> bytes);
  // Hashes the length, then the text, so that ("ab","c") and ("a","bc") differ.
  Hasher& update(std::string_view text);
  Hasher& update(std::int64_t number);
  // Returns the hash of everything so far: 32 lower-case digits, high half first.
  std::string hex() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hies
