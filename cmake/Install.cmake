# The installed package: the program, the rooms as static libraries, their headers, and hies-config.cmake with the target hies::hies.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

get_property(rooms GLOBAL PROPERTY HIES_ROOMS)
foreach(room IN LISTS rooms)
  string(REPLACE hies_ "" name ${room})
  set_target_properties(${room} PROPERTIES EXPORT_NAME ${name})
endforeach()
install(TARGETS ${rooms} hies_hies hies_torch hies_arrow EXPORT hies-targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY src/hies DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h" REGEX "${HIES_OWN_HEADERS}" EXCLUDE)
install(EXPORT hies-targets NAMESPACE hies:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/hies)
# The libraries of the wheels stay where they are, so the installed program looks for them there.
set_target_properties(hies PROPERTIES INSTALL_RPATH "$ORIGIN;$ORIGIN/../lib" INSTALL_RPATH_USE_LINK_PATH ON)
install(TARGETS hies RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

configure_package_config_file(cmake/hies-config.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/hies-config.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/hies)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/hies-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/hies-config.cmake ${CMAKE_CURRENT_BINARY_DIR}/hies-config-version.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/hies)
