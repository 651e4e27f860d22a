#pragma once

#include "hies/arch/family.h"

namespace hies::arch {

// One function a file; the registry lists them.
const Family& bert();
const Family& roberta();
const Family& distilbert();
const Family& llama();
const Family& mistral();
const Family& qwen2();
const Family& qwen3();
const Family& gpt2();
const Family& vit();
const Family& deit();
const Family& dinov2();

}  // namespace hies::arch
