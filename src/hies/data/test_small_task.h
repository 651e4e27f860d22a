#pragma once

// For tests: the texts of tests/golden/bert-tiny as a data file.

#include <filesystem>
#include <string>
#include <vector>

#include "hies/base/json.h"

namespace hies::data {

struct SmallTask {
  struct Row {
    std::string text;
    std::string label;  // "bad", "fair" or "good"
  };

  static std::filesystem::path model() { return HIES_SOURCE_DIR "/tests/golden/bert-tiny/model"; }
  static const std::vector<Row>& rows() {
    static const std::vector<Row> rows = {
        {"The film is great!", "good"},
        {"A film", "fair"},
        {"The movie!", "bad"},
        {"a great, great movie", "good"},
        {"The film is a film", "bad"},
        {"Is it?", "fair"},
        {"the movie is the film!", "bad"},
        {"great", "good"},
    };
    return rows;
  }
  static std::string tsv() {
    std::string text = "text\tlabel\n";
    for (const Row& row : rows()) text += row.text + "\t" + row.label + "\n";
    return text;
  }
  static std::string csv() {
    std::string text = "text,label\r\n";
    for (const Row& row : rows()) text += "\"" + row.text + "\"," + row.label + "\r\n";
    return text;
  }
  static std::string jsonl() {
    std::string text;
    for (const Row& row : rows()) text += Json{{"text", row.text}, {"label", row.label}}.dump() + "\n";
    return text;
  }
};

}  // namespace hies::data
