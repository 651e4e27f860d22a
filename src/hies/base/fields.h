#pragma once

// One description of an options struct serves the CLI flag, --help, the stored JSON and the check of ranges.
// A struct says, once:
//
//   struct ScoreOptions {
//     int examples = 32;
//     template <class V> static void fields(V& v, auto& self) {
//       v("examples", self.examples, "calibration examples (rows, images, windows)");
//     }
//   };
//
// and a visitor gets name, reference and help of each field in order. The flag is the name with '_' written as '-'.

#include <optional>
#include <string_view>

#include "hies/base/json.h"

namespace hies {

struct ToJson {
  Json json = Json::object();
  template <class T>
  void operator()(std::string_view name, const T& value, std::string_view /*help*/) {
    json[std::string(name)] = value;
  }
  // An option that was not set is null.
  template <class T>
  void operator()(std::string_view name, const std::optional<T>& value, std::string_view /*help*/) {
    json[std::string(name)] = value ? Json(*value) : Json();
  }
};

// The resolved options as they are stored in every artefact.
template <class Options>
Json options_json(const Options& options) {
  ToJson visitor;
  Options::fields(visitor, options);
  return std::move(visitor.json);
}

}  // namespace hies
