/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api.h - what every other header needs: which names the library exports, and
 * which results may not be ignored.
 */
#ifndef COPPICE_API_H
#define COPPICE_API_H

#if defined(__cplusplus)
#error "coppice is a C library: its headers use C17's compound literals"
#endif

#define COP_API                 __attribute__((visibility("default")))
#define COP_MUST_USE            __attribute__((warn_unused_result))
#define COP_PRINTF(text, first) __attribute__((__format__(__printf__, text, first)))
#define COP_UNUSED              __attribute__((unused))

/* How many elements an array has. */
#define COP_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* This place in the program, "file.c:12". */
#define COP_SITE              __FILE__ ":" COPI_LINE_TEXT(__LINE__)
#define COPI_LINE_TEXT(line)  COPI_LINE_TEXT_(line)
#define COPI_LINE_TEXT_(line) #line

/* Leaves the function with the error, if there is one. */
#define COP_TRY(call)                                                                          \
    do {                                                                                       \
        cop_err copi_try_ = (call);                                                            \
        if (copi_try_ != COP_OK)                                                               \
            return copi_try_;                                                                  \
    } while (0)

#endif /* COPPICE_API_H */
