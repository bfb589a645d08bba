# room(NAME PATH dir LINK libs…): every .c file below dir becomes one static library.
function(room name)
  cmake_parse_arguments(R "" "PATH" "LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${R_PATH}/*.c)
  if(NOT sources)
    file(WRITE ${CMAKE_BINARY_DIR}/empty/${name}.c "extern int room_${name}_is_empty;\n")
    set(sources ${CMAKE_BINARY_DIR}/empty/${name}.c)
  endif()
  add_library(room_${name} STATIC ${sources})
  add_library(room::${name} ALIAS room_${name})
  target_link_libraries(room_${name} PUBLIC ${R_LINK} flags)
endfunction()

# embed(NAME dir): the files below dir are linked into the program; base/embed.h finds them as "dir/file".
add_executable(embedder ${CMAKE_CURRENT_LIST_DIR}/embed.c)
set(EMBEDDED_LISTS "" CACHE INTERNAL "")
function(embed name dir)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR} ${dir}/*)
  set(out ${CMAKE_BINARY_DIR}/generated/embed_${name}.c)
  list(TRANSFORM files PREPEND ${CMAKE_SOURCE_DIR}/ OUTPUT_VARIABLE inputs)
  add_custom_command(OUTPUT ${out}
    COMMAND embedder ${name} ${out} ${CMAKE_SOURCE_DIR} ${files}
    DEPENDS embedder ${inputs} VERBATIM)
  if(NOT TARGET embedded)
    add_library(embedded STATIC ${CMAKE_SOURCE_DIR}/cmake/embedded.c)
    target_link_libraries(embedded PUBLIC room::base)
  endif()
  target_sources(embedded PRIVATE ${out})
endfunction()
