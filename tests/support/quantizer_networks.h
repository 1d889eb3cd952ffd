// Networks and samples made for tests of the quantizer.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "graph/graph.h"
#include "graph/schema.h"
#include "integra/compare.hpp"
#include "integra/network.hpp"

namespace integra::test {

// Random real samples for networks with one input.
class RandomSamples : public DataSource {
 public:
  RandomSamples(int64_t count, float low, float high) : count_(count), low_(low), high_(high) {}
  int64_t size() const override { return count_; }
  void Read(int64_t i, const std::vector<TensorInfo>& inputs,
            std::span<const std::span<std::byte>> buffers) override {
    std::mt19937 random(static_cast<unsigned>(i) + 1);
    std::uniform_real_distribution<float> uniform(low_, high_);
    const TensorInfo& input = inputs.at(0);
    for (int64_t k = 0; k < ElementCount(input.shape); ++k) {
      float x = uniform(random);
      if (i == poisoned_sample && k == 0) x = std::numeric_limits<float>::quiet_NaN();
      if (input.dtype == DataType::kFloat32) {
        reinterpret_cast<float*>(buffers[0].data())[k] = x;
      } else if (input.dtype == DataType::kInt16) {
        const float q = std::round(x / input.quantization.scale[0]);
        reinterpret_cast<int16_t*>(buffers[0].data())[k] =
            static_cast<int16_t>(std::clamp(q, -32768.0f, 32767.0f));
      } else {
        // int8 and uint8 have the same bytes, 128 apart.
        const int offset = input.dtype == DataType::kInt8 ? 128 : 0;
        const float q = std::round(x / input.quantization.scale[0]) +
                        static_cast<float>(input.quantization.zero_point[0] + offset);
        reinterpret_cast<uint8_t*>(buffers[0].data())[k] =
            static_cast<uint8_t>(static_cast<int>(std::clamp(q, 0.0f, 255.0f)) - offset);
      }
    }
  }
  int64_t poisoned_sample = -1;

 private:
  int64_t count_;
  float low_, high_;
};

// Builds a float graph node by node.
class Builder {
 public:
  Builder() { graph_.name = "test"; }

  graph::TensorId Activation(const std::string& name, Shape shape) {
    graph::Tensor tensor;
    tensor.name = name;
    tensor.shape = std::move(shape);
    return Add(std::move(tensor));
  }

  graph::TensorId Constant(const std::string& name, Shape shape, std::vector<float> values) {
    graph::Tensor tensor;
    tensor.name = name;
    tensor.shape = std::move(shape);
    tensor.data = SharedBytes::Own(std::move(values));
    return Add(std::move(tensor));
  }

  std::vector<float> Random(int64_t count, float spread) {
    std::normal_distribution<float> normal(0, spread);
    std::vector<float> values(static_cast<size_t>(count));
    for (float& x : values) x = normal(random_);
    return values;
  }

  graph::TensorId Input(Shape shape) {
    const graph::TensorId id = Activation("image", std::move(shape));
    graph_.inputs = {id};
    return id;
  }

  graph::TensorId Apply(const std::string& name, graph::OpType type,
                        std::vector<graph::TensorId> inputs, Shape shape,
                        std::map<std::string, graph::Attribute, std::less<>> attributes = {}) {
    const graph::TensorId out = Activation(name, std::move(shape));
    graph_.nodes.push_back({name, type, std::move(inputs), {out}, std::move(attributes)});
    graph_.outputs = {out};
    return out;
  }

  graph::Graph& graph() { return graph_; }
  Network Done() {
    graph::Validate(graph_);
    return Network(graph_);
  }

 private:
  graph::TensorId Add(graph::Tensor tensor) {
    graph_.tensors.push_back(std::move(tensor));
    return static_cast<graph::TensorId>(graph_.tensors.size() - 1);
  }

  graph::Graph graph_;
  std::mt19937 random_{7};
};

// conv 3x3 -> depthwise -> flatten -> dense, for images [1, 6, 6, 2].
inline Builder SmallNetwork() {
  Builder b;
  const graph::TensorId x = b.Input({1, 6, 6, 2});
  const graph::TensorId conv =
      b.Apply("conv", graph::OpType::kConv2d,
              {x, b.Constant("conv/w", {8, 3, 3, 2}, b.Random(144, 0.3f)),
               b.Constant("conv/b", {8}, b.Random(8, 0.2f))},
              {1, 6, 6, 8},
              {{"padding", std::vector<int64_t>{1, 1, 1, 1}}, {"activation", std::string("relu")}});
  const graph::TensorId depthwise =
      b.Apply("depthwise", graph::OpType::kDepthwiseConv2d,
              {conv, b.Constant("depthwise/w", {1, 3, 3, 8}, b.Random(72, 0.4f)),
               b.Constant("depthwise/b", {8}, b.Random(8, 0.2f))},
              {1, 4, 4, 8}, {{"activation", std::string("relu")}});
  const graph::TensorId flat = b.Apply("flat", graph::OpType::kReshape, {depthwise}, {1, 128},
                                       {{"shape", std::vector<int64_t>{1, 128}}});
  b.Apply("dense", graph::OpType::kFullyConnected,
          {flat, b.Constant("dense/w", {5, 128}, b.Random(640, 0.1f)),
           b.Constant("dense/b", {5}, b.Random(5, 0.2f))},
          {1, 5});
  return b;
}

}  // namespace integra::test
