#include "hies/export/spread.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <unordered_map>
#include <unordered_set>

#include "hies/base/error.h"
#include "hies/formats/float_conversion.h"
#include "hies/model/tensors.h"

namespace hies::exports {
namespace {

using formats::ByteSink;
using formats::TensorSource;
using formats::TensorView;
using model::Layout;
using model::SiteKind;
using model::SiteLayout;
using model::Slice;
using model::SliceRole;

std::vector<int> first_units(int count) {
  std::vector<int> units(static_cast<std::size_t>(count));
  std::iota(units.begin(), units.end(), 0);
  return units;
}

// Indices begin … end-1 of a stored tensor stand from `to` on in the larger one.
struct Range {
  std::int64_t begin = 0, end = 0, to = 0;
};
struct Spread {
  int axis = 0;
  std::vector<Range> ranges;  // ascending and apart
};
using Spreads = std::map<std::string, Spread>;  // by canonical name

bool is_of_kv_head(const Slice& slice) { return slice.role == SliceRole::key || slice.role == SliceRole::value; }

// The slices of a unit alone, and those of a KV head, whether query heads share it or not.
std::vector<Slice> slices_of(const model::ModelSpec& spec, model::Site site, int position, bool of_kv_head) {
  if (of_kv_head && spec.layout.at(site).grouped()) return model::kv_slices(spec, site, position);
  std::vector<Slice> slices = model::unit_slices(spec, site, position);
  std::erase_if(slices, [&](const Slice& slice) { return is_of_kv_head(slice) != of_kv_head; });
  return slices;
}

// For each unit of a site its position in the larger site, and the same for KV heads.
struct Places {
  std::vector<int> units, kv_heads;
};

Places places(const SiteLayout& site, const SiteLayout& larger, SiteKind kind) {
  if (kind == SiteKind::ffn) return {first_units(site.count()), {}};
  Places result{{}, first_units(site.kv_count())};
  const int group = larger.count() / larger.kv_count();
  std::vector<int> filled(static_cast<std::size_t>(site.kv_count()));
  for (const std::int32_t kv : site.kv_positions()) result.units.push_back(kv * group + filled[static_cast<std::size_t>(kv)]++);
  for (const int count : filled) check(count <= group, "more query heads of a KV head than there is room for");
  return result;
}

// Returns the ranges in their order, those that follow each other as one.
std::vector<Range> joined(std::vector<Range> ranges) {
  std::sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) { return a.to < b.to; });
  std::vector<Range> result;
  for (const Range& range : ranges) {
    const bool follows = !result.empty() && range.begin == result.back().end &&
                         range.to == result.back().to + result.back().end - result.back().begin;
    if (follows) result.back().end = range.end;
    else result.push_back(range);
  }
  return result;
}

class Collector {
 public:
  Collector(const model::ModelSpec& spec, const model::ModelSpec& larger) : spec_(spec), larger_(larger) {}

  Spreads all() {
    for (const auto& [site, units] : spec_.layout) {
      const SiteLayout& other = larger_.layout.at(site);
      if (units.count() == other.count() && units.kv_count() == other.kv_count()) continue;
      const Places to = places(units, other, site.kind);
      for (std::size_t i = 0; i < to.units.size(); ++i) add(site, static_cast<int>(i), to.units[i], false);
      for (std::size_t i = 0; i < to.kv_heads.size(); ++i) add(site, static_cast<int>(i), to.kv_heads[i], true);
    }
    for (auto& [name, spread] : spreads_) spread.ranges = joined(std::move(spread.ranges));
    return std::move(spreads_);
  }

 private:
  void add(model::Site site, int from, int to, bool of_kv_head) {
    const std::vector<Slice> slices = slices_of(spec_, site, from, of_kv_head);
    const std::vector<Slice> places = slices_of(larger_, site, to, of_kv_head);
    check(slices.size() == places.size(), "a unit with other slices in a larger layout");
    for (std::size_t i = 0; i < slices.size(); ++i) {
      check(slices[i].tensor == places[i].tensor, "a unit with other slices in a larger layout");
      Spread& spread = spreads_[slices[i].tensor];
      spread.axis = slices[i].axis;
      spread.ranges.push_back({slices[i].begin, slices[i].end, places[i].begin});
    }
  }

  const model::ModelSpec &spec_, &larger_;
  Spreads spreads_;
};

void send_zeros(const ByteSink& sink, std::size_t count) {
  static const std::vector<std::byte> zeros(65536);
  for (; count > 0; count -= std::min(count, zeros.size())) sink(std::span(zeros).first(std::min(count, zeros.size())));
}

// What a tensor of the larger shape is made of: null and no ranges where it is all zeros.
struct Content {
  const TensorView* view = nullptr;
  Spread spread;
  std::int64_t size = 0;  // of the larger tensor along the axis
  std::size_t outer = 1;  // how often the axis is run through
  std::size_t unit = 0;   // bytes of one index along the axis
};

void send(const Content& content, const ByteSink& sink) {
  if (content.view != nullptr) formats::check_finite(*content.view);
  for (std::size_t outer = 0; outer < content.outer; ++outer) {
    std::int64_t at = 0;
    for (const Range& range : content.spread.ranges) {
      send_zeros(sink, static_cast<std::size_t>(range.to - at) * content.unit);
      const std::int64_t own = content.view->shape[static_cast<std::size_t>(content.spread.axis)];
      const std::size_t first = outer * static_cast<std::size_t>(own) + static_cast<std::size_t>(range.begin);
      const auto count = static_cast<std::size_t>(range.end - range.begin);
      sink(content.view->bytes.subspan(first * content.unit, count * content.unit));
      at = range.to + range.end - range.begin;
    }
    send_zeros(sink, static_cast<std::size_t>(content.size - at) * content.unit);
  }
  if (content.view != nullptr && content.view->mapping != nullptr) content.view->mapping->set_aside(content.view->bytes);
}

TensorSource source_of(const model::TensorDecl& larger, const TensorView* view, const Spread& spread, formats::DType dtype) {
  Content content{view, spread};
  const auto axis = static_cast<std::size_t>(spread.axis);
  content.size = larger.shape[axis];
  content.unit = formats::element_bytes(dtype);
  for (std::size_t i = 0; i < axis; ++i) content.outer *= static_cast<std::size_t>(larger.shape[i]);
  for (std::size_t i = axis + 1; i < larger.shape.size(); ++i) content.unit *= static_cast<std::size_t>(larger.shape[i]);
  return {larger.name, dtype, larger.shape, 0, [content](const ByteSink& sink) { send(content, sink); }};
}

TensorSource unchanged(const TensorView& view, bool checked) {
  return {view.name, view.dtype, view.shape, view.file, [&view, checked](const ByteSink& sink) {
            if (checked) formats::check_finite(view);
            sink(view.bytes);
            if (view.mapping != nullptr) view.mapping->set_aside(view.bytes);
          }};
}

}  // namespace

Layout even_layout(const Layout& left, const EvenCounts& counts) {
  Layout even = left;
  for (const auto& [site, units] : left) {
    SiteLayout& larger = even.at(site);
    const bool heads = site.kind == SiteKind::attention;
    const int count = heads ? counts.heads : counts.neurons;
    if (count == 0) continue;
    check(count >= units.count() && (!heads || counts.kv_heads >= units.kv_count()), "a larger layout with fewer units");
    larger.units = first_units(count);
    larger.padding.clear();
    if (!heads) continue;
    larger.original_units = count;
    larger.kv_heads = first_units(counts.kv_heads);
    larger.original_kv_heads = counts.kv_heads;
  }
  return even;
}

std::vector<TensorSource> spread_tensors(const arch::Checkpoint& checkpoint, const Layout& larger) {
  model::ModelSpec spec = checkpoint.spec();
  spec.layout = larger;
  const Spreads spreads = Collector(checkpoint.spec(), spec).all();
  std::vector<TensorSource> sources;
  std::unordered_set<const TensorView*> used;
  formats::DType dtype = formats::DType::float32;
  for (const model::TensorDecl& decl : model::tensors(spec)) {
    const TensorView* view = checkpoint.find(decl.name);
    if (view != nullptr) {
      used.insert(view);
      dtype = view->dtype;
      if (view->shape == decl.shape) sources.push_back(unchanged(*view, true));
    }
    if (view != nullptr ? view->shape == decl.shape : decl.task_head) continue;
    // A tensor of a layer that has lost all its units is all zeros; which axis grows does not matter then.
    const auto spread = spreads.find(decl.name);
    const bool zeros = spread == spreads.end();
    sources.push_back(source_of(decl, zeros ? nullptr : view, zeros ? Spread() : spread->second, dtype));
    if (view == nullptr) continue;
    sources.back().name = view->name;
    sources.back().group = view->file;
  }
  for (const TensorView& view : checkpoint.store().tensors())
    if (!used.contains(&view)) sources.push_back(unchanged(view, false));
  return sources;
}

}  // namespace hies::exports
