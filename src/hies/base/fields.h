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
// and a visitor gets name, reference and help of each field in order. A struct that holds another one visits its fields with
// nested_fields(). Messages and helps name options by their fields, between backquotes: "`batch_tokens` is 0". Only the program
// knows flags: it writes such a field as the option --batch-tokens.

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "hies/base/json.h"

namespace hies {

// Passes on to `visitor` all fields but those of the names `without`.
template <class V>
struct FieldsWithout {
  V& visitor;
  std::initializer_list<std::string_view> without;
  template <class T>
  void operator()(std::string_view name, T& value, std::string_view help) {
    if (std::find(without.begin(), without.end(), name) == without.end()) visitor(name, value, help);
  }
};

// Visits the fields of `options` but those of the names `without`: fields that the struct around it has in another form.
template <class V, class Options>
void nested_fields(V& visitor, Options& options, std::initializer_list<std::string_view> without = {}) {
  FieldsWithout<V> some{visitor, without};
  Options::fields(some, options);
}

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
