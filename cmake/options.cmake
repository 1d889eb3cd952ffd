# Flags that every target of this project is built with.
add_library(integra_options INTERFACE)
target_compile_options(integra_options INTERFACE -Wall -Wextra -Wshadow=local -Wconversion
                       -Wno-sign-conversion)
if(INTEGRA_WERROR)
  target_compile_options(integra_options INTERFACE -Werror)
endif()
if(INTEGRA_SANITIZE)
  target_compile_options(integra_options INTERFACE -fsanitize=${INTEGRA_SANITIZE}
                         -fno-omit-frame-pointer -fno-sanitize-recover=all $<$<CONFIG:Debug>:-O1>)
  target_link_options(integra_options INTERFACE -fsanitize=${INTEGRA_SANITIZE})
endif()
if(INTEGRA_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES Clang)
    message(FATAL_ERROR "INTEGRA_FUZZ needs Clang: set CXX=clang++ CC=clang")
  endif()
  target_compile_options(integra_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
