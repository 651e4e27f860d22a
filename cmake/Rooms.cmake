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

# hies_test(NAME SOURCES x_test.cpp ROOMS … LABELS fast|e2e|real|slow): one GoogleTest program, its cases found at build time.
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
  target_compile_definitions(${name} PRIVATE HIES_SOURCE_DIR="${PROJECT_SOURCE_DIR}" HIES_SHARED_DIR="${PROJECT_SOURCE_DIR}/../shared")
  if(NOT A_TIMEOUT)
    set(A_TIMEOUT 300)
  endif()
  gtest_discover_tests(${name} PROPERTIES LABELS "${A_LABELS}" TIMEOUT ${A_TIMEOUT} DISCOVERY_TIMEOUT 60)
endfunction()
