#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hies/base/fields.h"
#include "parse_value.h"

namespace hies::cli {

// Returns the option of a field, without its dashes: "min-heads-per-layer" of "min_heads_per_layer".
std::string flag_of(std::string_view field);

// The parts of a command's help besides its options.
struct Usage {
  std::string_view name;     // "hies plan"
  std::string_view summary;  // one line
  std::vector<std::string_view> forms;
  std::vector<std::string_view> examples;
  std::string note = {};  // a paragraph before the example
};

// One option or positional argument, as --help shows it.
struct Argument {
  std::string name;  // "min-heads-per-layer"; of a positional argument "MODEL"
  std::string short_name;
  std::string placeholder;    // "N"; empty for a flag
  std::string default_value;  // empty: --help shows none
  std::string help;
  std::string heading;
  bool positional = false;
  bool optional = false;    // of a positional argument: may be left out
  bool repeatable = false;  // may be given more than once
  bool given = false;
  // Every variable that it sets: one flag may stand for a field of several options structs. Flags get an empty text.
  std::vector<std::function<void(const std::string&)>> setters;
};

// The command line of one command. First declare, then parse(), then work.
class Arguments {
 public:
  Arguments(Usage usage, std::span<const std::string> words) : usage_(std::move(usage)), words_(words) {}

  // Declares words in the order of their declaration. Those that are not optional must be given.
  void positional(std::string_view placeholder, std::string& value, std::string_view help, bool optional = false);

  // Declares the last positional argument, of one word or more.
  void positionals(std::string_view placeholder, std::vector<std::string>& values, std::string_view help);

  // Declares an option whose value --help calls `placeholder`.
  void text(std::string_view name, std::string_view placeholder, std::string& value, std::string_view help);

  // Declares an option that may be given more than once: each text is added to `values`.
  void repeated(std::string_view name, std::string_view placeholder, std::vector<std::string>& values, std::string_view help);

  // Options declared from here on stand under `heading` in --help.
  void heading(std::string_view heading) { heading_ = heading; }

  // Declares the option "--name": `name` may be written with '_'. Declared again, it also sets that variable. Its default is the
  // value that the variable has now.
  template <class T>
  void operator()(std::string_view name, T& value, std::string_view help) {
    Argument& argument = declare(name, placeholder_of(value), shown_default(value), help);
    argument.setters.emplace_back(
        [&value, flag = "--" + argument.name](const std::string& text) { set_value(value, text, flag); });
  }
  // Declares an option for each field of an options struct (base/fields.h), except those in `without`.
  template <class Options>
  void add(Options& options, std::initializer_list<std::string_view> without = {}) {
    nested_fields(*this, options, without);
  }

  // Changes how --help shows an option that was declared before. Empty texts change nothing.
  struct Shown {
    std::string_view placeholder = {}, default_value = {}, help = {}, short_name = {};
  };
  void describe(std::string_view name, const Shown& shown);

  // Sets the variables. Returns false when it has printed the help instead. Throws bad_input for what cannot be understood, and
  // for a positional argument that is missing.
  bool parse();

  bool given(std::string_view name) const;
  // Returns false, too, where the command has no such option.
  bool given_if_declared(std::string_view name) const;
  // Throws bad_input unless the option was given.
  void require(std::string_view name) const;
  // Throws bad_input when both were given.
  void exclude(std::string_view one, std::string_view other) const;
  // Throws bad_input when `one` was given and an option of a field of `options`, except those in `without`, was given, too.
  template <class Options>
  void exclude_fields(std::string_view one, const Options& options, std::initializer_list<std::string_view> without = {}) const {
    Excluder excluder{*this, one};
    nested_fields(excluder, options, without);
  }

 private:
  // Refuses each field's option beside `one`.
  struct Excluder {
    const Arguments& arguments;
    std::string_view one;
    template <class T>
    void operator()(std::string_view name, T& /*value*/, std::string_view /*help*/) {
      arguments.exclude(one, flag_of(name));
    }
  };

  Argument& declare(std::string_view name, std::string placeholder, std::string default_value, std::string_view help);
  const Argument& find(std::string_view name) const;
  void refuse_unknown(const std::vector<std::string>& rest) const;
  std::string help_text(int width) const;

  Usage usage_;
  std::span<const std::string> words_;
  std::string heading_ = "Options";
  std::vector<Argument> arguments_;
};

}  // namespace hies::cli
