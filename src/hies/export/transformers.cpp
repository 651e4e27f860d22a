#include "hies/export/transformers.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/base/suggest.h"
#include "hies/export/spread.h"
#include "hies/export/transformers_form.h"
#include "hies/formats/safetensors_writer.h"
#include "hies/prune/side_files.h"

namespace hies::exports {

void check_options(const TransformersOptions& options) {
  static const std::vector<std::string> kForms = {"auto", "uniform", "padded", "pruned-heads", "per-layer"};
  if (std::find(kForms.begin(), kForms.end(), options.form) == kForms.end())
    throw Error(ErrorKind::bad_input, fmt::format("`form` is '{}', which is none of transformers", printable(options.form)),
                known_names_hint(options.form, kForms));
  formats::parse_byte_size(options.max_shard_size, "`max_shard_size`");
}

TransformersForm write_transformers(const arch::Checkpoint& checkpoint, const TransformersOptions& options,
                                    const std::filesystem::path& folder, Progress& progress) {
  check_options(options);
  const FormPlan plan = plan_form(checkpoint, options.form);
  prune::copy_side_files(checkpoint.folder(), checkpoint.store(), folder, progress);
  prune::write_readme(checkpoint.folder(), "", folder);
  const bool same = plan.config == checkpoint.config();
  write_file(folder / "config.json", same ? read_file(checkpoint.folder() / "config.json") : pretty_python(plan.config), false);
  formats::write_safetensors(folder, spread_tensors(checkpoint, plan.layout),
                             formats::parse_byte_size(options.max_shard_size, "`max_shard_size`"), progress);
  return plan.form;
}

}  // namespace hies::exports
