# A test's name is its path: tests/unit/buf.c is ctest unit/buf with label unit.
# unit/ links base, net and the room named by the file's stem (kinesis_seqno.c -> kinesis); wire/ adds the cloud;
# flow_*, fault_* and cli_* the whole program but main.
add_library(t STATIC)
file(GLOB SUPPORT CONFIGURE_DEPENDS tests/support/*.c)
list(FILTER SUPPORT EXCLUDE REGEX "fuzz_main")
target_sources(t PRIVATE ${SUPPORT})
target_link_libraries(t PUBLIC room::cloud PkgConfig::CMOCKA)

set(SHARED_DATA "${CMAKE_SOURCE_DIR}/../shared/data" CACHE PATH "real rows and captures; tests that want them skip without")
set(ROOMS ${MOCKS} ${PIPELINE})
set(LIMIT 300) # seconds a test may take
if(WEIRBOX_SANITIZE)
  set(LIMIT 600)
endif()

function(program_test label file)
  get_filename_component(stem ${file} NAME_WE)
  set(name ${label}_${stem})
  set(link)
  foreach(room ${ROOMS})
    if(stem STREQUAL room OR stem MATCHES "^${room}_")
      set(link room::${room})
    endif()
  endforeach()
  if(stem MATCHES "^(flow|fault|cli)(_|$)")
    set(link room::cli)
  endif()
  add_executable(${name} ${file})
  target_link_libraries(${name} PRIVATE ${link} t embedded flags)
  # Failing assertions leave by longjmp, which compilers do not know when they ask whether a variable was set.
  # Of the source file, as these go behind the warnings of `flags`.
  set_source_files_properties(${file} PROPERTIES COMPILE_OPTIONS "$<$<C_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>;$<$<C_COMPILER_ID:Clang>:-Wno-sometimes-uninitialized;-Wno-string-concatenation>")
  add_test(NAME ${label}/${stem} COMMAND ${name})
  set_tests_properties(${label}/${stem} PROPERTIES LABELS ${label} SKIP_RETURN_CODE 77 TIMEOUT ${LIMIT}
    ENVIRONMENT "CMOCKA_TEST_ABORT=0;WEIRBOX_SOURCE=${CMAKE_SOURCE_DIR};WEIRBOX_SHARED_DATA=${SHARED_DATA};WEIRBOX_BIN=${CMAKE_BINARY_DIR}/weirbox")
endfunction()

set(LABELS unit wire golden published fault)
if(NOT WEIRBOX_SANITIZE)
  list(APPEND LABELS package) # another project's compiler knows nothing of our sanitizers
endif()
foreach(label ${LABELS})
  file(GLOB files CONFIGURE_DEPENDS tests/${label}/*.c)
  foreach(file ${files})
    program_test(${label} ${file})
  endforeach()
  # Shell scripts get the source root, the program and a scratch directory of their own.
  file(GLOB scripts CONFIGURE_DEPENDS tests/${label}/*.sh)
  foreach(file ${scripts})
    get_filename_component(stem ${file} NAME_WE)
    add_test(NAME ${label}/${stem} COMMAND bash ${CMAKE_SOURCE_DIR}/tests/support/run_script.sh ${file})
    set_tests_properties(${label}/${stem} PROPERTIES LABELS ${label} SKIP_RETURN_CODE 77 TIMEOUT ${LIMIT}
      ENVIRONMENT "WEIRBOX_SOURCE=${CMAKE_SOURCE_DIR};WEIRBOX_SHARED_DATA=${SHARED_DATA};WEIRBOX_BIN=${CMAKE_BINARY_DIR}/weirbox")
  endforeach()
endforeach()

# Fuzz targets run over their corpus and seeded mutations of it.
file(GLOB files CONFIGURE_DEPENDS tests/fuzz/*.c)
foreach(file ${files})
  get_filename_component(stem ${file} NAME_WE)
  add_executable(fuzz_${stem} ${file} tests/support/fuzz_main.c)
  target_link_libraries(fuzz_${stem} PRIVATE room::cli flags)
  add_test(NAME fuzz/${stem} COMMAND fuzz_${stem} 4000 ${CMAKE_SOURCE_DIR}/tests/fuzz/corpus/${stem})
  set_tests_properties(fuzz/${stem} PROPERTIES LABELS fuzz TIMEOUT ${LIMIT})
endforeach()

foreach(script floors names)
  if(EXISTS ${CMAKE_SOURCE_DIR}/ci/${script}.sh)
    add_test(NAME lint/${script} COMMAND bash ${CMAKE_SOURCE_DIR}/ci/${script}.sh ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
    set_tests_properties(lint/${script} PROPERTIES LABELS lint)
  endif()
endforeach()

# engines/*: the rules as SQL in DuckDB and Spark, where that Python has them; else skipped.
set(WEIRBOX_PYTHON python3 CACHE STRING "the Python whose duckdb and pyspark the tests engines/* use")
file(GLOB scripts CONFIGURE_DEPENDS tests/clients/engines_*.py)
foreach(file ${scripts})
  get_filename_component(stem ${file} NAME_WE)
  string(REPLACE "engines_" "engines/" name ${stem})
  add_test(NAME ${name} COMMAND bash -c [[command -v "$0" >/dev/null || { echo "no $0"; exit 77; }; exec "$0" -B "$1"]] ${WEIRBOX_PYTHON} ${file})
  set_tests_properties(${name} PROPERTIES LABELS engines SKIP_RETURN_CODE 77 TIMEOUT 1800
    ENVIRONMENT "WEIRBOX_SHARED_DATA=${SHARED_DATA};WEIRBOX_BIN=${CMAKE_BINARY_DIR}/weirbox")
endforeach()

# tests/bench/*.c are built when asked for (ninja bench_clean) and run by bench/*.sh.
file(GLOB benches CONFIGURE_DEPENDS tests/bench/*.c)
foreach(file ${benches})
  get_filename_component(stem ${file} NAME_WE)
  add_executable(bench_${stem} EXCLUDE_FROM_ALL ${file})
  target_link_libraries(bench_${stem} PRIVATE room::check room::apigw room::rds flags)
endforeach()
