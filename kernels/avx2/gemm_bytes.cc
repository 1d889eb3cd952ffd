// GEMM on AVX2 with products of bytes, exact: 32 of them an instruction (vpmaddubsw) where 16-bit
// ones are 16, and two of these are added before they are widened.
//
// Such sums of four products saturate if values and weights are large. Weights are known and can be
// arranged (byte_weights.h). Values are not, but most lie near the zero point: those within a
// window are multiplied so, less its first value. What an outlier has beyond its border is
// multiplied by itself and added to the sums its row begins with. Where there are many, the rows of
// a chunk are multiplied in 16 bits, by the same weights. Which way is taken changes the time and
// never the result.
//
// Layers of few channels multiply whole values, and add sums of two products in 32 bits.
#include "kernels/avx2/gemm_bytes.h"

#include <immintrin.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <type_traits>

#include "kernels/avx2/byte_rows.h"
#include "kernels/avx2/byte_tiles.h"
#include "kernels/avx2/byte_weights.h"
#include "kernels/avx2/folded_stage.h"
#include "kernels/avx2/gemm_store.h"
#include "kernels/avx2/widen.h"
#include "kernels/weight_sums.h"

namespace integra::kernels::avx2 {
namespace {

constexpr int64_t kChunkBytes = 32 << 10;
constexpr int64_t kMostChunkRows = 100;
// Of shorter rows the output stage is too large a part, and what is gained too small.
constexpr int64_t kFewestValues = 48, kFewestWholeValues = 32;

class ByteGemm final : public Gemm {
 public:
  ByteGemm(const GemmProblem& p, ByteWeights weights)
      : n_(p.n),
        segments_(p.segments),
        segment_length_(p.segment_length),
        weights_(std::move(weights)),
        pitch_(weights_.steps() * kStep),
        chunk_rows_(ChunkRows(p, pitch_)),
        most_outliers_(chunk_rows_ * weights_.steps() * weights_.most_outliers() / 1000),
        order_(weights_.order(), p.depth()),
        stage_(GemmStage(LessFirst(p, weights_.window()), ShuffledOrder(p.n, kTileChannels),
                         VectorOutputStage::Join::kShuffle)),
        folded_(FoldConstants, stage_, OrderOfTiles(p.n)) {
    weights_.Arrange();
    FindStarts(p);
  }

  void Run(const GemmSource& src, int64_t rows, uint8_t* dst, int64_t dst_stride,
           std::byte* scratch) const override {
    RunChunks(src, rows, dst, dst_stride, FinishOf(stage_.form(), folded_.blocks() != nullptr),
              scratch);
  }
  void Run(const GemmSource& src, int64_t rows, int32_t* dst, int64_t dst_stride,
           std::byte* scratch) const override {
    RunChunks(src, rows, dst, dst_stride, Finish::kScalar, scratch);
  }

  int64_t read_multiple() const override { return 32; }
  std::string name() const override { return "own avx2 bytes"; }
  size_t scratch_bytes() const override { return Divide(nullptr).bytes; }
  size_t bytes() const override {
    return weights_.bytes() + order_.bytes() + stage_.bytes() + folded_.bytes() + starts_.size();
  }

 private:
  // The scratch memory of a chunk.
  struct Room {
    uint8_t* rows;
    int16_t* wide;            // or, of 16 bits
    int32_t* of_tile;         // [rows][16]: what outliers add
    const int32_t** of_rows;  // [rows]: of_tile's, or zeros
    Outlier* outliers;
    size_t bytes;
  };

  // What the rows of a chunk are.
  struct Rows {
    Way way;
    int64_t outliers;
  };

  // To outputs or, where T is int32_t, to sums.
  template <typename T>
  void RunChunks(const GemmSource& src, int64_t rows, T* dst, int64_t dst_stride, Finish finish,
                 std::byte* scratch) const {
    const Room room = Divide(scratch);
    Tile t = {};
    t.pitch = pitch_;
    t.groups = weights_.groups();
    t.out.stage = &stage_;
    t.out.dst_stride = dst_stride;
    for (int64_t first = 0; first < rows; first += chunk_rows_) {
      const int64_t count = std::min(chunk_rows_, rows - first);
      const Rows taken = TakeRows(src, first, count, room);
      RunChunk(t, count, taken, room, dst + first * dst_stride, finish);
    }
  }

  template <typename T>
  void RunChunk(Tile t, int64_t rows, Rows taken, const Room& room, T* dst, Finish finish) const {
    constexpr bool kToSums = std::is_same_v<T, int32_t>;
    const int32_t* const starts = Starts(kToSums, taken.way == Way::kWindow);
    for (int64_t tile = 0; tile * kTileChannels < n_; ++tile) {
      const int64_t channel = tile * kTileChannels, width = TileWidth(n_, channel);
      t.w = weights_.tile(tile);
      t.extra = weights_.extra(tile);
      t.start = starts + channel;
      const Finish of_tile = BeginTile(n_, channel, finish, folded_.blocks(), t.out);
      if (taken.outliers > 0) {
        (width == 8 ? MultiplyOutliers<1> : MultiplyOutliers<2>)(room.outliers, taken.outliers,
                                                                 weights_, weights_.locations(tile),
                                                                 room.of_tile);
      }
      const TileFunction* const tiles = TilesOf(taken.way, of_tile, width);
      WeightsAhead ahead(weights_.tile(tile + 1), pitch_ * kTileChannels,
                         channel + kTileChannels < n_, pitch_ * n_, (rows + kRows - 1) / kRows);
      for (int64_t r = 0; r < rows; r += kRows) {
        ahead.Ask();
        t.x = room.rows + r * pitch_;
        t.wide = room.wide + r * pitch_;
        t.of_rows = taken.outliers > 0 ? room.of_rows + r : nullptr;
        T* const to = dst + r * t.out.dst_stride + channel;
        if constexpr (kToSums) {
          t.out.sums = to;
        } else {
          t.out.dst = to;
        }
        tiles[std::min<int64_t>(kRows, rows - r) - 1](t);
      }
    }
  }

  Rows TakeRows(const GemmSource& src, int64_t first, int64_t count, const Room& room) const {
    if (weights_.takes_whole()) {
      ForEachRun(src, first, count, room, [&](const uint8_t* x, int64_t bytes, int64_t row) {
        order_.Take(x, bytes, room.rows + row * pitch_);
        return true;
      });
      return {Way::kWhole, 0};
    }
    const int64_t outliers = TryWindow(src, first, count, room);
    if (outliers >= 0) return {Way::kWindow, outliers};
    ForEachRun(src, first, count, room, [&](const uint8_t* x, int64_t bytes, int64_t row) {
      WidenRun(x, bytes, room.wide + row * pitch_);
      return true;
    });
    return {Way::kWide, 0};
  }

  // Rows as values of the window. Returns how many outliers they have, or -1 for too many.
  int64_t TryWindow(const GemmSource& src, int64_t first, int64_t count, const Room& room) const {
    // After such a chunk the next ones are likely to have too many, too.
    const int32_t skipped = skipped_.load(std::memory_order_relaxed);
    if (skipped > 0) {
      skipped_.store(skipped - 1, std::memory_order_relaxed);
      return -1;
    }
    OutlierList outliers(room.outliers, most_outliers_ * count / chunk_rows_, weights_.steps());
    const bool few =
        ForEachRun(src, first, count, room, [&](const uint8_t* x, int64_t bytes, int64_t row) {
          return TakeWindow(x, bytes, weights_.window(), row * weights_.steps(),
                            room.rows + row * pitch_, outliers);
        });
    if (!few) {
      skipped_.store(kSkippedChunks, std::memory_order_relaxed);
      return -1;
    }
    if (outliers.count() > 0) {
      std::fill_n(room.of_rows, count, kZeros);
      for (const Outlier* o = room.outliers; o < room.outliers + outliers.count(); ++o) {
        room.of_rows[o->row] = room.of_tile + o->row * kTileChannels;
      }
    }
    return outliers.count();
  }

  // Calls run(x, bytes, row) for rows that follow each other at multiples of the pitch, until it
  // returns false. Rows that do not are copied to room.rows before.
  template <typename F>
  bool ForEachRun(const GemmSource& src, int64_t first, int64_t count, const Room& room,
                  const F& run) const {
    if (!FollowEachOther()) {
      CopyRows(src, first, count, room.rows);
      return run(room.rows, count * pitch_, 0);
    }
    const int32_t* const offsets = src.row_offsets + first;
    for (int64_t r = 0, rows = 0; r < count; r += rows) {
      rows = FollowingRows(offsets + r, count - r, pitch_);
      if (!run(src.base + src.segment_offsets[0] + offsets[r], rows * pitch_, r)) return false;
    }
    return true;
  }

  // Whether rows have no gap within, and none behind that steps would read.
  bool FollowEachOther() const { return segments_ == 1 && segment_length_ == pitch_; }

  void CopyRows(const GemmSource& src, int64_t first, int64_t count, uint8_t* to) const {
    const uint64_t unused = 0x0101010101010101u * static_cast<uint64_t>(weights_.window().first);
    for (int64_t r = first; r < first + count; ++r, to += pitch_) {
      uint8_t* run = to;
      for (int64_t t = 0; t < segments_; ++t, run += segment_length_) {
        const uint8_t* const from = src.base + src.row_offsets[r] + src.segment_offsets[t];
        for (int64_t k = 0; k < segment_length_; k += 32) {
          StoreBytes(run + k, LoadBytes(from + k));
        }
      }
      std::memcpy(run, &unused, sizeof(unused));
    }
  }

  // (Of null: how large they are.)
  Room Divide(std::byte* scratch) const {
    size_t bytes = 0;
    const auto take = [&](int64_t size) {
      std::byte* const part = scratch != nullptr ? scratch + bytes : nullptr;
      bytes += AlignUp(static_cast<size_t>(size));
      return part;
    };
    Room room = {};
    room.rows = reinterpret_cast<uint8_t*>(take(RowBytes()));
    room.wide = reinterpret_cast<int16_t*>(
        take(static_cast<int64_t>(WidenedBytes(chunk_rows_ * pitch_ + kGroup * kStep))));
    room.of_tile = reinterpret_cast<int32_t*>(
        take(chunk_rows_ * kTileChannels * static_cast<int64_t>(sizeof(int32_t))));
    room.of_rows = reinterpret_cast<const int32_t**>(
        take(chunk_rows_ * static_cast<int64_t>(sizeof(const int32_t*))));
    room.outliers = reinterpret_cast<Outlier*>(
        take((most_outliers_ + OutlierList::kOfBlock) * static_cast<int64_t>(sizeof(Outlier))));
    room.bytes = bytes;
    return room;
  }

  // Rows are written 32 bytes at a time.
  int64_t RowBytes() const { return (chunk_rows_ * pitch_ + 63) / 32 * 32; }

  // The problem of rows less the first value of the window.
  static GemmProblem LessFirst(const GemmProblem& p, Window window) {
    GemmProblem less = p;
    less.src_zero_point -= window.first;
    return less;
  }

  // Chunks of like size, of whole tiles.
  static int64_t ChunkRows(const GemmProblem& p, int64_t pitch) {
    const int64_t most = std::max<int64_t>(kRows, std::min(kMostChunkRows, kChunkBytes / pitch));
    const int64_t chunks = (p.max_rows + most - 1) / most;
    return (p.max_rows + chunks * kRows - 1) / (chunks * kRows) * kRows;
  }

  // Where sums begin: those of outputs or those that are asked for as such, of values less the
  // first one of the window or of whole ones.
  const int32_t* Starts(bool sums, bool less_first) const {
    return starts_.data<int32_t>() + ((sums ? 2 : 0) + (less_first ? 1 : 0)) * StartsOfKind();
  }
  int64_t StartsOfKind() const { return (n_ + kTileChannels - 1) / kTileChannels * kTileChannels; }

  void FindStarts(const GemmProblem& p) {
    starts_ = AlignedBuffer(static_cast<size_t>(4 * StartsOfKind()) * sizeof(int32_t));
    const auto set = [&](bool sums, bool less_first, int64_t at, uint32_t start) {
      starts_.data<int32_t>()[Starts(sums, less_first) - Starts(false, false) + at] =
          static_cast<int32_t>(start);
    };
    for (int64_t c = 0; c < n_; ++c) {
      const int64_t tile = c / kTileChannels, lane = VectorOutputStage::Shuffled(c % kTileChannels);
      const int64_t at = tile * kTileChannels + lane;
      uint32_t first = 0;
      if (weights_.window().first != 0) {
        const int64_t sum = SumsOf(p.weights + c * p.depth(), p.depth()).sum;
        first = static_cast<uint32_t>(sum * weights_.window().first);
      }
      uint32_t folded = 0;
      const int64_t valid = std::min(kTileChannels, n_ - tile * kTileChannels);
      if (folded_.blocks() != nullptr && valid == TileWidth(n_, tile * kTileChannels)) {
        folded = static_cast<uint32_t>(folded_.blocks()[tile].vectors[lane / 8].start[lane % 8]);
      }
      set(false, true, at, folded);
      set(false, false, at, folded - first);
      set(true, true, at, first);
    }
  }

  alignas(32) static constexpr int32_t kZeros[kTileChannels] = {};

  const int64_t n_, segments_, segment_length_;
  ByteWeights weights_;
  const int64_t pitch_;  // of copied rows
  const int64_t chunk_rows_;
  const int64_t most_outliers_;  // of a chunk
  const RowOrder order_;
  const VectorOutputStage stage_;
  const FoldedStage folded_;  // where the stage can be
  AlignedBuffer starts_;
  // How many chunks are not tried any more. It changes which way is taken, and no result.
  static constexpr int32_t kSkippedChunks = 30;
  mutable std::atomic<int32_t> skipped_ = 0;
};

}  // namespace

std::unique_ptr<const Gemm> MakeByteGemm(const GemmProblem& p, Choice choice) {
  if (p.weight_zero_point != 0) return nullptr;  // the weights less it may need nine bits
  const bool always = choice == Choice::kAlways;
  if (!always && (p.max_rows < kRows || p.depth() < kFewestWholeValues)) return nullptr;
  ByteWeights weights(p);
  if (!always) {
    if (!weights.takes_whole() && p.depth() < kFewestValues) return nullptr;
    if (weights.cost() > ByteWeights::kWideCost) return nullptr;
  }
  return std::make_unique<ByteGemm>(p, std::move(weights));
}

}  // namespace integra::kernels::avx2
