#include "arguments.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "hies/base/error.h"
#include "hies/base/suggest.h"
#include "terminal.h"

namespace hies::cli {
namespace {

std::string shown(const Argument& argument) { return argument.positional ? argument.name : "--" + argument.name; }

// Sets the argument's variables from the words of the command line.
bool accept(Argument& argument, const std::vector<std::string>& results) {
  if (results.size() > 1 && !argument.repeatable) bad_input("{} is given {} times", shown(argument), results.size());
  argument.given = true;
  for (const std::string& result : results)
    for (const auto& set : argument.setters) set(result);
  return true;
}

}  // namespace

std::string flag_of(std::string_view field) {
  std::string flag(field);
  std::replace(flag.begin(), flag.end(), '_', '-');
  return flag;
}

void Arguments::positional(std::string_view placeholder, std::string& value, std::string_view help, bool optional) {
  Argument& argument = declare(placeholder, "", "", help);
  argument.positional = true;
  argument.optional = optional;
  argument.heading.clear();
  argument.setters.emplace_back([&value](const std::string& text) { value = text; });
}

void Arguments::positionals(std::string_view placeholder, std::vector<std::string>& values, std::string_view help) {
  Argument& argument = declare(placeholder, "", "", help);
  argument.positional = true;
  argument.repeatable = true;
  argument.heading.clear();
  argument.setters.emplace_back([&values](const std::string& text) { values.emplace_back(text); });
}

void Arguments::repeated(std::string_view name, std::string_view placeholder, std::vector<std::string>& values,
                         std::string_view help) {
  Argument& argument = declare(name, std::string(placeholder), "", help);
  argument.repeatable = true;
  argument.setters.emplace_back([&values](const std::string& text) { values.emplace_back(text); });
}

Argument& Arguments::declare(std::string_view name, std::string placeholder, std::string default_value, std::string_view help) {
  const std::string flag = flag_of(name);
  const auto known = std::find_if(arguments_.begin(), arguments_.end(), [&](const Argument& a) { return a.name == flag; });
  if (known != arguments_.end()) return *known;
  Argument& argument = arguments_.emplace_back();
  argument.name = flag;
  argument.placeholder = std::move(placeholder);
  argument.default_value = std::move(default_value);
  argument.help = help;
  argument.heading = heading_;
  return argument;
}

const Argument& Arguments::find(std::string_view name) const {
  const auto found = std::find_if(arguments_.begin(), arguments_.end(), [&](const Argument& a) { return a.name == name; });
  check(found != arguments_.end(), fmt::format("no option --{}", name));
  return *found;
}

void Arguments::text(std::string_view name, std::string_view placeholder, std::string& value, std::string_view help) {
  (*this)(name, value, help);
  describe(name, {.placeholder = placeholder});
}

void Arguments::describe(std::string_view name, const Shown& shown) {
  Argument& argument = const_cast<Argument&>(find(name));
  if (!shown.placeholder.empty()) argument.placeholder = shown.placeholder;
  if (!shown.default_value.empty()) argument.default_value = shown.default_value;
  if (!shown.help.empty()) argument.help = shown.help;
  if (!shown.short_name.empty()) argument.short_name = shown.short_name;
}

bool Arguments::given(std::string_view name) const { return find(name).given; }

bool Arguments::given_if_declared(std::string_view name) const {
  return std::any_of(arguments_.begin(), arguments_.end(), [&](const Argument& a) { return a.name == name && a.given; });
}

void Arguments::require(std::string_view name) const {
  if (!given(name))
    throw Error(ErrorKind::bad_input, fmt::format("--{} is missing", name), fmt::format("see `{} --help`", usage_.name));
}

void Arguments::exclude(std::string_view one, std::string_view other) const {
  if (given(one) && given(other)) bad_input("--{} and --{} exclude each other", one, other);
}

void Arguments::refuse_unknown(const std::vector<std::string>& rest) const {
  if (rest.empty()) return;
  const auto option = std::find_if(rest.begin(), rest.end(), [](const std::string& word) { return word.starts_with('-'); });
  if (option == rest.end())
    throw Error(ErrorKind::bad_input, fmt::format("unexpected argument '{}'", printable(rest.front())),
                fmt::format("usage: {}", usage_.forms.front()));
  const std::string word = option->substr(0, option->find('='));
  std::vector<std::string> flags{"--help"};
  for (const Argument& argument : arguments_)
    if (!argument.positional) flags.push_back("--" + argument.name);
  const std::string near = nearest(word, flags);
  throw Error(ErrorKind::bad_input, fmt::format("unknown option '{}'", printable(word)),
              near.empty() ? fmt::format("`{} --help` lists the options", usage_.name) : fmt::format("did you mean '{}'?", near));
}

bool Arguments::parse() {
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  bool help = false;
  app.add_flag("-h,--help", help);
  for (Argument& argument : arguments_) {
    const auto set = [&argument](const std::vector<std::string>& results) { return accept(argument, results); };
    const std::string names =
        argument.short_name.empty() ? "--" + argument.name : "-" + argument.short_name + ",--" + argument.name;
    CLI::Option* option = app.add_option(argument.positional ? argument.name : names, set);
    option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    if (argument.positional && argument.repeatable) option->expected(-1);
    if (!argument.positional && argument.placeholder.empty()) option->type_size(0);
  }
  // CLI11 takes the words from the back.
  std::vector<std::string> words(words_.rbegin(), words_.rend());
  // --help is shown whatever is wrong with the rest of the line.
  if (std::find(words.begin(), words.end(), "--help") != words.end() ||
      std::find(words.begin(), words.end(), "-h") != words.end()) {
    print_out(help_text(output_width()));
    return false;
  }
  try {
    app.parse(words);
  } catch (const CLI::ArgumentMismatch&) {
    // The only word that can lack its value is the last one.
    throw Error(ErrorKind::bad_input, fmt::format("{} needs a value", printable(words_.back())),
                fmt::format("see `{} --help`", usage_.name));
  } catch (const CLI::ParseError& error) {
    throw Error(ErrorKind::bad_input, printable(error.what(), 300), fmt::format("see `{} --help`", usage_.name));
  }
  refuse_unknown(app.remaining());
  for (const Argument& argument : arguments_) {
    if (argument.positional && !argument.optional && !argument.given)
      throw Error(ErrorKind::bad_input, fmt::format("{} is missing", argument.name),
                  fmt::format("usage: {}", usage_.forms.front()));
  }
  return true;
}

}  // namespace hies::cli
