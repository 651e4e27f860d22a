#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace hies::data {

struct Example {
  std::vector<std::int32_t> ids;       // token ids, special tokens included; at least one
  std::vector<std::int32_t> type_ids;  // 0 for the first text, 1 for the second; as long as ids
  double label = 0;                    // class id of the model, or the number to predict; 0 without labels
  std::int64_t row = 0;                // line of the file, from 1 (row for Parquet)
};

// The chosen examples of a data file, encoded.
struct Dataset {
  std::filesystem::path source;
  std::vector<Example> examples;  // [N] in the chosen order
  bool has_labels = false;
  std::pair<double, double> label_range{0, 0};  // least and greatest label; 0, 0 without labels
  std::string hash;             // of ids, type ids and labels in order: equal data gives equal hashes, whatever the file's format
  std::int64_t truncated = 0;   // examples that were cut to max_length
  std::int64_t max_length = 0;  // that was applied

  std::int64_t size() const noexcept { return static_cast<std::int64_t>(examples.size()); }
  std::int64_t token_count() const noexcept;
};

// The hash that a Dataset carries.
std::string content_hash(const std::vector<Example>& examples, bool with_labels);

}  // namespace hies::data
