#include "tests/support/random_run.h"

#include <random>
#include <span>

namespace integra::test {

std::vector<std::byte> RunOnRandom(Session& session, unsigned seed) {
  std::mt19937_64 random(seed);
  std::vector<std::byte> in(static_cast<size_t>(ElementCount(session.inputs()[0].shape)));
  for (std::byte& v : in) v = static_cast<std::byte>(random());
  std::vector<std::byte> out(static_cast<size_t>(ElementCount(session.outputs()[0].shape)));
  const std::span<const std::byte> inputs[] = {in};
  const std::span<std::byte> outputs[] = {out};
  session.Run(inputs, outputs);
  return out;
}

}  // namespace integra::test
