/* SPDX-License-Identifier: Apache-2.0 */
/*
 * strategy.h - what a supervisor should do, decided without doing it.
 *
 * Nothing here sends a message, reads a clock or allocates.  supervisor.c asks, and
 * carries out the answer; the tests ask the same questions by the thousand.
 */
#ifndef COPPICE_SUPERVISOR_STRATEGY_H
#define COPPICE_SUPERVISOR_STRATEGY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <coppice/supervisor.h>

/* Does a child of this kind come back after ending like this? */
bool copi_restart_wanted(cop_restart kind, cop_exit_kind how);

/* Which of the children are stopped and started again. */
typedef enum copi_span {
    COPI_SPAN_ONE,  /* the one that failed */
    COPI_SPAN_REST, /* from it to the last */
    COPI_SPAN_ALL,
} copi_span;

copi_span copi_strategy_span(cop_strategy strategy);

/* Does the supervisor end when a significant child has ended by itself and stays away?
 * `left`: how many significant children still have an actor, or a restart on its way. */
bool copi_auto_shutdown_due(cop_auto_shutdown mode, size_t left);

/* Has a child that was told to stop ended as it should? */
bool copi_stop_was_clean(const cop_child *spec, const cop_exit *why);

/* With its defaults, if it is one. */
cop_backoff copi_backoff_filled(const cop_backoff *self);

/* How long the n-th restart in a row waits, in milliseconds, at least 1, and after which time
 * a child counts as healthy.  `first_ms` is set; `random` is for the jitter. */
int64_t copi_backoff_wait(const cop_backoff *self, uint32_t in_row, uint64_t random);
int64_t copi_backoff_healthy(const cop_backoff *self);

/* Restarts within one second of the clock. */
typedef struct copi_burst {
    int64_t second;
    uint32_t count;
} copi_burst;

enum {
    COPI_REASONS = COP_EXIT_CAUSES - 1 /* the first of a record's is that of the last end */
};

/*
 * How many restarts are left: at most `allowed` in `seconds`.  The clock counts whole
 * seconds and the window is inclusive, so a restart weighs for between n and n + 1.
 */
typedef struct copi_budget {
    uint32_t allowed;
    uint32_t seconds;
    uint32_t spent; /* within the window, when last asked */
    uint32_t room;  /* of the ring */
    uint32_t count;
    uint32_t oldest;
    copi_burst *bursts;              /* ring, borrowed from the caller */
    uint32_t next_reason;            /* to be written */
    cop_cause reasons[COPI_REASONS]; /* ring: of the newest restarts */
} copi_budget;

/* How many entries the ring must have: there are never more bursts than restarts, nor than
 * seconds in the window. */
uint32_t copi_budget_room(uint32_t allowed, uint32_t seconds);
void copi_budget_init(copi_budget *self, uint32_t allowed, uint32_t seconds,
                      copi_burst *bursts);
/* Spends one restart, because of that end; `second` never goes back.  False if there was none
 * left: give up. */
bool copi_budget_spend(copi_budget *self, int64_t second, const cop_exit *why);
/* Adds why those within the window were spent, the newest first, to who gives up. */
void copi_budget_blame(const copi_budget *self, cop_exit *out);

#endif /* COPPICE_SUPERVISOR_STRATEGY_H */
