#pragma once

#include "arguments.h"
#include "hies/data/rows.h"
#include "hies/image/decode.h"

namespace hies::cli {

// Describes the defaults of a data file's options that are not values.
inline void describe_load_options(Arguments& arguments) {
  for (const std::string_view column : {"text", "text-pair", "label"})
    arguments.describe(column, {.placeholder = "COLUMN", .default_value = "the task's usual ones"});
  arguments.describe("columns", {.placeholder = "A,B,…"});
  arguments.describe("max-length", {.default_value = "what tokenizer and model allow"});
  arguments.describe("context", {.default_value = "what the model allows, at most 2048"});
  arguments.describe("stride", {.default_value = "the context"});
  arguments.describe("shots", {.default_value = "the task's"});
  arguments.describe("image-size", {.default_value = "what the model reads"});
  arguments.describe("most-pixels", {.default_value = fmt::to_string(image::kMostPixels)});
}

// Declares the options of a data file.
inline void add_load_options(Arguments& arguments, data::LoadOptions& load) {
  arguments.add(load);
  describe_load_options(arguments);
  if (!load.examples) arguments.describe("examples", {.default_value = "all"});
}

}  // namespace hies::cli
