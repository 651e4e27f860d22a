#pragma once

#include <string>
#include <string_view>

#include "bundle.h"
#include "hies/base/rng.h"

namespace hies::fuzz {

// Changes one to four things in the files of a bundle. Most changes keep the form of a file (JSON stays JSON, checksums and lengths are
// corrected), so that they reach the code behind the parser. The same bundle and numbers give the same result.
void mutate(Bundle& bundle, Rng& rng);

// The forms. Each changes one thing; what is not of the form is changed as bytes.
void mutate_bytes(std::string& bytes, Rng& rng);
void mutate_text(std::string& text, Rng& rng);   // lines, and cells between tabs or commas
void mutate_json(std::string& text, Rng& rng);   // one value
void mutate_jsonl(std::string& text, Rng& rng);  // one value for each line
void mutate_safetensors(std::string& file, Rng& rng);
void mutate_png(std::string& file, Rng& rng);
void mutate_jpeg(std::string& file, Rng& rng);
void mutate_tar(std::string& file, Rng& rng);

// Returns a number below the bound.
inline std::size_t below(Rng& rng, std::size_t bound) { return static_cast<std::size_t>(rng.below(bound)); }
template <class Range>
auto& any_of(Range& range, Rng& rng) {
  return *std::next(std::begin(range), static_cast<std::ptrdiff_t>(below(rng, std::size(range))));
}

}  // namespace hies::fuzz
