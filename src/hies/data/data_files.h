#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace hies::data {

// The files of one table.
struct DataFiles {
  std::vector<std::filesystem::path> files;  // in the order of their names; at least one
  std::vector<std::string> members;          // of the JSON object in the only file: "sst2" of dev.json/sst2
};

// Returns the files that the path of a table names:
//   a file          itself
//   FILE.json/NAME  a member of the object in a file; NAME may be several names with '/' between
//   a folder        its .tsv, .csv, .jsonl, .json or .parquet files, if they are of one kind and of one split
//   FOLDER/SPLIT    those whose names begin with SPLIT and go on with a shard's number: train-00000-of-00002.parquet
// Hidden files are left out, and so are the descriptions that the `datasets` library puts beside data. Does not look whether a
// single file exists. Throws bad_input for a folder without such files, of several kinds or splits, or that lacks a shard.
DataFiles find_data_files(const std::filesystem::path& path);

// Returns the extension with its dot, in small letters.
std::string lower_extension(const std::filesystem::path& path);

}  // namespace hies::data
