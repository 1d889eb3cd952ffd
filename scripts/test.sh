#!/usr/bin/env bash
# Builds everything with warnings as errors and runs all tests. Needs nothing but a Debian 12 and its
# packages, which it installs where they are missing. Arguments go to ctest (e.g. -R install).
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/packages.sh
install_packages

cmake --preset ci > /dev/null
cmake --build --preset ci --parallel "$(nproc)"
data=${INTEGRA_TEST_DATA:-../shared/data}
[ -d "$data/goldens" ] ||
  echo "Tests on real networks are skipped: no golden data in $data (set INTEGRA_TEST_DATA)."
ctest --preset ci "$@"
