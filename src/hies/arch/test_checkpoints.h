#pragma once

// For the tests of checkpoints: golden ones, written again with other names, other config.json, other files beside them.

#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "hies/arch/checkpoint.h"
#include "hies/base/test_files.h"
#include "hies/formats/safetensors_writer.h"

namespace hies::arch {

// Keeps the warnings that the user would see.
struct Warnings : Progress {
  void warn(std::string_view message) override { text += std::string(message) + "\n"; }
  std::string text;
};

class CheckpointTest : public testing::Test {
 protected:
  // Returns the name of a tensor in the new checkpoint; an empty one leaves it out.
  using Rename = std::function<std::string(const std::string& name)>;

  static std::filesystem::path golden(const std::string& name) {
    return std::filesystem::path(HIES_SOURCE_DIR) / "tests/golden" / name / "model";
  }

  // Makes `model` a golden checkpoint whose tensors are renamed.
  void write_model(
      const std::string& name, const Rename& rename = [](const std::string& same) { return same; }) {
    std::filesystem::remove_all(model);
    std::filesystem::create_directories(model);
    std::filesystem::copy(golden(name) / "config.json", model / "config.json");
    const formats::TensorStore store = formats::TensorStore::open(golden(name));
    std::vector<formats::TensorSource> tensors = std::move(more_tensors);
    more_tensors.clear();
    for (const formats::TensorView& view : store.tensors()) {
      if (const std::string stored = rename(view.name); !stored.empty())
        tensors.push_back({stored, view.dtype, view.shape, 0, [&view](const auto& sink) { sink(view.bytes); }});
    }
    formats::write_safetensors(model, tensors, std::uint64_t{1} << 40, silent_progress());
  }

  // Adds a float32 tensor to what write_model() writes next.
  void add_tensor(const std::string& name, std::vector<std::int64_t> shape, float value) {
    std::int64_t count = 1;
    for (const std::int64_t size : shape) count *= size;
    const std::vector<float> values(static_cast<std::size_t>(count), value);
    more_tensors.push_back({name, formats::DType::float32, std::move(shape), 0,
                            [values](const auto& sink) { sink(std::as_bytes(std::span(values))); }});
  }

  void set(const std::string& key, const Json& value) const {
    Json config = read_json(model / "config.json");
    config[key] = value;
    put("config.json", pretty(config));
  }
  void put(const std::string& file, const std::string& content) const { own.write("model/" + file, content); }

  // Returns what the checkpoint is refused with, "kind: message | hint".
  std::string refusal() const {
    const Error error = hies::error_of([&] { Checkpoint::open(model); });
    const std::string_view message = error.what();
    EXPECT_EQ(message.find('\n'), std::string_view::npos) << message;
    const char* kind = error.kind() == ErrorKind::bad_input     ? "bad_input"
                       : error.kind() == ErrorKind::unsupported ? "unsupported"
                                                                : "?";
    return fmt::format("{}: {} | {}", kind, message, error.hint());
  }

  TestFolder own;
  std::filesystem::path model = own / "model";
  std::vector<formats::TensorSource> more_tensors;
};

inline void expect_part(const std::string& text, std::string_view part) {
  EXPECT_NE(text.find(part), std::string::npos) << text << "\nlacks: " << part;
}

}  // namespace hies::arch
