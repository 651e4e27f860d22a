#include <algorithm>
#include <array>
#include <functional>
#include <future>

#include "hies/formats/float_conversion.h"
#include "hies/prune/head_cuts.h"

namespace hies::prune {
namespace {

using Sink = std::function<void(std::span<const std::byte>)>;

constexpr std::size_t kPiece = std::size_t{4} << 20;  // bytes; a multiple of every element's size

void send_zeros(const Sink& sink, std::size_t count) {
  constexpr std::array<std::byte, 4096> kZeros{};
  while (count > 0) {
    const std::size_t piece = std::min(count, kZeros.size());
    sink(std::span(kZeros).first(piece));
    count -= piece;
  }
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
    const auto look = [&](std::size_t begin) {
      if (begin + kPiece < size && view.mapping != nullptr)
        view.mapping->read_ahead(view.bytes.subspan(begin + kPiece, std::min(kPiece, size - begin - kPiece)));
      if (check_finite && begin < size) formats::check_finite(view, begin / element, std::min(kPiece, size - begin) / element);
    };
    look(0);
    for (std::size_t begin = 0; begin < size; begin += kPiece) {
      const std::size_t end = std::min(begin + kPiece, size);
      std::future<void> next;
      if (end < size) next = std::async(std::launch::async, look, end);
      part.send(begin, end, sink);
      if (view.mapping != nullptr) view.mapping->set_aside(view.bytes.subspan(begin, end - begin));
      if (next.valid()) next.get();
    }
  };
  return source;
}

}  // namespace hies::prune
