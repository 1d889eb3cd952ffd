#include "tests/support/npy.h"

#include <doctest/doctest.h>

#include "tests/support/golden.h"

namespace integra::test {
namespace {

TEST_CASE("The tests' .npy and .npz readers agree on a golden sample") {
  const auto data = GoldenFolder();
  if (!data) return;
  const auto folder = *data / "goldens" / "kws_ref_model";
  const Array input = ReadNpy(folder / "input0.npy");
  CHECK(input.dtype == DataType::kInt8);
  CHECK(input.shape == Shape{32, 49, 10, 1});
  const auto tensors = ReadNpz(folder / "tensors.npz");
  const Array& first = tensors.at("t000");
  CHECK(first.shape == Shape{1, 49, 10, 1});
  const auto sample = input.slices(0);
  CHECK(std::equal(sample.begin(), sample.end(), first.bytes.begin(), first.bytes.end()));
}

}  // namespace
}  // namespace integra::test
