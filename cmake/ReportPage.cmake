# hies_report_page(OUT): a C++ file that holds the page of report/web, made by npm from the committed package-lock.json.
# npm's packages lie in report/web/node_modules, so that all build trees share them.
function(hies_report_page out)
  set(web ${PROJECT_SOURCE_DIR}/report/web)
  set(packages ${web}/node_modules/.package-lock.json)
  set(built ${CMAKE_CURRENT_BINARY_DIR}/page_built.cpp)
  add_custom_command(OUTPUT ${packages}
    COMMAND ${HIES_NPM} ci --ignore-scripts --no-audit --no-fund --loglevel=error
    # npm keeps the time of the file that it copies.
    COMMAND ${CMAKE_COMMAND} -E touch ${packages}
    DEPENDS ${web}/package-lock.json
    WORKING_DIRECTORY ${web}
    COMMENT "Installing the report page's packages with npm (without a network: -DHIES_REPORT_PAGE=OFF)"
    VERBATIM)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${web}/src/*)
  add_custom_command(OUTPUT ${built}
    COMMAND ${HIES_NODE} ${web}/build.mjs --cpp ${built}
    DEPENDS ${packages} ${sources} ${web}/build.mjs ${web}/package.json
    WORKING_DIRECTORY ${web}
    COMMENT "Bundling the report page"
    VERBATIM)
  add_custom_target(hies_report_web DEPENDS ${built})
  set(${out} ${built} PARENT_SCOPE)
endfunction()
