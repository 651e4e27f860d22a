#pragma once

#include <string>
#include <string_view>

namespace hies::cli {

// Help texts of MODEL and --task, for every command that has them.
inline constexpr std::string_view kModelHelp = "a Hugging Face checkpoint directory";
inline constexpr std::string_view kTaskHelp = "task of the model (`hies tasks` lists them)";

// Options of every command: how results are shown.
struct ShowOptions {
  bool json = false;
  bool quiet = false;

  template <class V, class Self>
  static void fields(V& v, Self& self) {
    v("json", self.json, "one JSON document on standard output instead of a table");
    v("quiet", self.quiet, "no progress bar, and no table where a file is written");
  }
};

// Options of every command that writes a result.
struct WriteOptions {
  std::string output;
  bool force = false;

  template <class V, class Self>
  static void fields(V& v, Self& self) {
    v("output", self.output, "where the result is written");
    v("force", self.force, "overwrite what is there");
  }
};

}  // namespace hies::cli
