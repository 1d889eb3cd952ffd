#!/usr/bin/env bash
# Tests kernels and networks on processors that QEMU emulates: without SSE4.1, without AVX, without
# AVX2, and with it. An instruction that one of them lacks ends the test. Arguments go to the test
# program.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/packages.sh
integra_packages+=(qemu-user)
install_packages

cmake --preset ci > /dev/null
cmake --build --preset ci --parallel "$(nproc)" --target integra integra_tests
# Whole networks; products, the output stage, and what works by channels or elements.
tests='same bits: capped*,self-test*,GEMM*,requantization*,*every level*,*vector add*,linear sum*'
for expected in core2duo:portable Penryn:sse41 SandyBridge:sse41 Haswell:avx2; do
  IFS=: read -r processor level <<< "$expected"
  run=(qemu-x86_64 -cpu "$processor")
  info=$("${run[@]}" build/ci/cli/integra info 2> /dev/null)
  echo "$processor: $(grep '^instructions' <<< "$info")"
  grep -qE "^instructions +$level( |$)" <<< "$info" || { echo "expected $level" >&2; exit 1; }
  "${run[@]}" build/ci/tests/integra_tests --no-skip -tc="$tests" "$@" 2>&1 | grep -v 'TCG doesn'
done
