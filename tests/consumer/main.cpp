// A program of somebody else's that uses hies: reads a checkpoint's config.json and prints its kind.
#include <cstdio>

#include "hies/base/error.h"
#include "hies/base/json.h"

int main(int argc, char** argv) try {
  if (argc != 2) return 64;
  const std::string file = std::string(argv[1]) + "/config.json";
  std::puts(hies::require<std::string>(hies::read_json(file), "model_type", file).c_str());
  return 0;
} catch (const hies::Error& error) {
  std::fprintf(stderr, "error: %s\n", error.what());
  return hies::exit_code(error.kind());
}
