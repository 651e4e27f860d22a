// The bytes of an ONNX model, read back field by field. That ONNX's own checker and runtime read them is tests/e2e/test_export_onnx.py's
// matter.

#include "hies/formats/onnx_writer.h"

#include <map>

#include "hies/base/error.h"
#include "hies/formats/test_files.h"

namespace hies::formats {
namespace {

// The fields of a message of Protocol Buffers: numbers as their decimal text.
class Fields {
 public:
  explicit Fields(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::uint64_t tag = varint(bytes);
      const auto field = static_cast<int>(tag >> 3);
      if (tag % 8 == 0) all_.emplace(field, fmt::to_string(static_cast<std::int64_t>(varint(bytes))));
      else add(field, bytes, tag % 8 == 5 ? 4 : varint(bytes));
    }
  }
  std::vector<std::string> each(int field) const {
    std::vector<std::string> values;
    for (auto [at, end] = all_.equal_range(field); at != end; ++at) values.push_back(at->second);
    return values;
  }
  std::string one(int field) const { return all_.count(field) == 1 ? all_.find(field)->second : "not one"; }
  Fields inside(int field, std::size_t index = 0) const { return Fields(each(field).at(index)); }

 private:
  static std::uint64_t varint(std::string_view& bytes) {
    std::uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes.at(0));
      bytes.remove_prefix(1);
      value |= std::uint64_t{byte & 0x7FU} << shift;
      if (byte < 0x80) return value;
    }
  }
  void add(int field, std::string_view& bytes, std::uint64_t size) {
    all_.emplace(field, bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
  std::multimap<int, std::string> all_;
};

using Texts = std::vector<std::string>;

class OnnxWriter : public FolderTest {
 protected:
  static OnnxModel model() {
    OnnxModel made;
    made.name = "graph";
    made.nodes = {
        {"Add", {"x", "small"}, {"y"}, {{"axis", std::int64_t{-1}}, {"alpha", 0.5F}, {"mode", std::string("cubic")}}, "node"},
        {"Gather", {"large", "y"}, {"z"}, {{"perm", std::vector<std::int64_t>{0, 2, 1}}}, {}, "com.example"}};
    made.tensors = {source("small", DType::int64, {2}, std::string(16, 's')),
                    source("large", DType::float32, {300, 1}, std::string(1200, 'l')),
                    source("huge", DType::float16, {40000}, std::string(80000, 'h'))};
    made.inputs = {{"x", DType::int64, {std::string("batch_size"), std::int64_t{300}}}};
    made.outputs = {{"z", DType::float32, {}}};
    made.opsets = {{"", 17}, {"com.example", 1}};
    made.producer = "hies";
    made.producer_version = "1.2";
    made.metadata = {{"key", "value"}};
    return made;
  }
  Fields written(bool external, const OnnxModel& made = model()) const {
    write_onnx(folder / "model.onnx", made, external, silent_progress());
    return Fields(read_file(folder / "model.onnx"));
  }
};

TEST_F(OnnxWriter, ModelAndGraph) {
  const Fields file = written(false);
  EXPECT_EQ(file.one(1), "8");
  EXPECT_EQ(file.one(2), "hies");
  EXPECT_EQ(file.one(3), "1.2");
  EXPECT_EQ(file.inside(8, 0).one(2), "17");
  EXPECT_EQ(file.inside(8, 1).one(1), "com.example");
  EXPECT_EQ(file.inside(14).one(2), "value");
  const Fields graph = file.inside(7);
  EXPECT_EQ(graph.one(2), "graph");
  const Fields type = graph.inside(11).inside(2).inside(1);
  EXPECT_EQ(type.one(1), "7");
  EXPECT_EQ(type.inside(2).inside(1, 0).one(2), "batch_size");
  EXPECT_EQ(type.inside(2).inside(1, 1).one(1), "300");
  EXPECT_EQ(graph.inside(12).one(1), "z");
}

TEST_F(OnnxWriter, NodesAndAttributes) {
  const Fields graph = written(false).inside(7);
  const Fields add = graph.inside(1, 0), gather = graph.inside(1, 1);
  EXPECT_EQ(add.each(1), (Texts{"x", "small"}));
  EXPECT_EQ(add.each(2), Texts{"y"});
  EXPECT_EQ(add.one(3), "node");
  EXPECT_EQ(add.one(4), "Add");
  EXPECT_EQ(add.inside(5, 0).one(1), "axis");
  EXPECT_EQ(add.inside(5, 0).one(3), "-1");
  EXPECT_EQ(add.inside(5, 0).one(20), "2");
  EXPECT_EQ(add.inside(5, 1).one(2), std::string("\0\0\0\x3F", 4));
  EXPECT_EQ(add.inside(5, 1).one(20), "1");
  EXPECT_EQ(add.inside(5, 2).one(4), "cubic");
  EXPECT_EQ(gather.one(7), "com.example");
  EXPECT_EQ(gather.inside(5).each(8), (Texts{"0", "2", "1"}));
  EXPECT_EQ(gather.inside(5).one(20), "7");
}

TEST_F(OnnxWriter, TensorsInTheFile) {
  const Fields graph = written(false).inside(7);
  const Fields large = graph.inside(5, 1);
  EXPECT_EQ(large.each(1), (Texts{"300", "1"}));
  EXPECT_EQ(large.one(2), "1");
  EXPECT_EQ(large.one(8), "large");
  EXPECT_EQ(large.one(9), std::string(1200, 'l'));
  EXPECT_EQ(graph.inside(5, 2).one(2), "10");
  EXPECT_EQ(std::filesystem::file_size(folder / "model.onnx"), onnx_bytes(model()));
  EXPECT_FALSE(std::filesystem::exists(folder / "model.onnx_data"));
}

TEST_F(OnnxWriter, TensorsInAFileBeside) {
  const Fields graph = written(true).inside(7);
  EXPECT_EQ(graph.inside(5, 0).one(9), std::string(16, 's')) << "small ones stay";
  const Fields huge = graph.inside(5, 2);
  EXPECT_EQ(huge.inside(13, 0).one(2), "model.onnx_data");
  EXPECT_EQ(huge.inside(13, 1).one(2), "4096");
  EXPECT_EQ(huge.inside(13, 2).one(2), "80000");
  EXPECT_EQ(huge.one(14), "1");
  const std::string data = read_file(folder / "model.onnx_data");
  EXPECT_EQ(data.substr(0, 1200), std::string(1200, 'l'));
  EXPECT_EQ(data.substr(4096), std::string(80000, 'h'));
}

TEST_F(OnnxWriter, MoreThanOneFileHolds) {
  OnnxModel made = model();
  made.tensors[2] = source("endless", DType::float32, {1 << 20, 1 << 10}, "");
  try {
    written(false, made);
    FAIL();
  } catch (const Error& error) {
    expect_error(error, ErrorKind::bad_input, {"takes 42949", "holds at most 2147483647"});
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder));
}

}  // namespace
}  // namespace hies::formats
