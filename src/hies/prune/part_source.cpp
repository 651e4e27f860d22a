#include <algorithm>
#include <array>
#include <functional>

#include "hies/base/files.h"
#include "hies/formats/float_conversion.h"
#include "hies/prune/unit_cuts.h"

namespace hies::prune {
namespace {

using Sink = std::function<void(std::span<const std::byte>)>;

constexpr std::size_t kPiece = std::size_t{8} << 20;  // bytes; a multiple of every element's size
constexpr std::size_t kAhead = 4 * kPiece;

void send_zeros(const Sink& sink, std::size_t count) {
  constexpr std::array<std::byte, 4096> kZeros{};
  while (count > 0) {
    const std::size_t piece = std::min(count, kZeros.size());
    sink(std::span(kZeros).first(piece));
    count -= piece;
  }
}

// Tensors are sent in the order of their file: what comes kAhead after `place` is needed soon, whichever tensor's it is.
void read_ahead(const MappedFile& file, const std::byte* place) {
  const std::span<const std::byte> bytes = file.bytes();
  const std::size_t at = static_cast<std::size_t>(place - bytes.data()) + kAhead;
  if (at < bytes.size()) file.read_ahead(bytes.subspan(at, std::min(kPiece, bytes.size() - at)));
}

// What of a tensor's bytes goes to the sink.
class Part {
 public:
  Part(const formats::TensorView& view, Cut cut) : view_(view), cut_(std::move(cut)) {
    const auto axis = static_cast<std::size_t>(cut_.axis);
    for (std::size_t i = axis + 1; i < view.shape.size(); ++i) unit_ *= static_cast<std::size_t>(view.shape[i]);
    run_ = axis < view.shape.size() ? unit_ * static_cast<std::size_t>(view.shape[axis]) : unit_;
  }

  // Of the bytes begin … end-1.
  void send(std::size_t begin, std::size_t end, const Sink& sink) const {
    for (std::size_t at = begin; at < end;) {
      const std::size_t offset = at % run_, stop = std::min(run_, offset + end - at);
      send_of_run(view_.bytes.subspan(at - offset, run_), offset, stop, sink);
      at += stop - offset;
    }
  }

 private:
  // `bytes`: of all indices along the axis.
  void send_of_run(std::span<const std::byte> bytes, std::size_t at, std::size_t stop, const Sink& sink) const {
    for (const Cut::Range& range : cut_.ranges) {
      const std::size_t first = static_cast<std::size_t>(range.begin) * unit_;
      const std::size_t past = std::min(static_cast<std::size_t>(range.end) * unit_, stop);
      if (past <= at) continue;
      if (first >= stop) break;
      if (first > at) sink(bytes.subspan(at, first - at));
      if (range.zeroed) send_zeros(sink, past - std::max(first, at));
      at = past;
    }
    if (at < stop) sink(bytes.subspan(at, stop - at));
  }

  const formats::TensorView& view_;
  Cut cut_;
  std::size_t unit_ = formats::element_bytes(view_.dtype);  // bytes of one index along the axis
  std::size_t run_ = 0;                                     // bytes of all of them
};

}  // namespace

formats::TensorSource part_source(const formats::TensorView& view, const Cut* cut, bool check_finite) {
  formats::TensorSource source{view.name, view.dtype, view.shape, view.file, {}};
  if (cut != nullptr) {
    for (const Cut::Range& range : cut->ranges)
      if (!range.zeroed) source.shape[static_cast<std::size_t>(cut->axis)] -= range.end - range.begin;
  }
  source.write = [&view, part = Part(view, cut != nullptr ? *cut : Cut()), check_finite](const Sink& sink) {
    const std::size_t size = view.bytes.size(), element = formats::element_bytes(view.dtype);
    for (std::size_t begin = 0; begin < size; begin += kPiece) {
      const std::size_t end = std::min(begin + kPiece, size);
      if (view.mapping != nullptr) read_ahead(*view.mapping, view.bytes.data() + begin);
      // At memory speed, from the cache that the write reads next: a thread of its own would only wait for its turn.
      if (check_finite) formats::check_finite(view, begin / element, (end - begin) / element);
      part.send(begin, end, sink);
      if (view.mapping != nullptr) view.mapping->set_aside(view.bytes.subspan(begin, end - begin));
    }
  };
  return source;
}

}  // namespace hies::prune
