/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pace.c - how time passes, virtual or real, and when a step is over.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "scenario.h"

enum {
    PATIENCE_MS = 100000,
};

/* ------------------------------------------------------------------------------ time */

int64_t
now_ms(const world *self)
{
    struct timespec now;

    if (self->sim != NULL)
        return cop_sim_now_ms(self->sim);
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static size_t
event_count(world *self, bool has_unwatched[static 1])
{
    pthread_mutex_lock(&self->lock);
    size_t count = self->events.count;
    *has_unwatched = self->unwatched > 0;
    pthread_mutex_unlock(&self->lock);
    return count;
}

/* The least that can happen.  The stage's ticks keep a virtual step below a millisecond. */
static void
advance(world *self)
{
    bool has_unwatched;

    (void)event_count(self, &has_unwatched);
    if (self->sim == NULL) {
        usleep(300);
        return;
    }
    if (has_unwatched && cop_post(self->node, self->stage, watch_new) != COP_OK)
        abort();
    cop_sim_step(self->sim);
}

void
run_for(world *self, int64_t ms)
{
    for (int64_t end = now_ms(self) + ms; now_ms(self) < end;)
        advance(self);
}

void
run_until_done(world *self, deed *what)
{
    for (int64_t end = now_ms(self) + PATIENCE_MS; now_ms(self) < end;) {
        if (what->is_done &&
            (cop_pid_is_none(what->until_down) || trace_is_down(self, what->until_down)))
            return;
        advance(self);
    }
}

/* ----------------------------------------------------------------------------- quiet */

void
free_deed(deed *self)
{
    text_clear(&self->results);
    free(self);
}

/* Asks a supervisor something, which it answers when it is done with all that came before;
 * one that does not answer because it is ending is waited for. */
static void
ask_supervisor(world *self, name *who)
{
    deed *what = calloc(1, sizeof *what);
    cop_pid before = who->pid; /* it may have a successor when the answer is here */

    what->world = self;
    what->words = (words){
        .at = {(char *)(uintptr_t) "count", (char *)(uintptr_t)who->text},
          .count = 2
    };
    if (cop_post(self->node, self->stage, act, .deed = (uintptr_t)what) != COP_OK)
        abort();
    run_until_done(self, what);
    if (!what->is_done) /* it is still to be written to */
        return;
    if (strncmp(what->results.lines[0], "result specs", 12) != 0) {
        what->until_down = before;
        run_until_done(self, what);
    }
    free_deed(what);
}

static void
ask_supervisors(world *self)
{
    if (self->has_gates && !self->is_slow)
        return;
    for (name *who = self->names; who != NULL; who = who->next)
        if (who->is_sup && !cop_pid_is_none(who->pid) && !trace_is_down(self, who->pid) &&
            !cop_pid_equal(who->suspended, who->pid))
            ask_supervisor(self, who);
}

void
settle(world *self)
{
    bool has_unwatched;

    for (int quiet = 0; quiet < 2;) {
        size_t before = event_count(self, &has_unwatched);
        ask_supervisors(self);
        run_for(self, QUIET_MS);
        quiet = event_count(self, &has_unwatched) == before ? quiet + 1 : 0;
    }
}
