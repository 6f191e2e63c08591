# Reads COPPICE_VERSION from the public header, the one place where it is written.

set(version_header ${CMAKE_CURRENT_LIST_DIR}/../actors/include/coppice/version.h)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${version_header})

set(COPPICE_VERSION "")
foreach(part MAJOR MINOR PATCH)
    file(STRINGS ${version_header} line REGEX "^#define COP_VERSION_${part} [0-9]+$")
    if(NOT line MATCHES "([0-9]+)$")
        message(FATAL_ERROR "${version_header} does not define COP_VERSION_${part}")
    endif()
    list(APPEND COPPICE_VERSION ${CMAKE_MATCH_1})
endforeach()
list(JOIN COPPICE_VERSION "." COPPICE_VERSION)
