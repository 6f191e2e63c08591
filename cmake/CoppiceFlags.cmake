# How everything here is compiled: the language, the warnings, the sanitizers.

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Debug or Release" FORCE)
endif()
set(CMAKE_C_FLAGS_RELEASE "-O3 -g -DNDEBUG")

# Our own code is compiled with these; who links the library is not.
add_library(coppice_flags INTERFACE)
target_compile_options(coppice_flags INTERFACE
    -Wall -Wextra -Wpedantic
    -fno-semantic-interposition
    $<$<BOOL:${COPPICE_WERROR}>:-Werror>)

if(COPPICE_SANITIZE)
    # For the whole tree: a sanitizer that sees half a program is worse than none.
    add_compile_options(-fsanitize=${COPPICE_SANITIZE} -fno-sanitize-recover=all
        -fno-omit-frame-pointer -g)
    add_link_options(-fsanitize=${COPPICE_SANITIZE})
endif()

if(COPPICE_NO_POOL)
    # Memory goes back to the allocator at once, so that a sanitizer sees its next use.
    add_compile_definitions(COPI_NO_POOL=1)
endif()

if(COPPICE_LIBFUZZER)
    if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
        message(FATAL_ERROR "COPPICE_LIBFUZZER needs clang")
    endif()
    add_compile_options(-fsanitize=fuzzer-no-link)
    add_compile_definitions(COPPICE_LIBFUZZER=1)
endif()
