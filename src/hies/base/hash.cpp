#include "hies/base/hash.h"

#include <fmt/format.h>
#include <xxhash.h>

#include "hies/base/error.h"

namespace hies {

struct Hasher::State {
  XXH3_state_t* xxh = XXH3_createState();
  ~State() { XXH3_freeState(xxh); }
};

Hasher::Hasher() : state_(std::make_unique<State>()) {
  check(state_->xxh != nullptr && XXH3_128bits_reset(state_->xxh) == XXH_OK, "no memory for a hash");
}
Hasher::~Hasher() = default;

Hasher& Hasher::update(std::span<const std::byte> bytes) {
  if (!bytes.empty()) check(XXH3_128bits_update(state_->xxh, bytes.data(), bytes.size()) == XXH_OK, "hashing failed");
  return *this;
}

Hasher& Hasher::update(std::string_view text) {
  update(static_cast<std::int64_t>(text.size()));
  return update(std::as_bytes(std::span(text.data(), text.size())));
}

Hasher& Hasher::update(std::int64_t number) {
  std::byte bytes[8];
  for (int i = 0; i < 8; ++i)
    bytes[i] = static_cast<std::byte>(static_cast<std::uint64_t>(number) >> (8 * i));  // little-endian everywhere
  return update(std::span<const std::byte>(bytes));
}

std::string Hasher::hex() const {
  const XXH128_hash_t digest = XXH3_128bits_digest(state_->xxh);
  return fmt::format("{:016x}{:016x}", digest.high64, digest.low64);
}

}  // namespace hies
