# How coroutines switch stacks: COPPICE_CONTEXT is boost or ucontext.

find_package(fcontext QUIET)
if(fcontext_FOUND)
    set(context_default boost)
else()
    set(context_default ucontext)
    message(STATUS "no Boost.Context (libboost-context-dev): coroutines switch by ucontext")
endif()
set(COPPICE_CONTEXT ${context_default} CACHE STRING
    "How coroutines switch stacks: boost (Boost.Context) or ucontext")
set_property(CACHE COPPICE_CONTEXT PROPERTY STRINGS boost ucontext)

# COPPICE_CONTEXT_TARGET: what to link with.  COPPICE_CONTEXT_PC: the same for pkg-config.
set(COPPICE_CONTEXT_TARGET)
set(COPPICE_CONTEXT_PC)
if(COPPICE_CONTEXT STREQUAL "boost")
    if(NOT fcontext_FOUND)
        message(FATAL_ERROR "COPPICE_CONTEXT=boost, but there is no Boost.Context")
    endif()
    set(COPPICE_CONTEXT_TARGET fcontext::fcontext)
    # jump.h has it in line.
    target_compile_definitions(fcontext::fcontext INTERFACE COPI_HAS_BOOST_CONTEXT=)
    # By name: the consumer's may be elsewhere.
    cmake_path(GET fcontext_LIBRARY FILENAME context_file)
    if(context_file MATCHES "\\.a$")
        set(COPPICE_CONTEXT_PC "-l:${context_file} ")
    else()
        set(COPPICE_CONTEXT_PC "-lboost_context ")
    endif()
elseif(NOT COPPICE_CONTEXT STREQUAL "ucontext")
    message(FATAL_ERROR "COPPICE_CONTEXT is ${COPPICE_CONTEXT}, not boost or ucontext")
endif()
