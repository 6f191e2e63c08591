/* SPDX-License-Identifier: Apache-2.0 */
/* The same as wrong_field.c with the field spelled right, and all else that COP_MSG takes. */
#include <coppice/message.h>

#define COUNTER(M, F)                                                                          \
    M(1, counter_add, F(i64, by))                                                              \
    M(2, counter_get)                                                                          \
    M(3, counter_reset, )                                                                      \
    M(4, counter_set, F(list, i64, samples) F(gap) F(str, name) F(msg, counter_add, last))     \
    M(5, counter_save, F(buf, page) F(list, buf, pages))
COP_PROTOCOL(COUNTER)

/* What no user has to think of: braces and fields that are left out. */
#pragma GCC diagnostic error "-Wmissing-field-initializers"
#pragma GCC diagnostic error "-Wmissing-braces"

int64_t by_of(void);

int64_t
by_of(void)
{
    const counter_save save =
        COP_MSG(counter_save, .page = NULL, .pages = COP_LIST(cop_buf *, NULL, NULL));
    const counter_set set = COP_MSG(counter_set, .name = COP_STR("n"), .last = {.by = 1},
                                    .samples = COP_LIST(int64_t, 1, 2, 3));
    const counter_set zero = COP_MSG(counter_set);
    const void *messages[] = {&COP_MSG(counter_get), &COP_MSG(counter_reset)};

    return COP_MSG(counter_add, .by = 2).by + set.last.by + zero.last.by +
           (messages[0] != NULL) + (save.pages.items[0] != NULL);
}
