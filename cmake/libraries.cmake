# The two libraries. Sources are listed by folder: a new operator is a new file, not an edit here.
function(integra_sources out)
  set(sources)
  foreach(folder ${ARGN})
    file(GLOB found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.cc)
    list(APPEND sources ${found})
  endforeach()
  set(${out} ${sources} PARENT_SCOPE)
endfunction()

integra_sources(runtime_sources base kernels kernels/reference kernels/portable kernels/onednn graph graph/ops
                runtime runtime/ops)
add_library(integra_runtime ${runtime_sources})
add_library(integra::runtime ALIAS integra_runtime)
set_source_files_properties(${PROJECT_SOURCE_DIR}/base/version.cc PROPERTIES
                            COMPILE_DEFINITIONS INTEGRA_VERSION="${PROJECT_VERSION}")

# Vector kernels: one folder per instruction set, compiled with its flags and reached only after the
# processor was asked (kernels/isa.h).
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  integra_sources(sse41_sources kernels/sse41)
  integra_sources(avx2_sources kernels/avx2)
  integra_sources(avx512_sources kernels/avx512)
  # A product's inner loop that begins anywhere in a line of the instruction cache is 2 to 5 % slower.
  set(aligned -falign-loops=32)
  set_source_files_properties(${avx2_sources} PROPERTIES COMPILE_OPTIONS "${aligned};-mavx2;-mfma;-mbmi2")
  set_source_files_properties(${sse41_sources} PROPERTIES COMPILE_OPTIONS "${aligned};-msse4.1")
  if(INTEGRA_EMULATE_AVX512)
    set_source_files_properties(${avx512_sources} PROPERTIES COMPILE_OPTIONS
      "-w;-O1;-mavx2;-mfma;-mbmi2;-I${PROJECT_SOURCE_DIR}/tests/emulated")
    set_source_files_properties(${avx512_sources} ${PROJECT_SOURCE_DIR}/kernels/isa.cc PROPERTIES
                                COMPILE_DEFINITIONS INTEGRA_EMULATE_AVX512)
  else()
    # GCC 12 takes the undefined registers inside its own AVX512 intrinsics for uninitialized ones.
    set(quiet $<$<CXX_COMPILER_ID:GNU>:-Wno-uninitialized;-Wno-maybe-uninitialized>)
    set_source_files_properties(${avx512_sources} PROPERTIES COMPILE_OPTIONS
      "${quiet};${aligned};-mavx2;-mfma;-mbmi2;-mavx512f;-mavx512bw;-mavx512dq;-mavx512vl;-mavx512vnni;-mprefer-vector-width=512")
  endif()
  target_sources(integra_runtime PRIVATE ${sse41_sources} ${avx2_sources} ${avx512_sources})
  # Once for each encoding: kernels/vnni256.h.
  integra_sources(vnni256_sources kernels/vnni256)
  foreach(encoding vex evex)
    add_library(integra_vnni256_${encoding} OBJECT ${vnni256_sources})
    target_include_directories(integra_vnni256_${encoding} PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include)
    target_link_libraries(integra_vnni256_${encoding} PRIVATE integra_options)
    target_compile_definitions(integra_vnni256_${encoding} PRIVATE INTEGRA_ENCODING=${encoding})
    target_compile_options(integra_vnni256_${encoding} PRIVATE ${aligned} -mavx2 -mfma -mbmi2)
    set_target_properties(integra_vnni256_${encoding} PROPERTIES POSITION_INDEPENDENT_CODE ON)
    target_sources(integra_runtime PRIVATE $<TARGET_OBJECTS:integra_vnni256_${encoding}>)
  endforeach()
  target_compile_options(integra_vnni256_vex PRIVATE -mavxvnni)
  target_compile_options(integra_vnni256_evex PRIVATE -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512vnni
                         -mprefer-vector-width=256)
  target_compile_definitions(integra_runtime PRIVATE INTEGRA_X86=1)
endif()

target_include_directories(integra_runtime
  PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
  PRIVATE ${PROJECT_SOURCE_DIR})
target_link_libraries(integra_runtime
  PRIVATE $<BUILD_INTERFACE:integra_options> $<BUILD_INTERFACE:nlohmann_json::nlohmann_json>
          DNNL::dnnl OpenMP::OpenMP_CXX Threads::Threads)
set_target_properties(integra_runtime PROPERTIES EXPORT_NAME runtime OUTPUT_NAME integra
                      VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
                      DEFINE_SYMBOL "")  # static and shared objects are the same: ccache finds them

if(INTEGRA_BUILD_TOOLS)
  find_package(FlatBuffers NAMES FlatBuffers Flatbuffers CONFIG REQUIRED)  # 2.x: FlatBuffers; later: both
  find_package(fmt CONFIG REQUIRED)
  find_package(JPEG REQUIRED)
  find_package(PNG REQUIRED)
  integra_sources(tools_sources io kernels/float kernels/onednn/float runtime/float analysis quantize
                  convert convert/tflite)
  add_library(integra_tools ${tools_sources})
  add_library(integra::tools ALIAS integra_tools)
  target_include_directories(integra_tools PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(integra_tools PUBLIC integra_runtime
    PRIVATE $<BUILD_INTERFACE:integra_options> $<BUILD_INTERFACE:nlohmann_json::nlohmann_json>
            DNNL::dnnl fmt::fmt JPEG::JPEG PNG::PNG OpenMP::OpenMP_CXX Threads::Threads)
  include(cmake/flatbuffers.cmake)
  integra_flatbuffers(integra_tools ${PROJECT_SOURCE_DIR}/convert/tflite.fbs)
  set_target_properties(integra_tools PROPERTIES EXPORT_NAME tools OUTPUT_NAME integra_tools
                        VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
endif()

# All that reads what a stranger may have written. Only these: counting makes kernels slow.
if(INTEGRA_COVERAGE)
  integra_sources(loader_sources graph graph/ops io convert convert/tflite)
  set_source_files_properties(${loader_sources} ${PROJECT_SOURCE_DIR}/base/mapped_file.cc
                              PROPERTIES COMPILE_OPTIONS "--coverage;-O0")
  target_link_options(integra_options INTERFACE --coverage)
endif()

if(BUILD_SHARED_LIBS)
  foreach(library integra_runtime integra_tools)
    if(TARGET ${library})
      target_link_options(${library} PRIVATE
                          -Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/exports.map)
      set_target_properties(${library} PROPERTIES
                            LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/exports.map)
    endif()
  endforeach()
endif()

