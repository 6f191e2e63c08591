# coppice_component(<name> [ABOVE <lower component>...] [LIBRARIES <target>...]
#                   SOURCES <file>...)
#
# One directory of the library.  It sees its own headers and those of the components that
# it stands above, and no others: an include against the arrows does not compile.
# (tests: "arrows")
function(coppice_component name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "ABOVE;LIBRARIES;SOURCES")

    add_library(coppice_${name} OBJECT ${arg_SOURCES})
    target_link_libraries(coppice_${name} PRIVATE coppice_flags ${arg_LIBRARIES})
    # Empty, so that a file may also define it for itself.
    target_compile_definitions(coppice_${name} PRIVATE _GNU_SOURCE=)
    foreach(visible IN ITEMS ${name} LISTS arg_ABOVE)
        target_include_directories(coppice_${name} PRIVATE
            ${PROJECT_SOURCE_DIR}/${visible} ${PROJECT_SOURCE_DIR}/${visible}/include)
    endforeach()

    set_property(GLOBAL APPEND PROPERTY COPPICE_COMPONENTS ${name})
    set_property(GLOBAL APPEND PROPERTY COPPICE_LIBRARIES ${arg_LIBRARIES})
    foreach(source IN LISTS arg_SOURCES)
        set_property(GLOBAL APPEND PROPERTY COPPICE_SOURCES ${name}/${source})
    endforeach()
endfunction()

# coppice_library(<target> SHARED|STATIC)
#
# The components as one library.
function(coppice_library target kind)
    get_property(components GLOBAL PROPERTY COPPICE_COMPONENTS)
    get_property(libraries GLOBAL PROPERTY COPPICE_LIBRARIES)
    list(REMOVE_DUPLICATES libraries)

    add_library(${target} ${kind})
    add_library(coppice::${target} ALIAS ${target})
    foreach(component IN LISTS components)
        target_sources(${target} PRIVATE $<TARGET_OBJECTS:coppice_${component}>)
        target_include_directories(${target} INTERFACE
            $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/${component}/include>)
    endforeach()
    target_include_directories(${target} INTERFACE
        $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    target_link_libraries(${target} PRIVATE ${libraries})
    set_target_properties(${target} PROPERTIES
        OUTPUT_NAME coppice LINKER_LANGUAGE C C_STANDARD 17)

    if(kind STREQUAL "SHARED")
        set(map ${PROJECT_SOURCE_DIR}/cmake/coppice.map)
        set_target_properties(${target} PROPERTIES
            VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR} LINK_DEPENDS ${map})
        target_link_options(${target} PRIVATE -Wl,--version-script=${map})
        # clang leaves the sanitizer's runtime to the program.
        if(NOT (COPPICE_SANITIZE AND CMAKE_C_COMPILER_ID MATCHES "Clang"))
            target_link_options(${target} PRIVATE -Wl,-z,defs)
        endif()
    endif()
endfunction()
