#!/usr/bin/env bash
# coverage.sh [gcovr option...]: which lines and branches of the loaders (graph/, io/, convert/,
# base/mapped_file.cc) the unit tests and the replayed fuzz seeds run. Prints a table by file; the
# page build/coverage/report/index.html shows the lines. Needs gcovr.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v gcovr > /dev/null || { echo "coverage needs the package gcovr" >&2; exit 1; }

cmake --preset coverage > /dev/null
cmake --build --preset coverage --parallel "$(nproc)" --target integra_tests integra_fuzz_replay
find build/coverage -name '*.gcda' -delete
build/coverage/tests/integra_tests
(cd build/coverage && tests/fuzz/integra_fuzz_replay)
mkdir -p build/coverage/report
# Every call that may throw is a branch to the compiler: those are left out.
gcovr --root . --object-directory build/coverage --exclude-throw-branches --exclude-unreachable-branches \
  --filter 'graph/.*\.cc' --filter 'io/.*\.cc' --filter 'convert/.*\.cc' --filter base/mapped_file.cc \
  --html-details build/coverage/report/index.html --txt --print-summary "$@"
