#include "hies/data/images/load.h"

#include <algorithm>
#include <optional>

#include "hies/base/error.h"
#include "hies/data/images/set.h"
#include "hies/data/labelled_rows.h"
#include "hies/data/selection.h"
#include "hies/image/decode.h"

namespace hies::data {
namespace {

// Of all images; none without labels, or where nothing asks for them.
std::optional<LabelColumn> label_column_of(const ImageSource& source, const Task& task, const LoadOptions& options,
                                           const std::filesystem::path& path) {
  if (task.problem == model::Problem::hidden_states) return std::nullopt;
  if (source.labels.empty()) {
    if (options.labels != LabelNeed::required) return std::nullopt;
    throw Error(ErrorKind::bad_input, fmt::format("{}: the images have no labels", path.string()),
                "put them into a folder for each class, or use `loss` pseudo-label or logit-norm, which need none");
  }
  return LabelColumn{.source = source.class_folders.empty() ? path : source.class_root,
                     .name = source.class_folders.empty() ? source.label_name : "the class folders",
                     .type = source.label_type,
                     .folders = source.class_folders,
                     .cells = source.labels,
                     .place = [&source](std::int64_t row) { return source.names[static_cast<std::size_t>(row)]; }};
}

// The chosen images and their labels.
LabelledRows choose_images(const ImageSource& source, const std::filesystem::path& path, const Task& task, LoadOptions options,
                           const model::ModelSpec& spec, Progress& progress) {
  // A single folder may be just that.
  if (source.class_folders.size() == 1 && options.labels == LabelNeed::if_present) options.labels = LabelNeed::if_readable;
  return choose_rows(all_rows(source.size()), "images", path, label_column_of(source, task, options, path), task, options, spec,
                     progress);
}

// Leaves out the images that cannot be read; `bad` gets what is wrong with each.
LabelledRows readable_rows(const ImageSource& source, const LabelledRows& chosen, const ImageForm& form, int threads,
                           std::vector<std::string>& bad) {
  LabelledRows good;
  good.rows = readable(source, chosen.rows, form, threads, bad);
  std::size_t next = 0;  // both are in the same order
  for (std::size_t i = 0; i < chosen.labels.size() && next < good.rows.size(); ++i) {
    if (chosen.rows[i] != good.rows[next]) continue;
    good.labels.push_back(chosen.labels[i]);
    ++next;
  }
  return good;
}

ImageForm form_for(const image::Processor& given, const LoadOptions& options, const model::ModelSpec& spec) {
  const model::VisionSpec& vision = spec.vision;
  ImageForm form;
  form.channels = vision.channels;
  form.most_pixels = options.most_pixels.value_or(image::kMostPixels);
  if (form.most_pixels < 1) bad_input("`most_pixels` is {}, but at least 1 is needed", form.most_pixels);
  if (options.image_size) {
    const std::int64_t side = *options.image_size;
    if (side < std::max(vision.patch_height, vision.patch_width) || side > 1 << 14)
      bad_input("`image_size` is {}, but it must be {} … {}", side, std::max(vision.patch_height, vision.patch_width), 1 << 14);
    if (vision.height != vision.width && side != vision.height)
      unsupported("`image_size` is for models of square images, but this one reads {}×{}", vision.height, vision.width);
    form.processor = given.with_output(static_cast<int>(side));
  } else {
    form.processor = given;
  }
  const image::Size of_model{vision.height, vision.width};
  const std::optional<image::Size> size = form.processor.output_size();
  if (!size && form.processor.do_resize)
    throw Error(ErrorKind::unsupported,
                "preprocessor_config.json resizes the shortest edge and does not crop: images would differ in size",
                "set do_center_crop and crop_size, or give `image_size`");
  form.size = size.value_or(of_model);
  if (form.size != of_model && !options.image_size && !vision.any_size)
    throw Error(ErrorKind::bad_input,
                fmt::format("preprocessor_config.json makes images of {}×{} pixels, but the model reads {}×{}", form.size.height,
                            form.size.width, vision.height, vision.width),
                fmt::format("give `image_size` {} to have the positions interpolated, or `image_size` {}", form.size.height,
                            vision.height));
  return form;
}

}  // namespace

Dataset load_images(const std::filesystem::path& path, const Task& task, const LoadOptions& options, const model::ModelSpec& spec,
                    const image::Processor& processor, int threads, Progress& progress) {
  check_selection(options);
  check_model_fits(task, spec);
  const ImageForm form = form_for(processor, options, spec);
  ImageSourcePtr source = open_images(path, task, options, spec.labels.size());
  if (source->size() == 0) bad_input("{} holds no images", path.string());
  LabelledRows chosen = choose_images(*source, path, task, options, spec, progress);
  source->keep(chosen.rows);
  if (options.skip_bad) {
    std::vector<std::string> bad;
    chosen = readable_rows(*source, chosen, form, threads, bad);
    if (chosen.rows.empty())
      bad_input("{}: none of {} images can be read; the first: {}", path.string(), bad.size(), bad.front());
    if (!bad.empty())
      progress.warn(fmt::format("{}: {} of {} images are left out, because they cannot be read; the first: {}", path.string(),
                                bad.size(), bad.size() + chosen.rows.size(), bad.front()));
  }

  Dataset dataset;
  dataset.source = path;
  dataset.has_labels = !chosen.labels.empty();
  const std::int64_t tokens = spec.vision.tokens(form.size.height, form.size.width);
  dataset.max_length = tokens;
  const auto images = make_image_set(std::move(source), chosen.rows, form, threads);
  for (std::size_t i = 0; i < chosen.rows.size(); ++i) {
    Example& example = dataset.examples.emplace_back();
    example.image = {images, static_cast<std::int64_t>(i)};
    example.image_tokens = tokens;
    example.row = chosen.rows[i] + 1;
    if (dataset.has_labels) example.label = chosen.labels[i];
  }
  dataset.set_label_range();
  dataset.hash = content_hash(dataset.examples, dataset.has_labels);
  return dataset;
}

}  // namespace hies::data
