# Headers that nobody outside sees: those that include torch, which are all of ops and nn and *_torch.h of engine, and those for tests.
set(HIES_OWN_HEADERS "(hies/(ops|nn)/.*|_torch|_arrow|/test_[a-z_]+|_test|_cases)\\.h$")

# Most of a compiler's time goes into the headers of others, so these are read once for many sources (CONTRIBUTING.md, "How to look at
# build time"): sources of a target are compiled in batches (CMake's unity builds), and a target takes the precompiled header of its kind.
# -DCMAKE_UNITY_BUILD=OFF and -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON turn them off; the tidy preset does both, so that every file is also
# seen alone.
option(CMAKE_UNITY_BUILD "compile the sources of a target in batches" ${PROJECT_IS_TOP_LEVEL})
set(HIES_UNITY_BATCH 10 CACHE STRING "sources in a batch")
set(HIES_HEADERS_plain <algorithm> <array> <cmath> <cstdint> <filesystem> <fstream> <functional> <limits> <map> <memory> <mutex> <optional>
  <set> <span> <string> <string_view> <thread> <unordered_map> <utility> <variant> <vector> <fmt/format.h> <nlohmann/json.hpp>)
set(HIES_HEADERS_torch <ATen/ATen.h> <fmt/format.h> <nlohmann/json.hpp>)
set(HIES_HEADERS_test ${HIES_HEADERS_plain} <gtest/gtest.h>)

# hies_kind_of_headers(OUT KIND ROOMS LIBS): torch where one of them brings torch's headers, else KIND.
function(hies_kind_of_headers out kind rooms libs)
  foreach(name IN LISTS rooms libs)
    if(name MATCHES "^(hies::)?(ops|nn)$|^hies_torch$")
      set(kind torch)
    endif()
  endforeach()
  set(${out} ${kind} PARENT_SCOPE)
endfunction()

# hies_build_in_batches(TARGET plain|torch|test|none): batches, and the precompiled header of that kind, which all targets of the kind share.
function(hies_build_in_batches target kind)
  set_target_properties(${target} PROPERTIES UNITY_BUILD_BATCH_SIZE ${HIES_UNITY_BATCH})
  if(kind STREQUAL none)
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic)
    return()
  endif()
  set(holder hies_headers_${kind})
  if(NOT TARGET ${holder})
    file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/${holder}.cpp CONTENT "// Only its precompiled header is wanted.\n")
    add_library(${holder} OBJECT ${PROJECT_BINARY_DIR}/${holder}.cpp)
    target_link_libraries(${holder} PRIVATE fmt::fmt nlohmann_json::nlohmann_json)
    if(kind STREQUAL torch)
      target_link_libraries(${holder} PRIVATE hies_torch)
    elseif(kind STREQUAL test)
      target_link_libraries(${holder} PRIVATE GTest::gtest)
    endif()
    target_precompile_headers(${holder} PRIVATE ${HIES_HEADERS_${kind}})
    hies_flags_of_precompiled_headers(${holder} ${kind})
  endif()
  target_precompile_headers(${target} REUSE_FROM ${holder})
  hies_flags_of_precompiled_headers(${target} ${kind})
endfunction()

# What must be the same where a header is precompiled and where it is used: programs are compiled as position-independent as libraries,
# and -Wpedantic takes away a macro.
function(hies_flags_of_precompiled_headers target kind)
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Winvalid-pch -fPIC)
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND NOT CMAKE_DISABLE_PRECOMPILE_HEADERS)
    target_compile_options(${target} PRIVATE -fpch-preprocess) # lets ccache see through the header
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_UNITY_BUILD)
    target_compile_options(${target} PRIVATE -Wno-subobject-linkage) # in a batch, g++ takes every source for a header
  endif()
  if(kind STREQUAL test)
    target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>) # what tests spend time in are the rooms
  endif()
endfunction()

# hies_room(NAME SOURCES a.cpp … ROOMS base … LIBS fmt::fmt …): the static library hies_NAME (alias hies::NAME).
# ROOMS must be what src/hies/LAYERS allows; includes are written "hies/room/file.h". PRIVATE_ROOMS: only its .cpp files include them.
# HEADERS none: its flags are not those that headers are precompiled with.
function(hies_room name)
  cmake_parse_arguments(A "" "HEADERS" "SOURCES;ROOMS;PRIVATE_ROOMS;LIBS;PRIVATE_LIBS" ${ARGN})
  add_library(hies_${name} STATIC ${A_SOURCES})
  add_library(hies::${name} ALIAS hies_${name})
  target_include_directories(hies_${name} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src> $<INSTALL_INTERFACE:include>)
  list(TRANSFORM A_ROOMS PREPEND hies::)
  list(TRANSFORM A_PRIVATE_ROOMS PREPEND hies::)
  target_link_libraries(hies_${name} PUBLIC ${A_ROOMS} ${A_LIBS} PRIVATE ${A_PRIVATE_ROOMS} ${A_PRIVATE_LIBS})
  if(NOT A_HEADERS)
    hies_kind_of_headers(A_HEADERS plain "${A_ROOMS};${A_PRIVATE_ROOMS}" "${A_LIBS};${A_PRIVATE_LIBS}")
  endif()
  hies_build_in_batches(hies_${name} ${A_HEADERS})
endfunction()

# hies_registry(OUT FILE.def): the sources that a registry lists. A line METHOD(l2_out) of methods/methods.def stands for
# methods/l2_out.cpp, so that what is added is that file and that line.
function(hies_registry out file)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  cmake_path(GET file PARENT_PATH folder)
  file(STRINGS ${file} sources REGEX "^[A-Z]+\\([a-z0-9_]+\\)$")
  list(TRANSFORM sources REPLACE "^[A-Z]+\\(([a-z0-9_]+)\\)$" "\\1.cpp")
  if(folder)
    list(TRANSFORM sources PREPEND ${folder}/)
  endif()
  set(${out} ${sources} PARENT_SCOPE)
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
  # A test that calls nothing of torch does not load it: each case is a process of its own.
  target_link_options(${name} PRIVATE LINKER:--as-needed)
  target_compile_definitions(${name} PRIVATE HIES_SOURCE_DIR="${PROJECT_SOURCE_DIR}" HIES_SHARED_DIR="${PROJECT_SOURCE_DIR}/../shared")
  if(NOT A_TIMEOUT)
    set(A_TIMEOUT 600)
  endif()
  hies_kind_of_headers(headers test "${A_ROOMS}" "${A_LIBS}")
  hies_build_in_batches(${name} ${headers})
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
