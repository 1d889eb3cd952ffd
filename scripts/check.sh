#!/usr/bin/env bash
# check.sh [COMMIT]: what CI runs beside scripts/test.sh. clang-tidy on the sources that differ from
# COMMIT (HEAD~1), the unit tests and the fuzz seeds under the address and undefined behaviour
# sanitizers, and the tests of threads under the thread sanitizer. Installs the packages it misses.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/packages.sh
integra_packages+=("${integra_clang_packages[@]}")
install_packages

# A source takes some 8 seconds on two cores: 60 of them take 8 minutes.
scripts/tidy.sh --most 60 "$@"

# Sanitizers of this age take the addresses of newer kernels for errors, now and then, where these
# are random. Containers may forbid to ask for others.
fixed_addresses=()
setarch --addr-no-randomize true 2> /dev/null && fixed_addresses=(setarch --addr-no-randomize)
export UBSAN_OPTIONS=print_stacktrace=1
run() { "${fixed_addresses[@]}" "$@"; }

cmake --preset asan-ubsan > /dev/null
cmake --build --preset asan-ubsan --parallel "$(nproc)" --target integra_tests integra_fuzz_replay
run build/asan-ubsan/tests/integra_tests
run build/asan-ubsan/tests/fuzz/integra_fuzz_replay

cmake --preset tsan > /dev/null
cmake --build --preset tsan --parallel "$(nproc)" --target integra_thread_tests
# (What OpenMP's library and oneDNN hand from thread to thread is not instrumented, and looks like
# races: LLVM asks for this where OpenMP is used.)
TSAN_OPTIONS=ignore_noninstrumented_modules=1 run build/tsan/tests/integra_thread_tests
