# The library for C programs: all rooms as one object, of which only weirbox_* can be seen from outside; its headers, its
# CMake package and its pkg-config file. Everything finds itself from where it lies, so the prefix may be moved.
include(CMakePackageConfigHelpers)
set(room_objects $<TARGET_OBJECTS:embedded>)
foreach(room base net cloud ${MOCKS} ${PIPELINE} cli)
  list(APPEND room_objects $<TARGET_OBJECTS:room_${room}>)
endforeach()
set(whole ${CMAKE_BINARY_DIR}/generated/weirbox.o)
add_custom_command(OUTPUT ${whole}
  COMMAND ${CMAKE_LINKER} -r -o ${whole}.all ${room_objects}
  COMMAND ${CMAKE_OBJCOPY} --wildcard --keep-global-symbol=weirbox_* ${whole}.all ${whole}
  COMMAND ${CMAKE_COMMAND} -E rm ${whole}.all
  DEPENDS ${room_objects} COMMAND_EXPAND_LISTS VERBATIM)
set_source_files_properties(${whole} PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)
add_library(libweirbox STATIC ${whole})
set_target_properties(libweirbox PROPERTIES OUTPUT_NAME weirbox LINKER_LANGUAGE C)

# What its users link too: the modules that CMakeLists.txt has asked pkg-config for, and those it found otherwise.
set(WEIRBOX_REQUIRES libcurl openssl sqlite3 zlib)
get_cmake_property(variables VARIABLES)
list(FILTER variables INCLUDE REGEX "^[A-Z0-9]+_MODULE_NAME$")
foreach(variable ${variables})
  string(REPLACE "_MODULE_NAME" "" prefix ${variable})
  if(${prefix}_FOUND AND NOT prefix STREQUAL "CMOCKA")
    list(APPEND WEIRBOX_REQUIRES ${${variable}})
  endif()
endforeach()
string(REPLACE ";" " " WEIRBOX_REQUIRES "${WEIRBOX_REQUIRES}")
configure_package_config_file(cmake/weirboxConfig.cmake.in ${CMAKE_BINARY_DIR}/generated/weirboxConfig.cmake
  INSTALL_DESTINATION lib/cmake/weirbox)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/generated/weirboxConfigVersion.cmake COMPATIBILITY SameMinorVersion)
configure_file(cmake/weirbox.pc.in ${CMAKE_BINARY_DIR}/generated/weirbox.pc @ONLY)

install(TARGETS libweirbox ARCHIVE DESTINATION lib)
install(FILES cli/weirbox.h DESTINATION include/weirbox)
install(FILES cli/weirbox_cmocka.h DESTINATION include/weirbox RENAME cmocka.h)
install(FILES ${CMAKE_BINARY_DIR}/generated/weirboxConfig.cmake ${CMAKE_BINARY_DIR}/generated/weirboxConfigVersion.cmake
  DESTINATION lib/cmake/weirbox)
install(FILES ${CMAKE_BINARY_DIR}/generated/weirbox.pc DESTINATION lib/pkgconfig)
