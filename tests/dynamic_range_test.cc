// Dynamic ranges: the integers that find them, the layers that use them, and networks that have
// them.
#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <random>

#include "base/dynamic_range.h"
#include "graph/network_file.h"
#include "graph/schema.h"
#include "integra/integra.hpp"
#include "integra/tools.hpp"
#include "kernels/dynamic_stage.h"
#include "tests/support/golden.h"
#include "tests/support/golden_source.h"
#include "tests/support/networks.h"
#include "tests/support/quantizer_networks.h"
#include "tests/support/temporary_folder.h"

namespace integra::test {
namespace {

using Wide = __int128;

// Whether f is n / d, its mantissa rounded half up to 31 bits.
bool IsRounded(Multiplier f, Wide n, Wide d) {
  const int bits = 31 + f.s;
  if (bits < 0) return IsRounded({f.m, -31}, n, d << -bits);
  const Wide error = 2 * (f.m * d - (n << bits));
  return f.m >= 1 << 30 && -d < error && error <= d;
}

// Mostly of very different sizes; often a power of two, or beside one.
template <typename Random>
uint64_t AnySize(Random& random, int bits) {
  const uint64_t power = uint64_t{1} << (random() % static_cast<uint64_t>(bits));
  switch (random() % 4) {
    case 0:
      return power;
    case 1:
      return 2 * power - 1;
    default:
      return power + random() % power;
  }
}

TEST_CASE("dynamic range: quotients are right to the last bit") {
  constexpr uint64_t kMost = (uint64_t{1} << 32) - 1;
  for (const uint64_t n : {uint64_t{1}, uint64_t{2}, uint64_t{3}, kMost / 2, kMost - 1, kMost}) {
    for (const uint64_t d : {uint64_t{1}, uint64_t{2}, uint64_t{3}, kMost / 2, kMost - 1, kMost}) {
      CHECK(IsRounded(Quotient(n, d), n, d));
    }
  }
  CHECK(Quotient(7, 7) == kOne);
  std::mt19937_64 random(1);
  bool right = true;
  for (int i = 0; i < 1000000; ++i) {
    const uint64_t n = AnySize(random, 32), d = AnySize(random, 32);
    right = right && IsRounded(Quotient(n, d), n, d);
  }
  CHECK(right);
}

TEST_CASE("dynamic range: products are right to the last bit") {
  std::mt19937_64 random(2);
  const auto any = [&] {
    const auto m = static_cast<int32_t>((1 << 30) + AnySize(random, 30) - 1);
    return Multiplier{m, static_cast<int32_t>(random() % 40) - 14};
  };
  bool right = true;
  for (int i = 0; i < 1000000; ++i) {
    const Multiplier a = any(), b = any(), product = Product(a, b);
    const int bits = 62 + a.s + b.s;
    const Wide n = Wide{a.m} * b.m, d = Wide{1} << bits;
    // Too small for the largest shift: less than 1 / 2^32, but for half a bit of the mantissa.
    right = right && (product.m == 0 ? a.s + b.s >= kMaxShift : IsRounded(product, n, d));
  }
  CHECK(right);
  CHECK(Product(kOne, kOne) == kOne);
  CHECK(Product(kOne, {}) == Multiplier{});
  CHECK(Product({1 << 30, kMaxShift}, {1 << 30, 0}) == Multiplier{});
}

TEST_CASE("dynamic range: the smallest grid that holds the extremes, within limits") {
  constexpr int64_t kFar = int64_t{1} << 61;  // the largest that accumulators can give
  std::mt19937_64 random(3);
  const auto check = [&](int64_t low, int64_t high, int32_t zero) {
    // The exact ratio as a fraction n / d, limited to [2^-kRatioBits, 2^kRatioBits].
    Wide n = 1, d = Wide{1} << kRatioBits;
    const auto hold = [&](int64_t value, int64_t steps) {
      if (steps > 0 && value * d > n * steps << kStepFractionBits) {
        n = value;
        d = Wide{steps} << kStepFractionBits;
      }
    };
    hold(high, 255 - zero);
    hold(-low, zero);
    if (n > d << kRatioBits) {
      n = Wide{1} << kRatioBits;
      d = 1;
    }
    const DynamicRange range = RangeFor(low, high, zero);
    return IsRounded(range.ratio, n, d) && IsRounded(range.inverse, d, n);
  };
  for (const int32_t zero : {0, 1, 127, 128, 254, 255}) {
    for (const int64_t low : {int64_t{0}, int64_t{-1}, int64_t{-128} << 16, -kFar}) {
      for (const int64_t high : {int64_t{0}, int64_t{1}, int64_t{255} << 16, kFar}) {
        CAPTURE(zero);
        CAPTURE(low);
        CAPTURE(high);
        CHECK(check(low, high, zero));
      }
    }
  }
  bool right = true;
  for (int i = 0; i < 300000; ++i) {
    const auto low = -static_cast<int64_t>(AnySize(random, 61));
    const auto high = static_cast<int64_t>(AnySize(random, 61));
    right = right && check(low, high, static_cast<int32_t>(random() % 256));
  }
  CHECK(right);
  CHECK(RangeFor(0, 0, 17).ratio == Multiplier{1 << 30, kRatioBits - 1});  // all zero
  CHECK(RangeFor(-kFar, 255 << 16, 0).ratio == kOne);  // nothing below 0 can be held
}

TEST_CASE("dynamic range: steps of the largest accumulators and factors") {
  constexpr int32_t kLow = std::numeric_limits<int32_t>::min();
  constexpr int32_t kHigh = std::numeric_limits<int32_t>::max();
  for (int s = kMinStepShift; s <= kMaxShift; ++s) {
    for (const int32_t m : {1 << 30, kHigh}) {
      for (const int32_t acc : {kLow, kLow + 1, -1, 0, 1, kHigh}) {
        const int bits = 31 + s - kStepFractionBits;
        const Wide error = 2 * ((Wide{Steps(acc, {m, s})} << bits) - Wide{acc} * m);
        CHECK(-(Wide{1} << bits) < error);
        CHECK(error <= Wide{1} << bits);
      }
    }
  }
}

std::vector<kernels::Isa> Isas() {
  std::vector<kernels::Isa> isas;
  for (int i = 0; i <= static_cast<int>(kernels::DetectIsa()); ++i) {
    isas.push_back(static_cast<kernels::Isa>(i));
  }
  return isas;
}

TEST_CASE("dynamic stage: vectors give the same bits as the reference, for any range") {
  std::mt19937 random(2);
  const auto between = [&](int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random);
  };
  for (int i = 0; i < 400; ++i) {
    kernels::DynamicLayer layer;
    const int64_t n = between(1, 40), rows = between(1, 20);
    const int64_t most = int64_t{1} << between(4, 28);
    const auto shift = static_cast<int32_t>(between(kMinDynamicShift, 12));
    for (int64_t c = 0; c < n; ++c) {
      layer.stage.multipliers.push_back({static_cast<int32_t>(between(1 << 30, INT32_MAX)),
                                         shift + static_cast<int32_t>(between(0, 3))});
      layer.addends.push_back(static_cast<int32_t>(between(-most, most)));
      layer.bias.push_back(static_cast<int32_t>(between(-most, most) >> kRatioBits));
    }
    layer.stage.rounding = between(0, 1) != 0 ? Rounding::kSingle : Rounding::kDouble;
    layer.stage.zero_point = static_cast<int32_t>(between(0, 255));
    layer.finds_range = between(0, 3) > 0;
    layer.low = between(0, 1) != 0 ? 0 : -(int64_t{1} << 40);
    layer.high = between(0, 1) != 0 ? between(1, int64_t{1} << 24) : int64_t{1} << 40;
    layer.largest_sum = most;
    std::vector<int32_t> sums(static_cast<size_t>(rows * n + 16));
    for (int32_t& sum : sums) sum = static_cast<int32_t>(between(-most, most));
    const DynamicRange x = RangeFor(0, between(0, int64_t{1} << between(1, 32)), 0);

    std::vector<uint8_t> expected(static_cast<size_t>(rows * n));
    const DynamicRange y =
        kernels::ReferenceDynamicLayer(layer, x, sums.data(), rows, expected.data());
    kernels::DynamicStage run{layer.stage.multipliers, layer.addends, 0, 255, {}};
    kernels::TakeInputRange(layer, x, run);
    std::vector<int32_t> low(static_cast<size_t>(n)), high(low);
    kernels::ChannelExtremesReference(sums.data(), rows, n, low.data(), high.data());
    if (layer.finds_range) kernels::FindOutputRange(layer, low.data(), high.data(), run);
    CHECK(run.range == y);
    for (const kernels::Isa isa : Isas()) {
      CAPTURE(kernels::NameOf(isa));
      std::vector<int32_t> found_low(low.size()), found_high(low.size());
      kernels::ChooseChannelExtremes(isa)(sums.data(), rows, n, found_low.data(),
                                          found_high.data());
      CHECK(found_low == low);
      CHECK(found_high == high);
      kernels::VectorOutputStage stage(layer.stage, layer.addends, kernels::PlainOrder(n, 16),
                                       layer.largest_sum);
      stage.Update(run.multipliers, run.addends, run.min, run.max);
      std::vector<uint8_t> found(expected.size());
      kernels::ChooseRequantize(isa)(stage, 0, sums.data(), n, rows, n, nullptr, found.data(), n);
      CHECK(found == expected);
    }
  }
}

std::vector<std::byte> Run(Session& session, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<std::vector<std::byte>> in, out;
  for (const TensorInfo& info : session.inputs()) {
    const auto bytes = static_cast<size_t>(ElementCount(info.shape)) * SizeOf(info.dtype);
    in.emplace_back(bytes);
    for (size_t i = 0; i < bytes; ++i) in.back()[i] = static_cast<std::byte>(random());
  }
  for (const TensorInfo& info : session.outputs()) {
    out.emplace_back(static_cast<size_t>(ElementCount(info.shape)) * SizeOf(info.dtype));
  }
  const std::vector<std::span<const std::byte>> inputs(in.begin(), in.end());
  const std::vector<std::span<std::byte>> outputs(out.begin(), out.end());
  session.Run(inputs, outputs);
  std::vector<std::byte> all;
  for (const auto& each : out) all.insert(all.end(), each.begin(), each.end());
  return all;
}

// The output of every sample alone, and of all as a batch.
void CheckSameBits(const Network& network) {
  Session plain(network, {.max_isa = "portable", .gemm = "reference"});
  const auto expected = Run(plain, 1);
  Session whole(network, {.batch = 3, .max_isa = "portable", .gemm = "reference"});
  const auto batch = Run(whole, 1);
  CHECK(std::equal(expected.begin(), expected.end(), batch.begin()));
  for (const kernels::Isa isa : Isas()) {
    for (const int threads : {1, 2, 3}) {
      CAPTURE(kernels::NameOf(isa));
      CAPTURE(threads);
      Session session(network, {.threads = threads, .max_isa = kernels::NameOf(isa)});
      CHECK(Run(session, 1) == expected);
      Session batched(network, {.threads = threads, .batch = 3, .max_isa = kernels::NameOf(isa)});
      CHECK(Run(batched, 1) == batch);
    }
  }
}

TEST_CASE("dynamic range: the same bits on every instruction set, for any threads and batch") {
  CheckSameBits(WithDynamicRanges(Network(ConvolutionNetwork())));
  const auto data = GoldenFolder();
  if (!data) return;
  for (const char* name :
       {"pretrainedResnet_quant", "ad01_int8", "kws_ref_model", "mobilenet_v1_0.25_128_quant"}) {
    CAPTURE(name);
    CheckSameBits(WithDynamicRanges(Import(LoadGolden(*data, name).model)));
  }
}

// SmallNetwork with a residual: y = depthwise + its input, cut to size by pooling.
Network ResidualNetwork() {
  Builder b;
  const graph::TensorId x = b.Input({1, 6, 6, 2});
  const std::vector<int64_t> around = {1, 1, 1, 1};
  const auto conv =
      b.Apply("conv", graph::OpType::kConv2d,
              {x, b.Constant("conv/w", {8, 3, 3, 2}, b.Random(144, 0.3f)),
               b.Constant("conv/b", {8}, b.Random(8, 0.2f))},
              {1, 6, 6, 8}, {{"padding", around}, {"activation", std::string("relu6")}});
  const auto depthwise = b.Apply("depthwise", graph::OpType::kDepthwiseConv2d,
                                 {conv, b.Constant("depthwise/w", {1, 3, 3, 8}, b.Random(72, 0.4f)),
                                  b.Constant("depthwise/b", {8}, b.Random(8, 0.2f))},
                                 {1, 6, 6, 8}, {{"padding", around}});
  const auto sum = b.Apply("sum", graph::OpType::kAdd, {conv, depthwise}, {1, 6, 6, 8});
  const auto pool =
      b.Apply("pool", graph::OpType::kMaxPool2d, {sum}, {1, 3, 3, 8},
              {{"filter", std::vector<int64_t>{2, 2}}, {"stride", std::vector<int64_t>{2, 2}}});
  const auto flat = b.Apply("flat", graph::OpType::kReshape, {pool}, {1, 72},
                            {{"shape", std::vector<int64_t>{1, 72}}});
  b.Apply("dense", graph::OpType::kFullyConnected,
          {flat, b.Constant("dense/w", {5, 72}, b.Random(360, 0.1f)),
           b.Constant("dense/b", {5}, b.Random(5, 0.2f))},
          {1, 5});
  return b.Done();
}

TEST_CASE("dynamic range: simulated and integer mode are within one step, layer by layer") {
  const auto check = [](const Network& network, DataSource& samples) {
    const Comparison result = Compare(
        network, samples, {.modes = {Mode::kSimulated, Mode::kInteger}, .layer_samples = 4});
    for (const LayerComparison& layers : result.layers) {
      if (!layers.same_input) continue;
      for (const LayerDifference& layer : layers.layers) {
        CAPTURE(layer.node);
        CHECK(layer.worst_steps <= 1.001);
      }
    }
  };
  RandomSamples samples(50, -1, 1);
  for (const DataType dtype : {DataType::kUInt8, DataType::kInt8}) {
    quantize::Recipe recipe;
    recipe.activations.range.method = quantize::RangeMethod::kDynamic;
    recipe.activations.dtype = dtype;
    for (const auto symmetry :
         {quantize::Symmetry::kAsymmetric, quantize::Symmetry::kSymmetricRestricted}) {
      recipe.activations.symmetry = symmetry;
      check(quantize::Quantize(ResidualNetwork(), samples, recipe), samples);
    }
  }
  const auto data = GoldenFolder();
  if (!data) return;
  const GoldenNetwork golden = LoadGolden(*data, "pretrainedResnet_quant");
  const Network network = WithDynamicRanges(Import(golden.model));
  GoldenSource source(golden, network.inputs());
  check(network, source);
}

// A tenth of the calibrated signal: a static grid has few steps for it.
TEST_CASE("dynamic range: faint inputs keep their precision") {
  RandomSamples loud(50, -1, 1), faint(50, -0.1f, 0.1f);
  const auto sqnr = [&](quantize::RangeMethod method) {
    quantize::Recipe recipe;
    recipe.activations.range.method = method;
    const Network network = quantize::Quantize(ResidualNetwork(), loud, recipe);
    CompareOptions options;
    options.modes = {Mode::kFloat, Mode::kInteger};
    options.float_network = ResidualNetwork();
    options.layer_samples = 0;
    return Compare(network, faint, options).outputs.at(0).sqnr_db;
  };
  const double fixed = sqnr(quantize::RangeMethod::kMinMax);
  const double dynamic = sqnr(quantize::RangeMethod::kDynamic);
  MESSAGE("SQNR of outputs: static ", fixed, " dB, dynamic ", dynamic, " dB");
  CHECK(dynamic > fixed);
}

TEST_CASE("dynamic range: a recipe marks what can have one, and files keep it") {
  RandomSamples samples(50, -1, 1);
  quantize::Recipe recipe = quantize::ParseRecipe("recipe", R"({"activations": {"range": "dynamic"},
                    "nodes": {"depthwise": {"output": {"range": "minmax"}}}})");
  quantize::Report report;
  const Network network =
      quantize::Quantize(ResidualNetwork(), samples, recipe, {.report = &report});
  const auto dynamic = [](const Network& of, const char* name) {
    return of.graph().tensor(of.graph().Find(name).value()).quantization.dynamic;
  };
  const TemporaryFolder folder;
  graph::SaveNetwork(network.graph(), folder.path());
  for (const Network& each : {network, Network::Load(folder.path())}) {
    for (const char* name : {"conv", "sum", "pool", "flat"}) CHECK(dynamic(each, name));
    for (const char* name : {"image", "depthwise", "dense"}) CHECK_FALSE(dynamic(each, name));
  }
  CHECK(std::ranges::any_of(report.notes, [](const std::string& note) {
    return note.find("'dense' has a static range") != std::string::npos;
  }));
  CHECK_THROWS_WITH_AS(quantize::ParseRecipe("r", R"({"weights": {"range": "dynamic"}})"),
                       doctest::Contains("'dynamic' is not known"), Error);
  CHECK_THROWS_WITH_AS(
      quantize::ParseRecipe("r", R"({"activations": {"range": "dynamic", "bits": 6}})"),
      doctest::Contains("needs uint8 or int8 and all 8 bits"), Error);
  recipe.activations.bits = 6;
  CHECK_THROWS_WITH_AS(quantize::Quantize(ResidualNetwork(), samples, recipe),
                       doctest::Contains("a dynamic range needs uint8 or int8"), Error);
}

TEST_CASE("dynamic range: what cannot have one is refused, naming it") {
  const auto refused = [](graph::Graph graph, auto change, const char* message) {
    change(graph);
    CHECK_THROWS_WITH_AS(graph::Validate(graph), doctest::Contains(message), Error);
  };
  const auto mark = [](std::vector<std::string> names) {
    return [names = std::move(names)](graph::Graph& graph) {
      for (const std::string& name : names) {
        graph.tensor(graph.Find(name).value()).quantization.dynamic = true;
      }
    };
  };
  const graph::Graph plain = ConvolutionNetwork();
  refused(plain, mark({"image"}), "tensor 'image': a dynamic range cannot be that of an input");
  refused(plain, mark({"features", "result"}), "tensor 'result': a dynamic range cannot be that");
  refused(plain, mark({"filter"}), "tensor 'filter': a dynamic range cannot be that of a constant");
  refused(plain, mark({"features"}), "'flatten' (reshape): input and output differ in");

  // conv, depthwise -> sum -> pool -> flat -> dense, all but the last one dynamic.
  RandomSamples samples(10, -1, 1);
  quantize::Recipe recipe;
  recipe.activations.range.method = quantize::RangeMethod::kDynamic;
  const graph::Graph dynamic = quantize::Quantize(ResidualNetwork(), samples, recipe).graph();
  const auto node = [](graph::Graph& graph, const char* name) -> graph::Node& {
    return *std::ranges::find(graph.nodes, name, &graph::Node::name);
  };
  const auto tensor = [](graph::Graph& graph, const char* name) -> graph::Tensor& {
    return graph.tensor(graph.Find(name).value());
  };
  refused(
      dynamic,
      [&](auto& g) {
        node(g, "conv").attributes["clamp"] = std::vector<int64_t>{3, 200};
      },
      "node 'conv' (conv_2d): the clamp of an output with a dynamic range follows");
  refused(
      dynamic,
      [&](auto& g) {
        auto& shifts = std::get<std::vector<int64_t>>(node(g, "dense").attributes["shift"]);
        shifts[1] = kMinDynamicShift - 1;
      },
      "node 'dense' (fully_connected): shift -5 leaves no room for a dynamic range");
  refused(
      dynamic,
      [&](auto& g) {
        tensor(g, "pool").quantization.dynamic = false;
        tensor(g, "flat").quantization.dynamic = false;
      },
      "node 'pool' (max_pool_2d): input and output share one range");
  refused(
      dynamic, [&](auto& g) { node(g, "pool").attributes["activation"] = std::string("relu6"); },
      "node 'pool' (max_pool_2d): does not work with the dynamic range of tensor 'sum'");
  refused(
      dynamic, [&](auto& g) { node(g, "sum").type = graph::OpType::kMaximum; },
      "node 'sum' (maximum)");
  refused(
      dynamic,
      [&](auto& g) {
        graph::Tensor& bias = tensor(g, "depthwise/b");
        bias.data = SharedBytes::Own(std::vector<int32_t>(8, 1 << 23));
      },
      "node 'depthwise' (depthwise_conv_2d): output channel 0 could overflow its 32-bit "
      "accumulator: |weights| times the largest |input| plus |bias| times 256 (its input's range "
      "is "
      "dynamic)");
}

}  // namespace
}  // namespace integra::test
