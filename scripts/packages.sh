# Sourced by the other scripts: the Debian 12 packages that Integra is built from.
#
# A word on two of them: libdnnl-dev's CMake file asks for OpenCL (ocl-icd-opencl-dev), and binutils
# has objdump, with which a test reads the machine code.

integra_packages=(
  binutils cmake g++ ninja-build pkg-config
  libdnnl-dev ocl-icd-opencl-dev nlohmann-json3-dev
  libcli11-dev libflatbuffers-dev flatbuffers-compiler libfmt-dev libjpeg-dev libpng-dev
  libbenchmark-dev doctest-dev libvalijson-dev zlib1g-dev
)
# What scripts/check.sh needs as well. llvm has the program that names lines in sanitizers' reports.
integra_clang_packages=(clang clang-tidy git libclang-rt-dev libomp-dev llvm)

# Installs those of `integra_packages` that are not there yet.
install_packages() {
  command -v dpkg-query > /dev/null || { echo "not a Debian: install the packages by hand" >&2; return; }
  local missing=() package
  for package in "${integra_packages[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2> /dev/null | grep -q 'ok installed' ||
      missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  echo "installing: ${missing[*]}"
  local sudo=()
  [ "$(id -u)" = 0 ] || sudo=(sudo)
  "${sudo[@]}" apt-get update -qq
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -qq -y --no-install-recommends "${missing[@]}" > /dev/null
}
