/* SPDX-License-Identifier: Apache-2.0 */
#include "screen.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

enum {
    BAR = 40,
    STEP = 10, /* percent between two lines where there is no bar */
};

static unsigned
percent(const screen *self)
{
    return self->total == 0 ? 100 : (unsigned)(self->done * 100 / self->total);
}

static void
draw(const screen *self)
{
    char bar[BAR + 1];

    for (unsigned i = 0; i < BAR; i++)
        bar[i] = i < percent(self) * BAR / 100 ? '#' : '.';
    bar[BAR] = '\0';
    printf("\r[%s] %3u%%  %zu of %zu files", bar, percent(self), self->done, self->total);
    fflush(stdout);
}

void
screen_init(screen *self, size_t total)
{
    *self = (screen){.is_terminal = isatty(STDOUT_FILENO) == 1, .total = total};
}

void
screen_progress(screen *self, size_t done)
{
    self->done = done;
    if (self->is_terminal) {
        if (percent(self) != self->shown || done == self->total)
            draw(self);
        self->shown = percent(self);
    } else if (percent(self) >= self->shown + STEP ||
               (done == self->total && self->shown < 100)) {
        self->shown = percent(self) / STEP * STEP;
        printf("%3u%%  %zu of %zu files\n", percent(self), done, self->total);
        fflush(stdout);
    }
}

void
screen_line(screen *self, const char *format, ...)
{
    va_list args;

    if (self->is_terminal)
        printf("\r\033[K");
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
    if (self->is_terminal)
        draw(self);
    fflush(stdout);
}

void
screen_fini(screen *self)
{
    if (self->is_terminal)
        printf("\n");
    fflush(stdout);
}
