/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.h - contracts that stay on in every build.
 */
#ifndef COPPICE_BASE_CHECK_H
#define COPPICE_BASE_CHECK_H

/* Prints what was broken and aborts. */
_Noreturn void copi_check_failed(const char *file, int line, const char *condition);

#define COPI_CHECK(condition)                                                                  \
    ((condition) ? (void)0 : copi_check_failed(__FILE__, __LINE__, #condition))

#define COPI_LIKELY(condition)   __builtin_expect(!!(condition), 1)
#define COPI_UNLIKELY(condition) __builtin_expect(!!(condition), 0)

/* A function that hot ones call now and then: it must not be inlined, since the registers
 * and the stack that it needs would be paid for by every call of those. */
#define COPI_COLD __attribute__((noinline, cold))

/* A function that has to be part of each of its few callers, however long it is. */
#define COPI_INLINE static inline __attribute__((always_inline))

/* The struct that `member` at `pointer` is part of. */
#define COPI_CONTAINER(pointer, type, member)                                                  \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

#endif /* COPPICE_BASE_CHECK_H */
