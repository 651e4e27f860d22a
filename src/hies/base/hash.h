#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace hies {

// Running XXH3-128; hex() is 32 lower-case digits, high half first. A name for content, not a protection against an adversary.
class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;

  Hasher& update(std::span<const std::byte> bytes);
  // Length-prefixed, so that ("ab","c") and ("a","bc") differ.
  Hasher& update(std::string_view text);
  Hasher& update(std::int64_t number);
  std::string hex() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hies
