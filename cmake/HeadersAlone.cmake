# Every public header compiles alone: the target headers_alone, part of `make build`, checks the syntax of each and makes no object. The costly
# headers of others are precompiled here, too. A header sees precompiled only what it includes, itself or by others of our headers, so
# that it still fails where an include is missing. What it includes is looked up when CMake configures.

# hies_included(OUT HEADER): what HEADER ("hies/room/file.h") includes of nlohmann and fmt, through all headers of ours.
function(hies_included out header)
  get_property(known GLOBAL PROPERTY "HIES_INCLUDED_${header}" SET)
  if(NOT known)
    set_property(GLOBAL PROPERTY "HIES_INCLUDED_${header}" "")
    set(found)
    file(STRINGS ${PROJECT_SOURCE_DIR}/src/${header} lines REGEX "^#include ([<]nlohmann/json.hpp|[<]fmt/|\"hies/)")
    foreach(line IN LISTS lines)
      string(REGEX REPLACE "^#include .([^>\"]*).*$" "\\1" other "${line}")
      if(other MATCHES "^hies/")
        hies_included(more ${other})
        list(APPEND found ${more})
      else()
        list(APPEND found ${other})
      endif()
    endforeach()
    list(REMOVE_DUPLICATES found)
    set_property(GLOBAL PROPERTY "HIES_INCLUDED_${header}" "${found}")
  endif()
  get_property(found GLOBAL PROPERTY "HIES_INCLUDED_${header}")
  set(${out} ${found} PARENT_SCOPE)
endfunction()

set(folder ${CMAKE_CURRENT_BINARY_DIR}/headers_alone)
file(MAKE_DIRECTORY ${folder})
separate_arguments(flags UNIX_COMMAND "${CMAKE_CXX_FLAGS}")
set(check ${CMAKE_CXX_COMPILER} ${flags} -std=c++20 -fPIC -Wall -Wextra -DFMT_SHARED)

# Precompiles CONTENT into NAME.h.gch; a header that is checked with `-include NAME.h` reads that.
function(hies_precompile_for_check name content)
  file(CONFIGURE OUTPUT ${folder}/${name}.h CONTENT "${content}" @ONLY)
  add_custom_command(OUTPUT ${folder}/${name}.h.gch
    COMMAND ${check} -x c++-header ${folder}/${name}.h -o ${folder}/${name}.h.gch
    DEPENDS ${folder}/${name}.h COMMENT "Precompiling ${name}.h for the check of headers" VERBATIM)
endfunction()
hies_precompile_for_check(fmt "#include <fmt/format.h>\n")
hies_precompile_for_check(json_fmt "#include <nlohmann/json.hpp>\n#include <fmt/format.h>\n")
hies_precompile_for_check(json "#include <nlohmann/json.hpp>\n")

set(stamps)
get_property(rooms GLOBAL PROPERTY HIES_ROOMS)
foreach(room IN LISTS rooms)
  string(REPLACE hies_ "" room ${room})
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/src/hies/${room}/*.h)
  list(FILTER headers EXCLUDE REGEX "${HIES_OWN_HEADERS}")
  foreach(header IN LISTS headers)
    hies_included(included ${header})
    set(precompiled)
    if("nlohmann/json.hpp" IN_LIST included)
      set(precompiled json)
    endif()
    if("fmt/format.h" IN_LIST included)
      list(APPEND precompiled fmt)
    endif()
    list(JOIN precompiled _ precompiled)
    set(include)
    set(needs)
    if(precompiled)
      set(include -include ${folder}/${precompiled}.h -Winvalid-pch)
      set(needs ${folder}/${precompiled}.h.gch)
    endif()
    string(REPLACE / _ stamp ${header})
    set(stamp ${folder}/${stamp}.ok)
    add_custom_command(OUTPUT ${stamp}
      COMMAND ${check} -I${PROJECT_SOURCE_DIR}/src ${include} -fsyntax-only -MD -MF ${stamp}.d -MT ${stamp}
        -include ${PROJECT_SOURCE_DIR}/src/${header} -x c++ /dev/null
      COMMAND ${CMAKE_COMMAND} -E touch ${stamp}
      DEPENDS ${PROJECT_SOURCE_DIR}/src/${header} ${needs} DEPFILE ${stamp}.d
      COMMENT "Checking that ${header} compiles alone" VERBATIM)
    list(APPEND stamps ${stamp})
  endforeach()
endforeach()
add_custom_target(headers_alone ALL DEPENDS ${stamps})
