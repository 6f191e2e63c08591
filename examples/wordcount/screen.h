/* SPDX-License-Identifier: Apache-2.0 */
/*
 * screen.h - a progress bar on a terminal, plain lines elsewhere.
 */
#ifndef WORDCOUNT_SCREEN_H
#define WORDCOUNT_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

typedef struct screen {
    bool is_terminal;
    unsigned shown; /* percent */
    size_t done, total;
} screen;

void screen_init(screen *self, size_t total);
/* Shows that `done` of the total are done, if that is worth showing. */
void screen_progress(screen *self, size_t done);
/* A line of text above the bar. */
void screen_line(screen *self, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The bar has served. */
void screen_fini(screen *self);

#endif /* WORDCOUNT_SCREEN_H */
