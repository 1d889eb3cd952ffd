#!/usr/bin/env bash
# clang-tidy (.clang-tidy) on what changed, with every finding an error: there are to be none.
#
#   scripts/tidy.sh [--most N] [BASE]    sources that differ from the commit BASE (HEAD~1); N at most
#   scripts/tidy.sh --all                all sources
#
# Reads build/ci/compile_commands.json.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/packages.sh
integra_packages+=("${integra_clang_packages[@]}")
install_packages

most=
[ "${1:-}" != --most ] || { most=$2; shift 2; }
base=${1:-HEAD~1}
if [ "$base" = --all ]; then
  files=$(git ls-files '*.cc')
elif git rev-parse --quiet --verify "$base^{commit}" > /dev/null; then
  files=$(git diff --name-only --diff-filter=d "$base" -- '*.cc')
else
  echo "clang-tidy: no commit $base to compare with; nothing was looked at" && exit 0
fi
[ -n "$files" ] || { echo "clang-tidy: no sources changed"; exit 0; }
build=build/ci
cmake --preset ci > /dev/null
cmake --build --preset ci --target integra_tools_tflite > /dev/null  # a generated header
# Only what is compiled here: the examples are a project of their own.
files=$(for file in $files; do grep -q "/$file\"" $build/compile_commands.json && echo "$file"; done || true)
[ -n "$files" ] || { echo "clang-tidy: no sources changed"; exit 0; }
count=$(wc -w <<< "$files")
if [ -n "$most" ] && [ "$count" -gt "$most" ]; then
  echo "clang-tidy: the first $most of $count sources; 'scripts/tidy.sh $base' looks at all"
  files=$(head -n "$most" <<< "$files")
else
  echo "clang-tidy: $count sources"
fi
# GCC's warning options mean nothing to it.
xargs -n 1 -P "$(nproc)" clang-tidy -p $build --quiet --warnings-as-errors='*' \
  --extra-arg=-Wno-unknown-warning-option <<< "$files"
