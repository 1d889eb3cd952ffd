#!/usr/bin/env bash
# Tests the AVX-512 kernels on any x86-64 with AVX2: their intrinsics become plain C++ (SIMD
# Everywhere), slow but with the same bits. Arguments go to the test program.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/packages.sh
integra_packages+=(libsimde-dev)
install_packages

cmake --preset emulated-avx512 > /dev/null
cmake --build --preset emulated-avx512 --parallel "$(nproc)" --target integra_tests
build/emulated-avx512/tests/integra_tests "$@"
