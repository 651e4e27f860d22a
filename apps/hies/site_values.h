#pragma once

#include <string>
#include <vector>

#include "commands.h"

namespace hies::cli {

// Writes values by site as the options that they stand for: "--ratio attention=0.3,ffn=0.5" as --ratio 0.3 --ffn-ratio 0.5,
// "--method attention=hies,ffn=fisher" as --method hies --ffn-method fisher, and, unless it is there, --sites with the sites that are
// named. Other words stay. Throws bad_input for another site and for one that is named twice.
std::vector<std::string> with_site_values(Words words);

}  // namespace hies::cli
