#!/usr/bin/env bash
# What users get from `cmake --install`: programs outside of this tree build against it, in C++ and C,
# with find_package and with pkg-config, static and shared.
#
#   install_test.sh SOURCE BUILD WORK static|shared
set -euo pipefail
export CMAKE_GENERATOR=Ninja  # the one that Integra's own list of packages has
source=$1 build=$2 work=$3 kind=$4
jobs=$(nproc)
rm -rf "$work"
mkdir -p "$work"

fail() {
  echo "install test: $*" >&2
  exit 1
}
quietly() { "$@" > "$work/log" 2>&1 || { cat "$work/log" >&2; fail "failed: $*"; }; }

if [ "$kind" = shared ]; then
  # integra::runtime alone. Not optimized: it is the package that is tested here.
  quietly cmake -S "$source" -B "$work/build" -D CMAKE_BUILD_TYPE=Debug -D CMAKE_CXX_FLAGS_DEBUG=-O0 \
    -D BUILD_SHARED_LIBS=ON -D INTEGRA_BUILD_TOOLS=OFF -D INTEGRA_BUILD_TESTS=OFF \
    -D INTEGRA_BUILD_BENCH=OFF
  quietly cmake --build "$work/build" --parallel "$jobs"
  build=$work/build
fi
quietly cmake --install "$build" --prefix "$work/first"
mv "$work/first" "$work/prefix" # an installed tree may be moved
prefix=$work/prefix
lib=$(dirname "$(find "$prefix" -name 'libintegra.*' | head -n 1)")
export PKG_CONFIG_PATH=$lib/pkgconfig LD_LIBRARY_PATH=$lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
version=$(pkg-config --modversion integra)

# Every public header stands alone.
for header in "$prefix"/include/integra/*.hpp; do
  echo "#include <integra/${header##*/}>" > "$work/header.cc"
  quietly c++ -std=c++20 -Wall -Wextra -Werror -fsyntax-only -I "$prefix/include" "$work/header.cc"
done
echo '#include <integra/integra.h>' > "$work/header.c"
quietly cc -std=c99 -pedantic -Wall -Wextra -Werror -fsyntax-only -I "$prefix/include" "$work/header.c"

# find_package: the examples, and a version that is not there.
quietly cmake -S "$source/examples" -B "$work/examples" -D CMAKE_PREFIX_PATH="$prefix"
quietly cmake --build "$work/examples"
mkdir "$work/later"
echo 'cmake_minimum_required(VERSION 3.22)
project(later LANGUAGES CXX)
find_package(integra 99 CONFIG REQUIRED)' > "$work/later/CMakeLists.txt"
! cmake -S "$work/later" -B "$work/later" -D CMAKE_PREFIX_PATH="$prefix" > /dev/null 2>&1 ||
  fail "version $version passes for 99"

# pkg-config.
read -ra flags <<< "$(pkg-config --cflags --libs integra)"
quietly c++ -std=c++20 "$source/examples/classify.cc" -o "$work/classify_pc" "${flags[@]}"
quietly cc -std=c99 "$source/examples/classify_c.c" -o "$work/classify_c_pc" "${flags[@]}" -lm

network=$source/models/digits
for program in "$work"/examples/classify "$work"/examples/classify_c "$work"/classify{,_c}_pc; do
  if [ -e "$network/network.json" ]; then
    said=$("$program" "$network") || fail "$program failed"
    [ "$said" = "digit: 3" ] || fail "$program said: $said"
  fi
  status=0
  "$program" "$work/nothing" 2> /dev/null || status=$?
  [ $status -ge 3 ] || fail "$program ended with $status where there is no network"
done

if [ "$kind" = static ] && [ -e "$prefix/include/integra/tools.hpp" ] && ls "$lib"/libintegra_tools.* > /dev/null; then
  quietly cmake -S "$source/tests/install/tools_consumer" -B "$work/tools" -D CMAKE_PREFIX_PATH="$prefix"
  quietly cmake --build "$work/tools"
  "$work/tools/tools_consumer" > /dev/null || fail "tools_consumer failed"
fi

if [ "$kind" = shared ]; then
  library=$lib/libintegra.so
  soname=$(objdump -p "$library" | awk '$1 == "SONAME" {print $2}')
  [ "$soname" = "libintegra.so.${version%.*}" ] || fail "soname is $soname, version $version"
  # Nothing leaves it but the interface: its C functions and what include/integra declares.
  strangers=$(nm -D -C --defined-only "$library" | cut -d' ' -f3- | sed 's/^\(vtable\|typeinfo\( name\)\?\) for //' |
    grep -vE '^integra_[a-z_]+$|^integra::((Network|Session|Error|SharedBytes)::|[A-Za-z]+(\[abi:cxx11\])?\()|^integra::[A-Za-z]+$' || true)
  [ -z "$strangers" ] || fail "exported without need:
$strangers"
  needed=$(objdump -p "$library" | awk '$1 == "NEEDED" {print $2}' |
    grep -vE '^(libdnnl|libstdc\+\+|libgomp|libgcc_s|libm|libc|libpthread|ld-linux.*)\.so' || true)
  [ -z "$needed" ] || fail "needs $needed"
fi
echo "install test ($kind): passed"
