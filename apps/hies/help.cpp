// The layout of a command's --help.
#include <fmt/format.h>

#include <algorithm>

#include "arguments.h"
#include "field_flags.h"
#include "text_layout.h"

namespace hies::cli {
namespace {

constexpr int kHelpIndent = 26;  // columns of the options' names

std::string name_column(const Argument& argument) {
  if (argument.positional) return "  " + argument.name;
  std::string text =
      argument.short_name.empty() ? "  --" + argument.name : fmt::format("  -{}, --{}", argument.short_name, argument.name);
  if (!argument.placeholder.empty()) text += " " + argument.placeholder;
  return text;
}

std::string help_line(const Argument& argument, int width) {
  std::string help = with_flags(argument.help);
  if (!argument.default_value.empty()) help += fmt::format(" (default: {})", argument.default_value);
  std::string left = name_column(argument);
  std::string lines;
  if (display_width(left) + 2 > kHelpIndent) {
    lines = left + "\n";
    left.clear();
  }
  left.append(static_cast<std::size_t>(kHelpIndent - display_width(left)), ' ');
  const std::string indent(kHelpIndent, ' ');
  std::string_view lead = left;
  for (const std::string& line : wrap(help, width - kHelpIndent)) {
    lines += fmt::format("{}{}\n", lead, line);
    lead = indent;
  }
  return lines;
}

}  // namespace

std::string Arguments::help_text(int width) const {
  std::string text = fmt::format("{}: {}\n\n", usage_.name, usage_.summary);
  std::string_view lead = "usage: ";
  for (const std::string_view form : usage_.forms) {
    text += fmt::format("{}{}\n", lead, form);
    lead = "       ";
  }
  text += "\n";
  std::string heading;
  for (const Argument& argument : arguments_) {
    if (argument.heading != heading) {
      heading = argument.heading;
      text += fmt::format("\n{}:\n", heading);
    }
    text += help_line(argument, width);
  }
  if (!usage_.note.empty()) {
    text += "\n";
    for (const std::string& line : wrap(usage_.note, width)) text += line + "\n";
  }
  // A line that does not begin with the program continues the one before.
  const auto examples = std::count_if(usage_.examples.begin(), usage_.examples.end(),
                                      [](std::string_view line) { return line.starts_with("hies "); });
  text += examples == 1 ? "\nExample:\n" : "\nExamples:\n";
  for (const std::string_view example : usage_.examples) text += fmt::format("  {}\n", example);
  return text;
}

}  // namespace hies::cli
