#pragma once

#include "hies/data/task.h"

// One function per file of this folder. A new task is declared here and listed in ../task.cpp.
namespace hies::data {

Task sst2_task();
Task cola_task();
Task mrpc_task();
Task qqp_task();
Task stsb_task();
Task qnli_task();
Task mnli_task();
Task rte_task();
Task classification_task();
Task pair_classification_task();
Task regression_task();
Task perplexity_task();
Task causal_lm_task();
Task hellaswag_task();
Task winogrande_task();
Task arc_easy_task();
Task arc_challenge_task();
Task openbookqa_task();
Task piqa_task();
Task boolq_task();
Task copa_task();
Task mmlu_task();
Task multiple_choice_task();
Task image_classification_task();

}  // namespace hies::data
