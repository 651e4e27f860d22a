// The example data is what examples/README.md says: parts that make up the whole, balanced, no sentence twice.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace {

std::vector<std::string> lines_of(const std::string& name) {
  std::ifstream file(std::string(HIES_SOURCE_DIR) + "/examples/" + name);
  EXPECT_TRUE(file) << name;
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    lines.push_back(line);
  }
  return lines;
}

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields;
  size_t begin = 0;
  for (size_t tab; (tab = line.find('\t', begin)) != std::string::npos; begin = tab + 1) {
    fields.push_back(line.substr(begin, tab - begin));
  }
  fields.push_back(line.substr(begin));
  return fields;
}

TEST(Examples, PartsMakeUpTheReviews) {
  const auto all = lines_of("reviews.tsv");
  ASSERT_EQ(all.size(), 1u + 312u);
  EXPECT_EQ(all[0], "sentence\tlabel\tsplit");
  for (const std::string part : {"calibration", "evaluation"}) {
    std::vector<std::string> expected{all[0]};
    for (size_t i = 1; i < all.size(); ++i) {
      if (fields_of(all[i]).back() == part) {
        expected.push_back(all[i]);
      }
    }
    EXPECT_EQ(lines_of("reviews-" + part + ".tsv"), expected) << part;
  }
}

TEST(Examples, ReviewsAreBalancedAndDistinct) {
  std::map<std::pair<std::string, std::string>, int> count;
  std::set<std::string> sentences;
  const auto all = lines_of("reviews.tsv");
  for (size_t i = 1; i < all.size(); ++i) {
    const auto fields = fields_of(all[i]);
    ASSERT_EQ(fields.size(), 3u) << all[i];
    ++count[{fields[2], fields[1]}];
    EXPECT_TRUE(sentences.insert(fields[0]).second) << "twice: " << fields[0];
    EXPECT_EQ(fields[0].find('"'), std::string::npos) << "every TSV dialect must read it alike: " << fields[0];
  }
  const std::map<std::pair<std::string, std::string>, int> expected{
      {{"calibration", "0"}, 104}, {{"calibration", "1"}, 104}, {{"evaluation", "0"}, 52}, {{"evaluation", "1"}, 52}};
  EXPECT_EQ(count, expected);
}

}  // namespace
