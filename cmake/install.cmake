# cmake --install: libraries, headers, the program, the network that ships, and what
# find_package(integra CONFIG) and pkg-config read.
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/integra)

set(INTEGRA_SHARED FALSE)
if(BUILD_SHARED_LIBS)
  set(INTEGRA_SHARED TRUE)
endif()

install(TARGETS integra_runtime EXPORT integraRuntimeTargets)
install(EXPORT integraRuntimeTargets NAMESPACE integra:: DESTINATION ${package_dir})
install(DIRECTORY include/integra DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
if(INTEGRA_BUILD_TOOLS)
  install(TARGETS integra_tools EXPORT integraToolsTargets)
  install(EXPORT integraToolsTargets NAMESPACE integra:: DESTINATION ${package_dir})
endif()
if(TARGET integra)
  install(TARGETS integra)
endif()
install(FILES LICENSE README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})

configure_package_config_file(cmake/integraConfig.cmake.in integraConfig.cmake
                              INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(integraConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/integraConfig.cmake
              ${PROJECT_BINARY_DIR}/integraConfigVersion.cmake DESTINATION ${package_dir})

# Programs in C link a static library without the C++ compiler's help.
set(libs "-ldnnl -lgomp -lstdc++ -lm -lpthread")
if(BUILD_SHARED_LIBS)
  set(INTEGRA_PC_LIBS "")
  set(INTEGRA_PC_LIBS_PRIVATE "${libs}")
else()
  set(INTEGRA_PC_LIBS " ${libs}")
  set(INTEGRA_PC_LIBS_PRIVATE "")
endif()
file(RELATIVE_PATH INTEGRA_PC_TO_PREFIX /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
configure_file(cmake/integra.pc.in integra.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/integra.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
