#pragma once

// One description of a struct that files hold as a JSON object serves writing and reading. A struct says, once:
//
//   struct Cost {
//     std::int64_t parameters = 0;
//     double removed = 0;
//     template <class V, class Self>
//     static void fields(V& v, Self& self) {
//       v("parameters", self.parameters);
//       v("removed", self.removed, stored::Share{});
//     }
//   };
//
// to_stored() writes the fields in that order, from_stored() reads them. A field may be text, a bool, a count (std::int64_t,
// not negative), a finite double, a struct of this kind, named numbers, or a std::optional of these, null where it is not set.
// A third argument, the form, says how a field is written that none of this fits.

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "hies/base/error.h"
#include "hies/base/json.h"
#include "hies/base/json_node.h"

namespace hies {

namespace stored {

// Numbers with names, in their order: a JSON object.
using NamedNumbers = std::vector<std::pair<std::string, double>>;

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};

// Returns `value`. Throws bad_input that names `path` where it is not finite: JSON has no such numbers.
double finite(double value, const std::string& path);

template <class T>
Json write(const T& value, const std::string& path);
template <class T>
void read(const JsonNode& parent, std::string_view name, T& value);

// The form of every field that names none.
struct Plain {
  template <class T>
  static Json write(const T& value, const std::string& path) {
    return stored::write(value, path);
  }
  template <class T>
  static void read(const JsonNode& parent, std::string_view name, T& value) {
    stored::read(parent, name, value);
  }
};

// A number 0 … 1, or an optional one.
struct Share : Plain {
  template <class T>
  static void read(const JsonNode& parent, std::string_view name, T& value) {
    stored::read(parent, name, value);
    const std::optional<double> share = value;
    if (share && !(*share >= 0 && *share <= 1)) parent.member(name).fail(fmt::format("is {}, but it is a share 0 … 1", *share));
  }
};

// Text that is null where it is empty.
struct NullIfEmpty {
  static Json write(const std::string& value, const std::string& /*path*/) { return value.empty() ? Json() : Json(value); }
  static void read(const JsonNode& parent, std::string_view name, std::string& value) {
    value = parent.holds(name) ? parent.member(name).text() : std::string();
  }
};

class Writer {
 public:
  explicit Writer(std::string path) : path_(std::move(path)) {}

  template <class T, class Form = Plain>
  void operator()(std::string_view name, const T& value, const Form& = {}) {
    json[std::string(name)] = Form::write(value, path_.empty() ? std::string(name) : fmt::format("{}.{}", path_, name));
  }

  Json json = Json::object();

 private:
  std::string path_;
};

class Reader {
 public:
  explicit Reader(const JsonNode& node) : node_(node) {}

  template <class T, class Form = Plain>
  void operator()(std::string_view name, T& value, const Form& = {}) {
    Form::read(node_, name, value);
  }

 private:
  const JsonNode& node_;
};

template <class T>
Json write(const T& value, const std::string& path) {
  if constexpr (IsOptional<T>::value) {
    return value ? write(*value, path) : Json();
  } else if constexpr (std::is_same_v<T, double>) {
    return finite(value, path);
  } else if constexpr (std::is_same_v<T, NamedNumbers>) {
    Json json = Json::object();
    for (const auto& [name, number] : value) json[name] = finite(number, fmt::format("{}.{}", path, name));
    return json;
  } else if constexpr (std::is_same_v<T, std::string> || std::is_arithmetic_v<T>) {
    return value;
  } else {
    Writer writer(path);
    T::fields(writer, value);
    return std::move(writer.json);
  }
}

template <class T>
void read(const JsonNode& parent, std::string_view name, T& value) {
  if constexpr (IsOptional<T>::value) {
    value.reset();
    if (parent.holds(name)) read(parent, name, value.emplace());
  } else {
    const JsonNode node = parent.member(name);
    if constexpr (std::is_same_v<T, bool>) value = node.flag();
    else if constexpr (std::is_same_v<T, std::int64_t>) value = node.count();
    else if constexpr (std::is_same_v<T, double>) value = node.number();
    else if constexpr (std::is_same_v<T, std::string>) value = node.text();
    else if constexpr (std::is_same_v<T, NamedNumbers>) {
      value.clear();
      for (const auto& [key, number] : node.object().items()) value.emplace_back(key, node.member(key).number());
    } else {
      Reader reader(node);
      T::fields(reader, value);
    }
  }
}

}  // namespace stored

// Returns the JSON object of a struct. Throws bad_input that names the first number that is not finite.
template <class Struct>
Json to_stored(const Struct& value) {
  return stored::write(value, "");
}

// Returns the struct that `node` holds. Throws bad_input that names the file, the key and what is wrong.
template <class Struct>
Struct from_stored(const JsonNode& node) {
  Struct value;
  stored::Reader reader(node);
  Struct::fields(reader, value);
  return value;
}

}  // namespace hies
