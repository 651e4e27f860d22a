#include "hies/data/images/load.h"

#include <algorithm>
#include <optional>

#include <fmt/ranges.h>

#include "hies/base/error.h"
#include "hies/data/images/set.h"
#include "hies/data/labels.h"
#include "hies/data/selection.h"
#include "hies/image/decode.h"

namespace hies::data {
namespace {

std::string list(const std::vector<std::string>& names) { return printable(fmt::format("{}", fmt::join(names, ", ")), 400); }

// Class folders by the model's names for them, or by their order.
std::vector<double> folder_ids(const ImageSource& source, const LabelReader& reader, const model::ModelSpec& spec,
                               const std::filesystem::path& path, Progress& progress) {
  std::vector<std::string> unknown;
  for (const std::string& name : source.class_folders)
    if (!reader.find(name)) unknown.push_back(name);
  const bool by_order = unknown.size() == source.class_folders.size() && unknown.size() == spec.labels.size();
  if (!unknown.empty() && !by_order)
    throw Error(ErrorKind::bad_input,
                fmt::format("{}: the class folders ({}) are not the model's labels ({})", path.string(),
                            list(source.class_folders), list(spec.labels)),
                "name the folders as label2id of config.json does, or give as many as the model has labels");
  if (by_order)
    progress.warn(
        fmt::format("{}: the class folders ({}) are not named like the model's labels ({}): both are taken in this order",
                    path.string(), list(source.class_folders), list(spec.labels)));
  std::vector<double> ids;
  for (const std::string& label : source.labels) {
    const auto place = std::lower_bound(source.class_folders.begin(), source.class_folders.end(), label);
    ids.push_back(by_order ? static_cast<double>(place - source.class_folders.begin()) : *reader.find(label));
  }
  return ids;
}

// Numbers that the source has names for go by name, where the model knows all of them.
std::vector<double> numbered_ids(const ImageSource& source, const LabelReader& reader) {
  const auto known = [&](const std::string& name) { return reader.find(name).has_value(); };
  const bool by_name = !source.class_names.empty() && std::all_of(source.class_names.begin(), source.class_names.end(), known);
  std::vector<double> ids;
  for (std::size_t i = 0; i < source.labels.size(); ++i) {
    const std::string& label = source.labels[i];
    const auto place = std::find_if(source.class_names.begin(), source.class_names.end(), [&](const std::string& name) {
      return by_name && label == std::to_string(&name - source.class_names.data());
    });
    ids.push_back(reader.read(place == source.class_names.end() ? label : *place, source.names[i]));
  }
  return ids;
}

// Of all images; empty without labels.
std::vector<double> label_ids(const ImageSource& source, const LabelReader& reader, const LoadOptions& options, const Task& task,
                              const model::ModelSpec& spec, const std::filesystem::path& path, Progress& progress) {
  if (task.problem == model::Problem::hidden_states) return {};
  if (source.labels.empty()) {
    if (options.labels != LabelNeed::required) return {};
    throw Error(ErrorKind::bad_input, fmt::format("{}: the images have no labels", path.string()),
                "put them into a folder for each class, or use `loss` pseudo-label or logit-norm, which need none");
  }
  try {
    return source.class_folders.empty() ? numbered_ids(source, reader) : folder_ids(source, reader, spec, path, progress);
  } catch (const Error& error) {
    // A single folder may be just that.
    const bool one_folder = source.class_folders.size() == 1 && options.labels != LabelNeed::required;
    if (options.labels != LabelNeed::if_readable && !one_folder) throw;
    progress.warn(fmt::format("done without labels: {}", error.what()));
    return {};
  }
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
  const LabelReader reader(task, spec);
  const ImageForm form = form_for(processor, options, spec);
  ImageSourcePtr source = open_images(path, task, options, spec.labels.size());
  if (source->size() == 0) bad_input("{} holds no images", path.string());
  const std::vector<double> labels = label_ids(*source, reader, options, task, spec, path, progress);
  std::vector<std::int64_t> chosen = select(source->size(), "images", path, options, progress);
  source->keep(chosen);
  if (options.skip_bad) {
    std::vector<std::string> bad;
    chosen = readable(*source, chosen, form, threads, bad);
    if (chosen.empty()) bad_input("{}: none of {} images can be read; the first: {}", path.string(), bad.size(), bad.front());
    if (!bad.empty())
      progress.warn(fmt::format("{}: {} of {} images are left out, because they cannot be read; the first: {}", path.string(),
                                bad.size(), bad.size() + chosen.size(), bad.front()));
  }

  Dataset dataset;
  dataset.source = path;
  dataset.has_labels = !labels.empty();
  const std::int64_t tokens = spec.vision.tokens(form.size.height, form.size.width);
  dataset.max_length = tokens;
  const auto images = make_image_set(std::move(source), chosen, form, threads);
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    Example& example = dataset.examples.emplace_back();
    example.image = {images, static_cast<std::int64_t>(i)};
    example.image_tokens = tokens;
    example.row = chosen[i] + 1;
    if (dataset.has_labels) example.label = labels[static_cast<std::size_t>(chosen[i])];
  }
  dataset.set_label_range();
  dataset.hash = content_hash(dataset.examples, dataset.has_labels);
  return dataset;
}

}  // namespace hies::data
