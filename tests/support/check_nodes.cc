#include "tests/support/check_nodes.h"

#include <doctest/doctest.h>

#include "tests/support/networks.h"
#include "tests/support/temporary_folder.h"

namespace integra::test {

void CheckNodes(const std::vector<OneNode>& nodes) {
  const TemporaryFolder folder;
  for (const OneNode& node : nodes) {
    const Refusal refusal = TryLoad(folder.Write("net.json", NetworkText(node)));
    CAPTURE(node.type);
    CAPTURE(node.attributes);
    CAPTURE(node.reason);
    INFO(refusal.message);
    CHECK(refusal.loaded == node.reason.empty());
    if (node.reason.empty()) continue;
    CHECK(refusal.code == node.code);
    CHECK(Says(refusal, "net.json"));
    CHECK((Says(refusal, "node 'n' (" + node.type + ")") || Says(refusal, "tensor '")));
    CHECK(Says(refusal, node.reason));
  }
}

}  // namespace integra::test
