#include "hies/data/task.h"

namespace hies::data {

// What is on an image?
Task image_classification_task() {
  return {
      .name = "image-classification",
      .description = "What is on an image? (a folder or tar of class folders, a list of paths, Parquet, IDX, CIFAR)",
      .texts = {{"image", ""}, {"img", ""}, {"path", ""}, {"file", ""}, {"file_name", ""}, {"filename", ""}},
      .label_columns = {"label", "labels", "fine_label", "class", "target"},
      .reading = Reading::images,
      .metrics = {"top1", "top5"},
      .loss = "ce",
  };
}

}  // namespace hies::data
