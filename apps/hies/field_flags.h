#pragma once

#include <string>
#include <string_view>

namespace hies::cli {

// The library names options by their fields, between backquotes; here they become options of the command line.
// Returns "--batch-tokens is 0" for "`batch_tokens` is 0". Anything else between backquotes, like a command, stays as it is.
std::string with_flags(std::string_view text);

}  // namespace hies::cli
