// Images from every place that they are read from: class folders, lists, tar files, Parquet, IDX, CIFAR.
#include "../target.h"
#include "arrow_files.h"
#include "hies/base/error.h"
#include "hies/data/images/load.h"
#include "hies/data/images/test_sets.h"
#include "image_files.h"

namespace hies::fuzz {
namespace {

std::string parquet_images() {
  const Bundle images = class_folders();
  const auto files = array_of<arrow::BinaryBuilder, std::string>({images.at("cat/0.jpg"), images.at("dog/2.png")});
  const auto names = array_of<arrow::StringBuilder, std::string>({"0.jpg", "2.png"});
  const auto records = arrow::StructArray::Make({files, names}, std::vector<std::string>{"bytes", "path"}).ValueOrDie();
  const auto labels = array_of<arrow::Int64Builder, std::int64_t>({1, 2});
  const auto metadata = arrow::key_value_metadata(
      {"huggingface"}, {R"({"info":{"features":{"label":{"names":["tree frog","cat","dog"],"_type":"ClassLabel"}}}})"});
  return parquet_of(*arrow::Table::Make(
      arrow::schema({arrow::field("img", records->type()), arrow::field("label", labels->type())}, metadata), {records, labels}));
}

std::vector<Bundle> image_set_seeds() {
  Bundle folders, list = class_folders();
  for (const auto& [name, content] : class_folders()) folders["set/" + name] = content;
  list["list.csv"] = "label,image\n0,cat/0.jpg\ntree frog,tree-frog/3.png\n";
  list["list.jsonl"] = "{\"path\":\"dog/2.png\",\"label\":\"dog\"}\n{\"path\":\"cat/1.png\",\"label\":0}\n";
  const Bundle idx = {{"t-images-idx3-ubyte", idx_of({0x0803, 2, 12, 12}, 288)}, {"t-labels-idx1-ubyte", idx_of({0x0801, 2}, 2)}};
  Bundle packed = idx;
  packed["t-images-idx3-ubyte.gz"] = gzip_of(idx.at("t-images-idx3-ubyte"));
  packed["t-labels-idx1-ubyte.gz"] = gzip_of(idx.at("t-labels-idx1-ubyte"));
  return {folders,
          list,
          idx,
          packed,
          {{"a.tar", tar_of(class_folders())}},
          {{"a.tar.gz", gzip_of(tar_of(class_folders()))}},
          {{"a.parquet", parquet_images()}},
          {{"test_batch.bin", idx_of({}, 2 * 3073)}, {"batches.meta.txt", "cat\ndog\ntree frog\n"}},
          {{"test.bin", idx_of({}, 2 * 3074)}, {"fine_label_names.txt", "cat\ndog\ntree frog\n"}}};
}

void look_at(const std::filesystem::path& place) {
  data::LoadOptions options;
  options.order = "file";
  options.most_pixels = 1 << 20;
  options.skip_bad = true;
  options.labels = data::LabelNeed::if_present;
  const data::Dataset dataset = data::load_images(place, data::task("image-classification"), options, data::image_spec(),
                                                  image::usual_processor("vit", {12, 12}), 1, silent_progress());
  const model::ImageLoader& images = *dataset.examples.front().image.from;
  std::vector<std::int64_t> indices;
  for (std::int64_t i = 0; i < std::min<std::int64_t>(dataset.size(), 20); ++i) indices.push_back(i);
  std::vector<float> pixels(indices.size() * static_cast<std::size_t>(images.shape().numbers()));
  images.write(indices, pixels);
}

void read_image_sets(const std::filesystem::path& input, const std::filesystem::path& /*output*/) {
  bool read = false;
  std::vector<std::filesystem::path> places = {input};
  for (const auto& entry : std::filesystem::directory_iterator(input)) places.push_back(entry.path());
  for (const auto& place : places) {
    try {
      look_at(place);
      read = true;
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::internal) throw;
    }
  }
  if (!read) bad_input("nothing of it is read");
}

}  // namespace

Target image_set_target() { return {"image_set", image_set_seeds, read_image_sets}; }

}  // namespace hies::fuzz
