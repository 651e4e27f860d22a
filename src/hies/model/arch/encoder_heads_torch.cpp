#include "hies/model/arch/encoder_heads_torch.h"

namespace hies::model {

EncoderHeads::EncoderHeads(const LayerHeads& all, bool last, const Linear& query, const Linear& key, const Linear& value)
    : all_(all), last_(last) {
  if (last) {
    query_ = Projection({query}, all.count(), all.head_dim);
    rest_ = Projection({key, value}, all.count(), all.head_dim);
  } else {
    rest_ = Projection({query, key, value}, all.count(), all.head_dim);
  }
}

at::Tensor EncoderHeads::operator()(int layer, const LayerHeads& heads, const at::Tensor& read, AttentionRun& run,
                                    HeadProducts products) const {
  const std::int64_t D = heads.head_dim;
  const auto project = [&](const Projection& projection, const at::Tensor& rows) {
    return products == HeadProducts::joint ? projection.all(rows) : projection.some(positions_in(all_.heads, heads.heads), rows);
  };
  const at::Tensor rest = project(rest_, read);
  if (!last_) return run.attend(layer, heads, {{rest, 0, 3 * D}, {rest, D, 3 * D}, {rest, 2 * D, 3 * D}}, QueryRows::all);
  const auto with_queries = [&](const at::Tensor& rows) -> Projected {
    return {{project(query_, rows), 0, D}, {rest, 0, 2 * D}, {rest, D, 2 * D}};
  };
  if (run.wants_all_queries()) {
    const at::NoGradGuard frozen;
    run.observe(layer, with_queries(read));
  }
  return run.attend(layer, heads, with_queries(read.index_select(0, run.rows().asked)), QueryRows::asked);
}

}  // namespace hies::model
