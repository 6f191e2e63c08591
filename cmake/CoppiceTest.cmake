# How tests are declared.  Every one has a time limit, every program is a process of its
# own.  Labels: unit, package, model, mutation, compile, example, fuzz, cost; and two that an
# ordinary run leaves out: memcheck (the unit tests under valgrind), full (the long versions).
# A long version that is also labelled seeds is not for the sanitizers.

if(COPPICE_TESTS)
    pkg_check_modules(cmocka IMPORTED_TARGET cmocka)
    if(NOT cmocka_FOUND)
        message(STATUS "no cmocka (libcmocka-dev): the tests are not built")
        set(COPPICE_TESTS OFF)
    endif()
endif()
find_program(COPPICE_VALGRIND valgrind)
find_program(COPPICE_BASH bash REQUIRED)
set(COPPICE_CHECKS ${PROJECT_SOURCE_DIR}/cmake/check)
set(COPPICE_TEST_ENVIRONMENT
    ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1
    UBSAN_OPTIONS=print_stacktrace=1
    TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1)

# Everything that a test may see: the static library and all private headers.
add_library(coppice_inside INTERFACE)
target_link_libraries(coppice_inside INTERFACE
    coppice-static coppice_flags PkgConfig::libevent PkgConfig::nanomsg Threads::Threads
    ${COPPICE_CONTEXT_TARGET})
target_include_directories(coppice_inside INTERFACE ${PROJECT_SOURCE_DIR}/actors
    ${PROJECT_SOURCE_DIR}/supervisor ${PROJECT_SOURCE_DIR}/transport)
target_compile_definitions(coppice_inside INTERFACE _GNU_SOURCE=)

# coppice_add_run(<name> TIMEOUT <seconds> [LABELS ...] [SERIAL] [ENVIRONMENT ...]
#                 COMMAND ...)
#
# Exit code 77 means skipped; the program says why.
function(coppice_add_run name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "SERIAL" "TIMEOUT" "LABELS;COMMAND;ENVIRONMENT")
    add_test(NAME ${name} COMMAND ${arg_COMMAND})
    set_tests_properties(${name} PROPERTIES
        TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS}" SKIP_RETURN_CODE 77
        RUN_SERIAL ${arg_SERIAL} ENVIRONMENT "${COPPICE_TEST_ENVIRONMENT};${arg_ENVIRONMENT}")
endfunction()

# coppice_test(<name> <source>... [TIMEOUT <seconds>] [FULL <seconds>] [WRAP <function>...]
#              [LABELS ...] [SERIAL] [NO_MEMCHECK])
#
# A cmocka program with the inside of the library in sight.  FULL: it has a long version,
# which runs when COPPICE_FULL is in the environment.  WRAP: functions that the test
# replaces (ld --wrap).  NO_MEMCHECK: it would take too long under valgrind, or
# means nothing there.
function(coppice_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "SERIAL;NO_MEMCHECK" "TIMEOUT;FULL" "LABELS;WRAP")
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 60)
    endif()
    set(serial)
    if(arg_SERIAL)
        set(serial SERIAL)
    endif()

    set(target test.${name})
    add_executable(${target} ${arg_UNPARSED_ARGUMENTS})
    coppice_is_listed(${arg_UNPARSED_ARGUMENTS})
    target_link_libraries(${target} PRIVATE coppice_inside coppice_leftover PkgConfig::cmocka)
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
    foreach(function IN LISTS arg_WRAP)
        target_link_options(${target} PRIVATE -Wl,--wrap=${function})
    endforeach()

    coppice_add_run(${name} TIMEOUT ${arg_TIMEOUT} ${serial}
        LABELS unit ${arg_LABELS} COMMAND ${target})
    if(arg_FULL)
        coppice_add_run(full.${name} TIMEOUT ${arg_FULL} SERIAL
            LABELS full ${arg_LABELS} ENVIRONMENT COPPICE_FULL=1 COMMAND ${target})
    endif()
    if(COPPICE_VALGRIND AND NOT COPPICE_SANITIZE AND NOT arg_NO_MEMCHECK)
        math(EXPR timeout "${arg_TIMEOUT} * 4")
        coppice_add_run(memcheck.${name} TIMEOUT ${timeout} ${serial}
            LABELS memcheck ENVIRONMENT COPPICE_UNDER_VALGRIND=1
            COMMAND ${COPPICE_VALGRIND} --quiet --error-exitcode=99 --fair-sched=yes
                --leak-check=full --errors-for-leak-kinds=definite --show-leak-kinds=definite
                --suppressions=${PROJECT_SOURCE_DIR}/cmake/valgrind.supp
                $<TARGET_FILE:${target}>)
    endif()
endfunction()

# coppice_fuzz(<name> <source>...)
#
# With COPPICE_LIBFUZZER a libFuzzer target, else a program that makes up inputs itself.
function(coppice_fuzz name)
    set(target fuzz.${name})
    add_executable(${target} ${ARGN})
    coppice_is_listed(${ARGN})
    target_link_libraries(${target} PRIVATE coppice_inside)
    if(NOT TARGET fuzz)
        add_custom_target(fuzz)
    endif()
    add_dependencies(fuzz ${target})

    if(COPPICE_LIBFUZZER)
        target_link_options(${target} PRIVATE -fsanitize=fuzzer)
        set(mode libfuzzer)
    else()
        set(mode random)
    endif()
    set(run ${COPPICE_BASH} ${COPPICE_CHECKS}/fuzz.sh ${mode} $<TARGET_FILE:${target}>)
    coppice_add_run(fuzz.${name} TIMEOUT 90 LABELS fuzz COMMAND ${run} 20)
    if(COPPICE_LIBFUZZER)
        coppice_add_run(full.fuzz.${name} TIMEOUT 300 LABELS full fuzz COMMAND ${run} 120)
    endif()
endfunction()

# coppice_script(<name> TIMEOUT <seconds> [LABELS ...] [SERIAL] COMMAND <script> <argument>...)
function(coppice_script name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "SERIAL" "TIMEOUT" "LABELS;COMMAND")
    set(serial)
    if(arg_SERIAL)
        set(serial SERIAL)
    endif()
    coppice_add_run(${name} TIMEOUT ${arg_TIMEOUT} LABELS ${arg_LABELS} ${serial}
        COMMAND ${COPPICE_BASH} ${arg_COMMAND})
endfunction()

# coppice_model(<name>...): tests/model/<name>.pml, checked by spin.
# Once is enough: not in the sanitizers' builds and not in clang's.
function(coppice_model)
    if(COPPICE_SANITIZE OR NOT CMAKE_C_COMPILER_ID STREQUAL "GNU")
        return()
    endif()
    foreach(name IN LISTS ARGN)
        coppice_script(model.${name} TIMEOUT 600 LABELS model COMMAND
            ${COPPICE_CHECKS}/model.sh ${CMAKE_CURRENT_SOURCE_DIR}/model/${name}.pml
            ${CMAKE_CURRENT_BINARY_DIR}/model.${name})
    endforeach()
endfunction()

# coppice_mutations(): tests/mutation, which builds and tests a copy of the library that is
# wrong on purpose.  A handful in an ordinary run, all of them in a long one.  Once is enough.
function(coppice_mutations)
    find_package(Python3 COMPONENTS Interpreter)
    if(COPPICE_SANITIZE OR NOT CMAKE_C_COMPILER_ID STREQUAL "GNU" OR NOT Python3_FOUND)
        return()
    endif()
    set(run ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/mutation/run
        --work ${CMAKE_CURRENT_BINARY_DIR}/mutation)
    coppice_add_run(mutation TIMEOUT 300 LABELS mutation COMMAND ${run} --short)
    coppice_add_run(full.mutation TIMEOUT 1800 SERIAL LABELS full mutation COMMAND ${run})
    set_tests_properties(mutation full.mutation PROPERTIES RESOURCE_LOCK mutation)
endfunction()

# coppice_example(<name> [SAYS <text>...] [TIMEOUT <seconds>])
#
# examples/<name>.c, a program as a user would write it: it sees the public headers only.
# It runs as tests/examples/<name>.sh says, which gets its path; without one it must end by
# itself, and well, and have said these texts in this order.
function(coppice_example name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "SAYS")
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 60)
    endif()
    add_executable(${name} ${name}.c)
    coppice_is_listed(${name}.c)
    target_link_libraries(${name} PRIVATE coppice-static coppice_flags)
    if(COPPICE_TESTS)
        set(command ${PROJECT_SOURCE_DIR}/tests/examples/${name}.sh)
        if(NOT EXISTS ${command})
            set(command ${COPPICE_CHECKS}/says.sh)
        endif()
        coppice_script(example.${name} TIMEOUT ${arg_TIMEOUT} LABELS example
            COMMAND ${command} $<TARGET_FILE:${name}> ${arg_SAYS})
    endif()
endfunction()

# coppice_compile(<name>...): tests/compile/<name>.c, which must or must not compile.
function(coppice_compile)
    if(COPPICE_SANITIZE)
        return()
    endif()
    coppice_public_includes(includes)
    list(TRANSFORM includes PREPEND "-I")
    foreach(name IN LISTS ARGN)
        coppice_script(compile.${name} TIMEOUT 30 LABELS compile COMMAND
            ${COPPICE_CHECKS}/compile.sh ${CMAKE_CURRENT_SOURCE_DIR}/compile/${name}.c
            ${CMAKE_C_COMPILER} ${includes})
        coppice_is_listed(${CMAKE_CURRENT_SOURCE_DIR}/compile/${name}.c)
    endforeach()
endfunction()

# coppice_public_includes(<variable>): the include directories of a program that uses us.
function(coppice_public_includes variable)
    get_property(components GLOBAL PROPERTY COPPICE_COMPONENTS)
    list(TRANSFORM components REPLACE "(.+)" "${PROJECT_SOURCE_DIR}/\\1/include")
    set(${variable} ${components} PARENT_SCOPE)
endfunction()

# coppice_is_listed(<file>...): notes that a file is in some CMakeLists.txt.
function(coppice_is_listed)
    foreach(file IN LISTS ARGN)
        cmake_path(ABSOLUTE_PATH file NORMALIZE)
        cmake_path(RELATIVE_PATH file BASE_DIRECTORY ${PROJECT_SOURCE_DIR})
        set_property(GLOBAL APPEND PROPERTY COPPICE_SOURCES ${file})
    endforeach()
endfunction()

# coppice_package_tests(): what is true of the library as a whole.  To be called last.
function(coppice_package_tests)
    get_property(components GLOBAL PROPERTY COPPICE_COMPONENTS)
    get_property(sources GLOBAL PROPERTY COPPICE_SOURCES)
    coppice_public_includes(includes)
    set(everywhere ${includes})
    set(private_headers)
    set(public_headers)
    set(public_names)
    set(paths)
    foreach(component IN LISTS components)
        set(dir ${PROJECT_SOURCE_DIR}/${component})
        list(APPEND everywhere ${dir})
        file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${dir} ${dir}/*.h)
        foreach(header IN LISTS headers)
            if(header MATCHES "^include/(.+)")
                list(APPEND public_headers ${dir}/${header})
                list(APPEND public_names ${CMAKE_MATCH_1})
            else()
                list(APPEND private_headers ${header})
            endif()
        endforeach()
        list(APPEND paths "COPPICE_INCLUDES_${component}=$<JOIN:$<TARGET_PROPERTY:coppice_${component},INCLUDE_DIRECTORIES>,:>")
    endforeach()

    coppice_script(package.symbols TIMEOUT 30 LABELS package COMMAND
        ${COPPICE_CHECKS}/symbols.sh $<TARGET_FILE:coppice> $<TARGET_FILE:coppice-static>
        ${public_headers})
    coppice_script(package.headers.public TIMEOUT 120 LABELS package COMMAND
        ${COPPICE_CHECKS}/headers.sh public ${includes} -- ${public_names})
    coppice_script(package.headers.private TIMEOUT 120 LABELS package COMMAND
        ${COPPICE_CHECKS}/headers.sh private ${everywhere} -- ${private_headers})
    coppice_script(package.arrows TIMEOUT 120 LABELS package COMMAND
        ${COPPICE_CHECKS}/arrows.sh ${CMAKE_C_COMPILER} ${PROJECT_SOURCE_DIR} ${components})
    set_tests_properties(package.arrows PROPERTIES ENVIRONMENT "${paths}")
    coppice_script(package.sources TIMEOUT 30 LABELS package COMMAND
        ${COPPICE_CHECKS}/sources.sh ${PROJECT_SOURCE_DIR} ${sources})
    coppice_script(package.install TIMEOUT 120 LABELS package COMMAND
        ${CMAKE_CURRENT_SOURCE_DIR}/install/run.sh ${PROJECT_BINARY_DIR}
        ${CMAKE_CURRENT_BINARY_DIR}/install ${CMAKE_C_COMPILER})

    set(context_library)
    if(COPPICE_CONTEXT STREQUAL "boost")
        set(context_library ${fcontext_LIBRARY})
    endif()
    set(readme ${CMAKE_CURRENT_SOURCE_DIR}/readme)
    list(TRANSFORM includes PREPEND "-I")
    coppice_script(readme.self TIMEOUT 60 LABELS package COMMAND
        ${readme}/self.sh ${CMAKE_CURRENT_BINARY_DIR}/readme.self ${CMAKE_C_COMPILER})
    coppice_script(readme TIMEOUT 120 LABELS package COMMAND
        ${readme}/run.sh ${PROJECT_SOURCE_DIR}/README.md ${CMAKE_CURRENT_BINARY_DIR}/readme
        ${CMAKE_C_COMPILER} ${includes} $<TARGET_FILE:coppice-static>
        ${libevent_LDFLAGS} ${nanomsg_LDFLAGS} ${context_library} -pthread
        -- hello.c=12 tree.c=15 counter.c=22 scope.c=22 two_nodes.c=18)
endfunction()

# Each test program looks after each test whether something is left.
if(COPPICE_TESTS)
    add_library(coppice_leftover OBJECT ${PROJECT_SOURCE_DIR}/tests/leftover.c)
    target_link_libraries(coppice_leftover PRIVATE coppice_inside PkgConfig::cmocka)
    coppice_is_listed(${PROJECT_SOURCE_DIR}/tests/leftover.c)
    target_link_options(coppice_leftover INTERFACE -Wl,--wrap=_cmocka_run_group_tests)
endif()
