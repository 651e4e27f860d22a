#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace hies::fuzz {

// The files of one input by their names, in which '/' separates folders.
using Bundle = std::map<std::string, std::string>;

// Converts a bundle to the bytes of one file of a corpus, and back: for each file a line "NAME BYTES", the content, and a line end. What
// is not of this form is left out, names that lead out of a folder too, so that every file of bytes is some bundle.
std::string pack(const Bundle& bundle);
Bundle unpack(std::string_view bytes);

// Reads the files below a folder, those with one of these endings (none: all).
Bundle read_bundle(const std::filesystem::path& folder, std::initializer_list<std::string_view> endings = {});

// A folder that holds one bundle after the other. Only files that differ from the bundle before are written.
class BundleFolder {
 public:
  // `root` must not exist.
  explicit BundleFolder(std::filesystem::path root);
  ~BundleFolder();
  BundleFolder(const BundleFolder&) = delete;
  BundleFolder& operator=(const BundleFolder&) = delete;

  void hold(const Bundle& bundle);
  const std::filesystem::path& input() const noexcept { return input_; }
  // A folder for what is made of the input, empty after hold().
  const std::filesystem::path& output() const noexcept { return output_; }
  // Returns the name of a file that is in the folder, but neither of the bundle nor in output(); empty: there is none.
  std::string stray() const;

 private:
  std::filesystem::path root_, input_, output_;
  Bundle held_;
};

}  // namespace hies::fuzz
