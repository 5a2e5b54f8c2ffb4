# SPDX-License-Identifier: MIT
# What an installed tree holds: headers, libraries, ba, a CMake package and a pkg-config file. It can be moved as a
# whole: both files find the rest from where they are.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/bioanalytics DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.h")
install(TARGETS ${BA_LIBRARIES} EXPORT BioAnalyticsTargets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(BA_CLI)
  install(TARGETS ba RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/BioAnalytics)
install(EXPORT BioAnalyticsTargets NAMESPACE BioAnalytics:: DESTINATION ${package_dir})
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/BioAnalyticsConfig.cmake.in
  ${PROJECT_BINARY_DIR}/BioAnalyticsConfig.cmake INSTALL_DESTINATION ${package_dir} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/BioAnalyticsConfigVersion.cmake COMPATIBILITY SameMajorVersion)
install(FILES ${PROJECT_BINARY_DIR}/BioAnalyticsConfig.cmake ${PROJECT_BINARY_DIR}/BioAnalyticsConfigVersion.cmake
  DESTINATION ${package_dir})

# The way from the pkg-config file back to the prefix; libdir may be given as an absolute path below it.
set(BA_PC_LIBDIR ${CMAKE_INSTALL_FULL_LIBDIR})
set(BA_PC_INCLUDEDIR ${CMAKE_INSTALL_FULL_INCLUDEDIR})
cmake_path(RELATIVE_PATH BA_PC_LIBDIR BASE_DIRECTORY ${CMAKE_INSTALL_PREFIX})
cmake_path(RELATIVE_PATH BA_PC_INCLUDEDIR BASE_DIRECTORY ${CMAKE_INSTALL_PREFIX})
set(pc_dir ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig)
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX BASE_DIRECTORY ${pc_dir} OUTPUT_VARIABLE BA_PREFIX_FROM_PC)
list(TRANSFORM BA_INFLATERS PREPEND " -l" OUTPUT_VARIABLE BA_PC_INFLATERS)
list(JOIN BA_PC_INFLATERS "" BA_PC_INFLATERS)
configure_file(${PROJECT_SOURCE_DIR}/cmake/bioanalytics.pc.in ${PROJECT_BINARY_DIR}/bioanalytics.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/bioanalytics.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
