// The verbs of the `integra` program. Each has a file of its own.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace integra::cli {

// Carries out a verb once its options have been read. Returns the exit code: kDone or kAnswerIsNo.
// Whatever fails throws Error, whose code is the exit code.
using Action = std::function<int()>;

inline constexpr int kDone = 0;
inline constexpr int kAnswerIsNo = 1;  // of a comparison or verification

// Each adds its options to its subcommand.
Action AddBench(CLI::App& verb);
Action AddCompare(CLI::App& verb);
Action AddImport(CLI::App& verb);
Action AddInfo(CLI::App& verb);
Action AddInspect(CLI::App& verb);
Action AddQuantize(CLI::App& verb);
Action AddRun(CLI::App& verb);
Action AddVerify(CLI::App& verb);

}  // namespace integra::cli
