# Headers that nobody outside sees: those that include torch are the model room's own, the others are for tests.
set(HIES_OWN_HEADERS "(_torch|_arrow|/test_[a-z_]+|_test|_cases)\\.h$")

# hies_room(NAME SOURCES a.cpp … ROOMS base … LIBS fmt::fmt …): the static library hies_NAME (alias hies::NAME).
# ROOMS must be what src/hies/LAYERS allows; includes are written "hies/room/file.h".
function(hies_room name)
  cmake_parse_arguments(A "" "" "SOURCES;ROOMS;LIBS;PRIVATE_LIBS" ${ARGN})
  add_library(hies_${name} STATIC ${A_SOURCES})
  add_library(hies::${name} ALIAS hies_${name})
  target_include_directories(hies_${name} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src> $<INSTALL_INTERFACE:include>)
  target_compile_options(hies_${name} PRIVATE -Wall -Wextra -Wpedantic)
  list(TRANSFORM A_ROOMS PREPEND hies::)
  target_link_libraries(hies_${name} PUBLIC ${A_ROOMS} ${A_LIBS} PRIVATE ${A_PRIVATE_LIBS})
endfunction()

# Tests run side by side: a thread that waits must not keep a core busy that another test could use.
set(HIES_TEST_THREADS OMP_WAIT_POLICY=passive)

# hies_test(NAME SOURCES x_test.cpp ROOMS … LABELS fast|e2e|real|slow): one GoogleTest program, run as one process, because loading
# torch takes longer than most cases; tools/run_tests.py counts the cases from the XML that it writes to gtest/.
# The program sees HIES_SOURCE_DIR (the checkout) and, for `real`, HIES_SHARED_DIR (../shared, which may be absent).
function(hies_test name)
  if(NOT HIES_TESTS)
    return()
  endif()
  cmake_parse_arguments(A "" "TIMEOUT" "SOURCES;ROOMS;LIBS;LABELS" ${ARGN})
  add_executable(${name} ${A_SOURCES})
  list(TRANSFORM A_ROOMS PREPEND hies::)
  target_link_libraries(${name} PRIVATE ${A_ROOMS} ${A_LIBS} GTest::gtest GTest::gtest_main)
  target_compile_options(${name} PRIVATE -Wall -Wextra)
  # A test that calls nothing of torch does not load it: each case is a process of its own.
  target_link_options(${name} PRIVATE LINKER:--as-needed)
  target_compile_definitions(${name} PRIVATE HIES_SOURCE_DIR="${PROJECT_SOURCE_DIR}" HIES_SHARED_DIR="${PROJECT_SOURCE_DIR}/../shared")
  if(NOT A_TIMEOUT)
    set(A_TIMEOUT 600)
  endif()
  add_test(NAME ${name} COMMAND ${name} --gtest_brief=1 --gtest_output=xml:${PROJECT_BINARY_DIR}/gtest/${name}.xml)
  set_tests_properties(${name} PROPERTIES LABELS "${A_LABELS}" TIMEOUT ${A_TIMEOUT} ENVIRONMENT "${HIES_TEST_THREADS}")
endfunction()

# hies_script_test(NAME SCRIPT FILE LABELS …): a Python script, standard library only; exit code 77 means skipped.
# It sees HIES_SOURCE_DIR, HIES_SHARED_DIR, HIES_BUILD_DIR and HIES_BIN, the program.
function(hies_script_test name)
  cmake_parse_arguments(A "" "SCRIPT;TIMEOUT" "LABELS" ${ARGN})
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
  if(NOT A_TIMEOUT)
    set(A_TIMEOUT 300)
  endif()
  set(environment HIES_BIN=$<TARGET_FILE:hies> HIES_SOURCE_DIR=${PROJECT_SOURCE_DIR} HIES_SHARED_DIR=${PROJECT_SOURCE_DIR}/../shared
    HIES_BUILD_DIR=${PROJECT_BINARY_DIR} HIES_SITE_PACKAGES=${HIES_SITE_PACKAGES} PYTHONDONTWRITEBYTECODE=1
    ${HIES_TEST_THREADS})
  add_test(NAME ${name} COMMAND Python3::Interpreter ${A_SCRIPT})
  set_tests_properties(${name} PROPERTIES
    LABELS "${A_LABELS}" TIMEOUT ${A_TIMEOUT} SKIP_RETURN_CODE 77 ENVIRONMENT "${environment}")
endfunction()
