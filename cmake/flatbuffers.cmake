# Readers of FlatBuffers files: integra_flatbuffers(target schema.fbs) generates
# <build>/generated/convert/<schema>_generated.h and lets `target` include it as "convert/...".
# The headers are code of flatc, not ours: they are included as system headers, without warnings.
find_program(INTEGRA_FLATC flatc REQUIRED DOC "FlatBuffers compiler")

function(integra_flatbuffers target schema)
  get_filename_component(name ${schema} NAME_WE)
  set(folder ${PROJECT_BINARY_DIR}/generated)
  set(header ${folder}/convert/${name}_generated.h)
  add_custom_command(
    OUTPUT ${header}
    COMMAND ${INTEGRA_FLATC} --cpp --scoped-enums --gen-object-api -o ${folder}/convert ${schema}
    DEPENDS ${schema}
    COMMENT "Generating ${name}_generated.h"
    VERBATIM)
  add_custom_target(${target}_${name} DEPENDS ${header})
  add_dependencies(${target} ${target}_${name})
  target_include_directories(${target} SYSTEM PRIVATE ${folder})
endfunction()
