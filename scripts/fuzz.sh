#!/usr/bin/env bash
# fuzz.sh SECONDS [TARGET...]: runs every fuzz target (tests/fuzz/), or those named, for so many
# seconds under the address and undefined behaviour sanitizers, two at a time on two cores. Starts
# from the seeds, the findings of the past, and what earlier runs have gathered in build/fuzz/corpus.
# Prints executions and edge coverage. Fails where an input was found; build/fuzz/findings keeps it,
# and `build/fuzz/tests/fuzz/integra_fuzz_replay TARGET FILE` runs it again.
set -euo pipefail
cd "$(dirname "$0")/.."
[[ ${1:-} =~ ^[0-9]+$ ]] || { sed -n '2,6s/^# //p' "$0" >&2; exit 2; }
seconds=$1
shift
targets=("$@")
[ $# -gt 0 ] || targets=(network safetensors tflite npy picture tuning execute)
command -v clang++ > /dev/null || { echo "fuzzing needs clang++ and its libFuzzer" >&2; exit 1; }

cmake --preset fuzz > /dev/null
cmake --build --preset fuzz --parallel "$(nproc)" --target integra_fuzz_replay "${targets[@]/#/fuzz_}"
bin=$PWD/build/fuzz/tests/fuzz
cd build/fuzz
"$bin/integra_fuzz_replay" --seeds seeds
# Targets write files: in memory, where there is such a file system.
[ -w /dev/shm ] && export TMPDIR=/dev/shm

# No loader may ask for more than 256 MB at once: no input is longer than 8 KB. One process for all
# inputs is the fastest, but a finding ends it: what is left of the time runs in processes that are
# started anew.
run() {
  local target=$1 past=../../tests/fuzz/regressions/$1 left
  mkdir -p "corpus/$target" "findings/$target" "$past"
  local command=("$bin/fuzz_$target" -max_len=8192 -timeout=20 -malloc_limit_mb=256
    -rss_limit_mb=2048 -artifact_prefix="findings/$target/" "corpus/$target" "seeds/$target" "$past")
  SECONDS=0
  if ! "${command[@]}" -max_total_time="$seconds" > "fuzz_$target.log" 2>&1; then
    left=$((seconds - SECONDS))
    if [ "$left" -gt 0 ]; then
      "${command[@]}" -fork=1 -ignore_crashes=1 -ignore_timeouts=1 -ignore_ooms=1 \
        -max_total_time="$left" >> "fuzz_$target.log" 2>&1 || true
      "${command[@]}" -runs=0 >> "fuzz_$target.log" 2>&1 || true  # for the edges
    fi
  fi
  rmdir "$past" 2> /dev/null || true
  # "#N DONE cov: EDGES ..." of one process; with -fork "#N: cov: ...", which counts more than edges.
  awk -v target="$target" '
    $1 ~ /^#[0-9]+$/ && $3 == "cov:" {
      if (!rest) first = substr($1, 2) + 0
      if ($4 + 0 > edges) edges = $4 + 0
    }
    $1 ~ /^#[0-9]+:$/ && $2 == "cov:" { rest = substr($1, 2) + 0 }
    END { print target ": " first + rest " executions, " edges " edges" }' "fuzz_$target.log"
}
export -f run
export bin seconds
printf '%s\n' "${targets[@]}" | xargs -P "${FUZZ_JOBS:-$(nproc)}" -I TARGET bash -c 'run TARGET'

found=$(find findings -type f)
[ -z "$found" ] || { echo "findings:"; echo "$found"; exit 1; }
