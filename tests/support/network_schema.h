// docs/network.schema.json, made from the operators' own schemas so that it cannot fall behind.
#pragma once

#include <string>

namespace integra::test {

// JSON Schema (draft 7) of network files, as it is published.
std::string NetworkSchema();

}  // namespace integra::test
