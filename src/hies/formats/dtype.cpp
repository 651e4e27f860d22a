#include "hies/formats/dtype.h"

#include <array>

namespace hies::formats {
namespace {

struct Entry {
  DType dtype;
  std::size_t bytes;
  std::string_view stored;
  std::string_view display;
};

// In the order of DType, so that a type is its own index.
constexpr std::array kTypes = {
    Entry{DType::boolean, 1, "BOOL", "bool"},
    Entry{DType::uint8, 1, "U8", "uint8"},
    Entry{DType::int8, 1, "I8", "int8"},
    Entry{DType::uint16, 2, "U16", "uint16"},
    Entry{DType::int16, 2, "I16", "int16"},
    Entry{DType::uint32, 4, "U32", "uint32"},
    Entry{DType::int32, 4, "I32", "int32"},
    Entry{DType::uint64, 8, "U64", "uint64"},
    Entry{DType::int64, 8, "I64", "int64"},
    Entry{DType::float8_e4m3, 1, "F8_E4M3", "float8_e4m3"},
    Entry{DType::float8_e5m2, 1, "F8_E5M2", "float8_e5m2"},
    Entry{DType::float16, 2, "F16", "float16"},
    Entry{DType::bfloat16, 2, "BF16", "bfloat16"},
    Entry{DType::float32, 4, "F32", "float32"},
    Entry{DType::float64, 8, "F64", "float64"},
};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kTypes.size(); ++i)
    if (static_cast<std::size_t>(kTypes[i].dtype) != i) return false;
  return true;
}
static_assert(in_order());

const Entry& entry(DType dtype) noexcept { return kTypes[static_cast<std::size_t>(dtype)]; }

}  // namespace

std::size_t element_bytes(DType dtype) noexcept { return entry(dtype).bytes; }
std::string_view stored_name(DType dtype) noexcept { return entry(dtype).stored; }
std::string_view display_name(DType dtype) noexcept { return entry(dtype).display; }

std::optional<DType> dtype_from_stored_name(std::string_view name) noexcept {
  for (const Entry& type : kTypes)
    if (type.stored == name) return type.dtype;
  return std::nullopt;
}

bool is_floating(DType dtype) noexcept {
  return dtype == DType::float16 || dtype == DType::bfloat16 || dtype == DType::float32 || dtype == DType::float64;
}

}  // namespace hies::formats
