#include "kernels/folded_stage.h"

#include <utility>

namespace integra::kernels {

template <int kLanes, int kVectors>
FoldedStage<kLanes, kVectors>::FoldedStage() = default;
template <int kLanes, int kVectors>
FoldedStage<kLanes, kVectors>::FoldedStage(FoldedStage&&) noexcept = default;
template <int kLanes, int kVectors>
FoldedStage<kLanes, kVectors>& FoldedStage<kLanes, kVectors>::operator=(FoldedStage&&) noexcept =
    default;
template <int kLanes, int kVectors>
FoldedStage<kLanes, kVectors>::~FoldedStage() = default;

template <int kLanes, int kVectors>
FoldedStage<kLanes, kVectors>::FoldedStage(FoldConstantsFunction* fold,
                                           const VectorOutputStage& stage,
                                           const std::vector<int64_t>& order) {
  constexpr size_t kVector = kLanes, kPair = 2 * kLanes, kAll = kLanes * kVectors;
  // Packing to 8 bits is its clamp.
  const bool packs = stage.min() == 0 && stage.max() == 255;
  if (!packs || stage.form() == VectorOutputStage::Form::kScalar) return;
  const std::vector<int32_t>& addends = stage.addends();
  std::vector<FoldedConstants> folded(addends.size());
  if (!fold(stage, folded.data())) return;
  AlignedBuffer blocks(order.size() / kAll * sizeof(Block));
  for (size_t i = 0; i < order.size(); ++i) {
    if (order[i] < 0) continue;
    const auto channel = static_cast<size_t>(order[i]);
    const FoldedConstants& f = folded[channel];
    Block& block = blocks.data<Block>()[i / kAll];
    typename Block::Vector& vector = block.vectors[i % kAll / kVector];
    const size_t lane = i % kVector;
    const auto joined =
        static_cast<size_t>(VectorOutputStage::Shuffled(static_cast<int64_t>(lane)));
    vector.m[lane % 2][lane / 2] = f.m;
    vector.start[lane] =
        static_cast<int32_t>(static_cast<uint32_t>(addends[channel]) + static_cast<uint32_t>(f.d));
    vector.shift[joined] = f.shift;
    vector.half[joined] = f.half;
    block.offset[i % kAll / kPair][joined / 4 * 8 + i % kPair / kVector * 4 + joined % 4] =
        static_cast<int16_t>(stage.stage().zero_point - f.n);
  }
  blocks_ = std::move(blocks);
}

template class FoldedStage<8, 2>;
template class FoldedStage<16, 4>;

}  // namespace integra::kernels
