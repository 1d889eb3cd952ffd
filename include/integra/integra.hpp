// Everything an embedder of integra::runtime needs: load a network, make a session, run it.
//
//   const integra::Network network = integra::Network::Load("models/digits");
//   integra::Session session(network, {.threads = 2});
//   session.Run(inputs, outputs);
//
// The interface for C and for other languages is integra.h.
#pragma once

#include "integra/error.hpp"    // IWYU pragma: export
#include "integra/network.hpp"  // IWYU pragma: export
#include "integra/session.hpp"  // IWYU pragma: export
#include "integra/tensor.hpp"   // IWYU pragma: export
#include "integra/version.hpp"  // IWYU pragma: export
