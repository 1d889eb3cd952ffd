// The `integra` program: reads the command line and runs one verb.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <exception>
#include <new>
#include <string>
#include <vector>

#include "base/suggestion.h"
#include "cli/console.h"
#include "cli/verbs.h"
#include "integra/error.hpp"
#include "integra/version.hpp"

namespace integra::cli {
namespace {

struct Verb {
  const char* name;
  const char* summary;
  const char* example;
  Action (*add)(CLI::App&);
};

constexpr Verb kVerbs[] = {
    {"bench", "Measure how long one inference takes",
     "integra bench mobilenet --threads 2 --profile", AddBench},
    {"compare", "Compare a network's modes, and its float original, over a data set",
     "integra compare mobilenet --data pictures/ --labels labels.tsv --html report.html",
     AddCompare},
    {"import", "Convert a .tflite file to a network folder",
     "integra import mobilenet_v2_int8.tflite -o mobilenet", AddImport},
    {"info", "Show processor, oneDNN, self-test and which kernels are chosen", "integra info",
     AddInfo},
    {"inspect", "Show a network's layers, shapes, kernels and memory",
     "integra inspect mobilenet --dot mobilenet.dot", AddInspect},
    {"quantize", "Make an integer network from a float one and samples",
     "integra quantize mobilenet_float -o mobilenet --calibration pictures/ --preprocess signed",
     AddQuantize},
    {"run", "Run a network on arrays or pictures",
     "integra run mobilenet --input cat.jpg --labels labels.txt --top-k 5", AddRun},
    {"verify", "Check that a network is integer only, and show the accumulator bits it uses",
     "integra verify mobilenet", AddVerify},
};

constexpr const char* kExitCodes =
    "Exit codes: 0 done, 1 the answer is no (a comparison or verification failed), 2 wrong use,\n"
    "3 bad input file, 4 not supported (the message names the node), 5 the system failed.";

// CLI11's message for an unknown verb or option, with the nearest name that exists.
std::string Explain(const CLI::App& app, const CLI::ParseError& error, int argc, char** argv) {
  const auto chosen = app.get_subcommands();
  if (!chosen.empty()) {
    std::string message = error.what();
    std::vector<std::string> names;
    for (const CLI::Option* option : chosen[0]->get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
    for (int i = 2; i < argc; ++i) {
      const std::string word = std::string(argv[i]).substr(0, std::string(argv[i]).find('='));
      if (!word.starts_with("--") || std::count(names.begin(), names.end(), word) > 0) continue;
      message += DidYouMean(word, names);
      break;
    }
    return message + "\nRun 'integra " + chosen[0]->get_name() + " --help' for its options.";
  }
  std::vector<std::string> names;
  for (const Verb& verb : kVerbs) names.push_back(verb.name);
  const std::string word = argc > 1 ? argv[1] : "";
  if (word.empty() || word.starts_with("-")) {
    return std::string(error.what()) + "\nRun 'integra --help' for the verbs.";
  }
  return "unknown verb '" + word + "'" + DidYouMean(word, names) +
         "\nRun 'integra --help' for the verbs.";
}

int Main(int argc, char** argv) {
  CLI::App app("Integer-only inference for quantized neural networks.", "integra");
  app.set_version_flag("--version", std::string("integra ") + Version());
  app.require_subcommand(1);
  app.get_formatter()->column_width(32);
  app.footer(std::string("\nEvery verb has --help.\n\n") + kExitCodes);
  std::vector<Action> actions;
  for (const Verb& verb : kVerbs) {
    CLI::App* sub = app.add_subcommand(verb.name, verb.summary);
    sub->footer(std::string("\nExample:\n  ") + verb.example + "\n\n" + kExitCodes);
    actions.push_back(verb.add(*sub));
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    WriteOut(app.help());
    return kDone;
  } catch (const CLI::CallForVersion& version) {
    Print("{}\n", version.what());
    return kDone;
  } catch (const CLI::ParseError& error) {
    PrintError(Explain(app, error, argc, argv));
    return static_cast<int>(ErrorCode::kInvalidArgument);
  }
  for (size_t i = 0; i < std::size(kVerbs); ++i) {
    if (app.got_subcommand(kVerbs[i].name)) return actions[i]();
  }
  return kDone;
}

}  // namespace
}  // namespace integra::cli

int main(int argc, char** argv) {
  using integra::cli::PrintError;
  constexpr int kSystem = static_cast<int>(integra::ErrorCode::kSystem);
  try {
    integra::cli::PrepareConsole();
    const int code = integra::cli::Main(argc, argv);
    integra::cli::FlushOut();
    return code;
  } catch (const integra::Error& error) {
    PrintError(error.what());
    return static_cast<int>(error.code());
  } catch (const std::bad_alloc&) {
    PrintError("out of memory");
    return kSystem;
  } catch (const std::exception& error) {
    PrintError(std::string("internal error: ") + error.what());
    return kSystem;
  }
}
