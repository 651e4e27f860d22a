#pragma once

// For the tests of whole sweeps: a small grid on a tiny model.

#include <gtest/gtest.h>

#include <string>

#include "hies/base/test_files.h"
#include "hies/data/test_small_task.h"
#include "hies/sweep/sweep.h"

namespace hies::sweep {

class Sweep : public testing::Test {
 protected:
  Sweep() {
    SweepOptions& options = request.config.options;
    options.execution.threads = 1;
    options.methods = {"random", "his", "hies", "l2", "ad/uniform"};
    options.alphas = {0.5};
    options.ratios = {0.25, 0.5};
    options.seeds = 2;
    options.examples = 2;
    options.random_masks = 2;
    options.heldout = 2;
    options.masks_at_once = 2;
    request.config.runs = {{"tiny", data::SmallTask::model(), "classification", calib, dev}};
  }

  SweepOutcome run(const std::string& name) {
    request.output = folder / name;
    return run_sweep(request);
  }
  std::string records(const std::string& name) const { return read_file(folder / name / evidence::kRecordsFile); }
  Error error_of(const std::string& name) {
    return hies::error_of([&] { run(name); });
  }

  TestFolder folder;
  std::filesystem::path calib = folder.write("train.tsv", data::SmallTask::tsv());
  std::filesystem::path dev = folder.write("dev.tsv",
                                           "text\tlabel\nThe great film\tgood\nis it a movie?\tbad\nThe film!\tfair\n"
                                           "it is great\tgood\na movie\tfair\n");
  SweepRequest request{{}, {}, "0.1.0"};
};

}  // namespace hies::sweep
