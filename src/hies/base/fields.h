#pragma once

// One description of an options struct gives its CLI flags, --help, stored JSON and range checks. A struct declares its fields
// once:
//
//   struct ScoreOptions {
//     int examples = 32;
//     template <class V> static void fields(V& v, auto& self) {
//       v("examples", self.examples, "calibration examples (rows, images, windows)");
//     }
//   };
//
// and a visitor is called with the name, a reference and the help text of each field, in order. The flag is the name with '-' for
// '_'.

#include <optional>
#include <string_view>

#include "hies/base/json.h"

namespace hies {

// The visitor that writes fields to a JSON object. An optional that is not set becomes null.
struct ToJson {
  Json json = Json::object();
  template <class T>
  void operator()(std::string_view name, const T& value, std::string_view /*help*/) {
    json[std::string(name)] = value;
  }
  template <class T>
  void operator()(std::string_view name, const std::optional<T>& value, std::string_view /*help*/) {
    json[std::string(name)] = value ? Json(*value) : Json();
  }
};

// Returns the resolved options in the form in which output files store them.
template <class Options>
Json options_json(const Options& options) {
  ToJson visitor;
  Options::fields(visitor, options);
  return std::move(visitor.json);
}

}  // namespace hies
