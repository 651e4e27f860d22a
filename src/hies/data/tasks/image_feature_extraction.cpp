#include "hies/data/task.h"

namespace hies::data {

// Images for an encoder without a task head. Nothing is predicted or judged.
Task image_feature_extraction_task() {
  return {
      .name = "image-feature-extraction",
      .description = "your own images, for an encoder without a task head: to score and prune it",
      .problem = model::Problem::hidden_states,
      .texts = {{"image", ""}, {"img", ""}, {"path", ""}, {"file", ""}, {"file_name", ""}, {"filename", ""}},
      .input_kind = InputKind::images,
  };
}

}  // namespace hies::data
