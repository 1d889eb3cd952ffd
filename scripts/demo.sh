#!/usr/bin/env bash
# Integra's main job on the network that ships: accuracy, layer by layer differences, and latency, in
# float, simulated and integer mode side by side. Installs the Debian packages that are missing.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/packages.sh
install_packages

cmake --preset release -D INTEGRA_BUILD_TESTS=OFF -D INTEGRA_BUILD_BENCH=OFF > /dev/null
cmake --build --preset release --parallel "$(nproc)"
integra=build/release/cli/integra

echo
"$integra" info
echo
"$integra" compare models/digits --float models/digits/float \
  --data models/digits/test_images.npy --labels models/digits/test_labels.npy
echo
echo "Best time of one inference, one thread, in microseconds:"
for mode in float simulated integer; do
  printf '  %-10s %s\n' "$mode" "$("$integra" bench models/digits --mode "$mode" --us | tail -n 1)"
done
