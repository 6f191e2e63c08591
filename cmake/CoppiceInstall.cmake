# Headers, both libraries, a pkg-config file and a CMake package.  Nothing that is
# installed knows where: the tree can be moved.  (tests: "install")

include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/coppice)

get_property(components GLOBAL PROPERTY COPPICE_COMPONENTS)
foreach(component IN LISTS components)
    install(DIRECTORY ${component}/include/coppice DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.h")
endforeach()

# Two export sets: who wants the shared library need not have what the static one needs.
foreach(pair IN ITEMS "coppice|shared" "coppice-static|static")
    string(REPLACE "|" ";" pair ${pair})
    list(GET pair 0 target)
    list(GET pair 1 name)
    install(TARGETS ${target} EXPORT coppice-${name}
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
    install(EXPORT coppice-${name} NAMESPACE coppice:: FILE coppice-${name}.cmake
        DESTINATION ${package_dir})
endforeach()

configure_package_config_file(cmake/coppice-config.cmake.in coppice-config.cmake
    INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(coppice-config-version.cmake
    VERSION ${PROJECT_VERSION} COMPATIBILITY SameMinorVersion)
install(FILES
    ${PROJECT_BINARY_DIR}/coppice-config.cmake
    ${PROJECT_BINARY_DIR}/coppice-config-version.cmake
    DESTINATION ${package_dir})
if(COPPICE_CONTEXT STREQUAL "boost")
    install(FILES cmake/Findfcontext.cmake DESTINATION ${package_dir})
endif()

cmake_path(SET pc_dir NORMALIZE "/prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig")
cmake_path(RELATIVE_PATH pc_dir BASE_DIRECTORY "/prefix" OUTPUT_VARIABLE pc_below)
string(REGEX REPLACE "[^/]+" ".." COPPICE_PC_PREFIX "${pc_below}")
configure_file(cmake/coppice.pc.in coppice.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/coppice.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# For who debugs a program that uses it.
install(FILES observe/coppice.gdb.py DESTINATION ${CMAKE_INSTALL_DATADIR}/coppice)
