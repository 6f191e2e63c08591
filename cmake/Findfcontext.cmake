# Findfcontext - the context switch of Boost.Context, which is two functions in assembler.
#
# fcontext_FOUND, fcontext_LIBRARY (a file), and the target fcontext::fcontext.
# The archive is preferred, since the shared library brings that of C++ along; but only if
# what is in it can be part of a shared library.  Also installed, for who links statically.

include(CheckCSourceCompiles)
include(CMakePushCheckState)
include(FindPackageHandleStandardArgs)

find_library(fcontext_STATIC NAMES libboost_context.a)
find_library(fcontext_SHARED NAMES boost_context)
mark_as_advanced(fcontext_STATIC fcontext_SHARED)

# Any program becomes a shared library here that has to bring along what it uses.
function(fcontext_check library variable)
    cmake_push_check_state(RESET)
    set(CMAKE_REQUIRED_QUIET TRUE)
    set(CMAKE_REQUIRED_FLAGS -fPIC)
    set(CMAKE_REQUIRED_LINK_OPTIONS -shared -Wl,-z,text -Wl,-z,defs)
    set(CMAKE_REQUIRED_LIBRARIES ${library})
    check_c_source_compiles("
        typedef struct { void *from, *data; } transfer;
        void *make_fcontext(void *top, unsigned long size, void (*begin)(transfer));
        transfer jump_fcontext(void *to, void *data);
        int main(void)
        {
            return jump_fcontext(make_fcontext(0, 0, 0), 0).data != 0;
        }" ${variable})
    cmake_pop_check_state()
endfunction()

set(fcontext_LIBRARY)
foreach(kind IN ITEMS STATIC SHARED)
    if(NOT fcontext_LIBRARY AND fcontext_${kind})
        fcontext_check(${fcontext_${kind}} fcontext_${kind}_WORKS)
        if(fcontext_${kind}_WORKS)
            set(fcontext_LIBRARY ${fcontext_${kind}})
        endif()
    endif()
endforeach()

find_package_handle_standard_args(fcontext REQUIRED_VARS fcontext_LIBRARY)
if(fcontext_FOUND AND NOT TARGET fcontext::fcontext)
    add_library(fcontext::fcontext UNKNOWN IMPORTED)
    set_target_properties(fcontext::fcontext PROPERTIES IMPORTED_LOCATION ${fcontext_LIBRARY})
endif()
