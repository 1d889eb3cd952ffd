#!/usr/bin/env bash
# Builds Integra with oneDNN 3.x beside Debian 12's 2.6 and runs the tests: both give the same bits.
# ONEDNN_PREFIX names an installed oneDNN 3.x; without it, version 3.2 is taken from PyPI (its build
# on GNU OpenMP, as Debian's is). Arguments go to ctest.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/packages.sh
prefix=${ONEDNN_PREFIX:-}
if [ -z "$prefix" ]; then
  integra_packages+=(python3-venv)
  prefix=$PWD/build/onednn3-package
fi
install_packages
if [ -z "${ONEDNN_PREFIX:-}" ] && [ ! -e "$prefix/lib/libdnnl.so.3" ]; then
  python3 -m venv "$prefix"
  "$prefix/bin/pip" install --quiet --no-deps \
    onednn-cpu-gomp==2023.2.0 onednn-devel-cpu-gomp==2023.2.0
fi

cmake --preset ci -B build/onednn3 -D CMAKE_PREFIX_PATH="$prefix" -D INTEGRA_BUILD_BENCH=OFF > /dev/null
cmake --build build/onednn3 --parallel "$(nproc)"
build/onednn3/cli/integra info | grep '^oneDNN  *3\.' ||
  { echo "this is not oneDNN 3.x: $prefix" >&2; exit 1; }
# The install test builds against the oneDNN that CMake finds by itself.
ctest --test-dir build/onednn3 --output-on-failure --exclude-regex install "$@"
