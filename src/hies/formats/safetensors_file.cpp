#include "hies/formats/safetensors_file.h"

#include <algorithm>
#include <array>
#include <limits>
#include <unordered_set>

#include <fmt/ranges.h>

#include "hies/base/error.h"
#include "hies/base/json.h"
#include "hies/base/lfs_pointer.h"

// The format (https://huggingface.co/docs/safetensors): 8 bytes with the length N of the header (little-endian), N bytes of JSON
// {"name": {"dtype", "shape", "data_offsets": [begin, end]}, "__metadata__": {…}}, then the bytes of all tensors without gaps.

namespace hies::formats {
namespace {

// Not base's Json, whose objects find a key by linear search: a file may have a hundred thousand tensors.
using Header = nlohmann::json;

std::uint64_t little_endian(std::span<const std::byte, 8> bytes) {
  std::uint64_t value = 0;
  for (int i = 7; i >= 0; --i) value = value << 8 | std::to_integer<std::uint64_t>(bytes[static_cast<std::size_t>(i)]);
  return value;
}

Header parse_header(std::string_view text, const std::string& path) {
  std::unordered_set<std::string> names;
  const auto watch = [&](int depth, Header::parse_event_t event, Header& parsed) {
    if (depth > kMaxJsonDepth)
      bad_input("{}: the header has more than {} lists and objects inside one another", path, kMaxJsonDepth);
    if (event == Header::parse_event_t::key && depth == 1 && !names.insert(parsed.get<std::string>()).second)
      bad_input("{} has the tensor '{}' twice", path, printable(parsed.get<std::string>()));
    return true;
  };
  try {
    Header header = Header::parse(text.begin(), text.end(), watch);
    if (!header.is_object()) bad_input("{}: the header is {}, not a JSON object", path, header.type_name());
    return header;
  } catch (const Header::parse_error& error) {
    bad_input("{}: the header is not valid JSON (byte {} of {})", path, error.byte, text.size());
  } catch (const Header::exception& error) {
    bad_input("{}: the header is not valid JSON: {}", path, printable(error.what(), 120));
  }
}

std::string shown(const Header& value) { return printable(value.dump(-1, ' ', false, Header::error_handler_t::replace), 60); }

// One entry of the header. `where` is "tensor 'x' of FILE".
class HeaderEntry {
 public:
  HeaderEntry(const Header& json, std::string where) : json_(json), where_(std::move(where)) {
    if (!json.is_object()) bad_input("{}: expected a JSON object, found {}", where_, shown(json));
  }

  DType dtype() const {
    const Header& value = member("dtype");
    if (!value.is_string()) bad_input("{}: dtype must be a string, found {}", where_, shown(value));
    const auto& name = value.get_ref<const std::string&>();
    if (const auto known = dtype_from_stored_name(name)) return *known;
    // Dtypes of safetensors that DType does not have: complex numbers, and floats of less than a byte or without a sign.
    constexpr std::array<std::string_view, 5> kOthers = {"C64", "F4", "F6_E2M3", "F6_E3M2", "F8_E8M0"};
    if (std::find(kOthers.begin(), kOthers.end(), name) != kOthers.end())
      throw Error(ErrorKind::unsupported, fmt::format("{}: dtype {} is not supported", where_, name),
                  "convert the checkpoint to float16, bfloat16 or float32");
    bad_input("{}: unknown dtype '{}'", where_, printable(name));
  }

  std::vector<std::int64_t> shape() const {
    const Header& value = member("shape");
    if (!value.is_array()) bad_input("{}: shape must be a list of sizes, found {}", where_, shown(value));
    std::vector<std::int64_t> sizes;
    for (const Header& size : value) {
      if (!size.is_number_unsigned() || size.get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max())
        bad_input("{}: shape {} has the size {}", where_, shown(value), shown(size));
      sizes.push_back(size.get<std::int64_t>());
    }
    return sizes;
  }

  std::pair<std::uint64_t, std::uint64_t> offsets() const {
    const Header& value = member("data_offsets");
    if (!value.is_array() || value.size() != 2 || !value[0].is_number_unsigned() || !value[1].is_number_unsigned())
      bad_input("{}: data_offsets must be [begin, end], found {}", where_, shown(value));
    return {value[0].get<std::uint64_t>(), value[1].get<std::uint64_t>()};
  }

  const std::string& where() const noexcept { return where_; }

 private:
  const Header& member(const char* key) const {
    const auto found = json_.find(key);
    if (found == json_.end()) bad_input("{}: {} is missing", where_, key);
    return *found;
  }

  const Header& json_;
  std::string where_;
};

std::uint64_t byte_count(const std::vector<std::int64_t>& shape, DType dtype, const std::string& where) {
  std::uint64_t bytes = element_bytes(dtype);
  for (const std::int64_t size : shape) {
    if (__builtin_mul_overflow(bytes, static_cast<std::uint64_t>(size), &bytes) ||
        bytes > std::numeric_limits<std::int64_t>::max())
      bad_input("{}: shape [{}] is too large", where, fmt::join(shape, ", "));
  }
  return bytes;
}

TensorView read_entry(const std::string& name, const Header& json, const MappedFile& file, std::span<const std::byte> data) {
  const HeaderEntry entry(json, fmt::format("tensor '{}' of {}", printable(name), file.path().string()));
  TensorView view;
  view.name = name;
  view.dtype = entry.dtype();
  view.shape = entry.shape();
  const std::uint64_t needed = byte_count(view.shape, view.dtype, entry.where());
  const auto [begin, end] = entry.offsets();
  if (begin > end || end > data.size())
    bad_input("{}: data_offsets [{}, {}] reach out of the file's {} data bytes", entry.where(), begin, end, data.size());
  if (end - begin != needed)
    bad_input("{}: data_offsets [{}, {}] are {} bytes, but shape [{}] of {} needs {}", entry.where(), begin, end, end - begin,
              fmt::join(view.shape, ", "), display_name(view.dtype), needed);
  view.bytes = data.subspan(begin, needed);
  view.mapping = &file;
  return view;
}

// Throws bad_input unless every data byte belongs to exactly one tensor.
void check_layout(const std::vector<TensorView>& tensors, std::span<const std::byte> data, const std::string& path) {
  std::size_t reached = 0;
  std::string before;
  for (const TensorView& tensor : tensors) {
    const auto begin = static_cast<std::size_t>(tensor.bytes.data() - data.data());
    if (begin < reached)
      bad_input("{}: the tensors '{}' and '{}' overlap at data byte {}", path, printable(before), printable(tensor.name), begin);
    if (begin > reached)
      bad_input("{}: data bytes {} to {} before tensor '{}' belong to no tensor", path, reached, begin, printable(tensor.name));
    reached = begin + tensor.bytes.size();
    before = tensor.name;
  }
  if (reached != data.size()) bad_input("{}: data bytes {} to {} belong to no tensor", path, reached, data.size());
}

}  // namespace

std::vector<TensorView> read_safetensors(const MappedFile& file) {
  const std::string path = file.path().string();
  const auto bytes = file.bytes();
  refuse_lfs_pointer({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path);
  if (bytes.size() < 8)
    bad_input("{} is truncated: {} bytes, a safetensors file begins with 8 bytes of length", path, bytes.size());
  const std::uint64_t length = little_endian(bytes.first<8>());
  if (length > kMaxHeaderBytes)
    bad_input("{}: header length {} is absurd (at most {}): not a safetensors file", path, length, kMaxHeaderBytes);
  if (length > bytes.size() - 8)
    bad_input("{} is truncated: its header has {} bytes, the file {} after the length", path, length, bytes.size() - 8);
  const auto text = bytes.subspan(8, length);
  const auto data = bytes.subspan(8 + length);
  const Header header = parse_header({reinterpret_cast<const char*>(text.data()), text.size()}, path);

  std::vector<TensorView> tensors;
  for (const auto& [name, json] : header.items()) {
    if (name == "__metadata__") {
      if (!json.is_object()) bad_input("{}: __metadata__ must be an object, found {}", path, shown(json));
    } else {
      tensors.push_back(read_entry(name, json, file, data));
    }
  }
  // An empty tensor comes before the one that begins at the same byte.
  std::stable_sort(tensors.begin(), tensors.end(), [](const TensorView& a, const TensorView& b) {
    return a.bytes.data() != b.bytes.data() ? a.bytes.data() < b.bytes.data() : a.bytes.size() < b.bytes.size();
  });
  check_layout(tensors, data, path);
  return tensors;
}

}  // namespace hies::formats
