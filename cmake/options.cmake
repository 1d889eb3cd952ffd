# Flags that every target of this project is built with.
add_library(integra_options INTERFACE)
include(CheckCXXCompilerFlag)
check_cxx_compiler_flag(-Wshadow=local INTEGRA_HAS_SHADOW_LOCAL)  # GCC's
target_compile_options(integra_options INTERFACE -Wall -Wextra
                       $<$<BOOL:${INTEGRA_HAS_SHADOW_LOCAL}>:-Wshadow=local> -Wconversion
                       -Wno-sign-conversion
                       # Clang's word that a loop marked `omp simd` stays scalar, as sanitizers make it.
                       $<$<CXX_COMPILER_ID:Clang>:-Wno-pass-failed>)
if(INTEGRA_WERROR)
  target_compile_options(integra_options INTERFACE -Werror)
endif()
if(INTEGRA_SANITIZE)
  target_compile_options(integra_options INTERFACE -fsanitize=${INTEGRA_SANITIZE}
                         -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_compile_definitions(integra_options INTERFACE INTEGRA_SANITIZED)
  target_link_options(integra_options INTERFACE -fsanitize=${INTEGRA_SANITIZE})
endif()
if(INTEGRA_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES Clang)
    message(FATAL_ERROR "INTEGRA_FUZZ needs Clang: set CXX=clang++ CC=clang")
  endif()
  target_compile_options(integra_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
