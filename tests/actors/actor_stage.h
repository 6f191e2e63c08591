/* SPDX-License-Identifier: Apache-2.0 */
/*
 * actor_stage.h - a simulated node with one actor in which a test does what it likes.
 *
 * stage_do runs a function as a handler of the actor.  What happens is written into a trace of
 * words, which stage_expect compares and clears.  At the end nothing may be left.
 */
#ifndef COPPICE_TESTS_ACTORS_ACTOR_STAGE_H
#define COPPICE_TESTS_ACTORS_ACTOR_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <coppice/hatch.h>
#include <coppice/sim.h>

typedef struct actor_stage {
    cop_sim *sim;
    cop_node *node;
    cop_pid actor;
    char trace[1024];
    char log[512]; /* its last line */
    unsigned disposed;
} actor_stage;

static actor_stage stage;

COP_PRINTF(1, 2)
static inline void
stage_say(const char *format, ...)
{
    size_t used = strlen(stage.trace);
    va_list args;

    va_start(args, format);
    if (used > 0 && used + 1 < sizeof stage.trace)
        stage.trace[used++] = ' ';
    vsnprintf(stage.trace + used, sizeof stage.trace - used, format, args);
    va_end(args);
}

static inline void
stage_dispose(void *arg)
{
    (void)arg;
    stage.disposed++;
}

/* Whatever was said since the last time. */
static inline void
stage_expect(const char *what)
{
    cop_sim_settle(stage.sim);
    assert_string_equal(stage.trace, what);
    stage.trace[0] = '\0';
}

static inline void
stage_pass(int64_t ms)
{
    cop_sim_run_for(stage.sim, ms);
}

static inline void
stage_log(void *ctx, const char *line)
{
    (void)ctx;
    snprintf(stage.log, sizeof stage.log, "%s", line);
}

/* `behaviour` is of the actor that stage_do uses; it may have any handlers. */
static inline void
stage_open(const cop_behaviour *behaviour, uint64_t seed)
{
    memset(&stage, 0, sizeof stage);
    assert_int_equal(cop_sim_new(&stage.sim, seed), COP_OK);
    assert_int_equal(
        cop_sim_node(stage.sim, &(cop_node_opts){.on_log = stage_log}, &stage.node), COP_OK);
    assert_int_equal(cop_sim_spawn(stage.node, behaviour, NULL, &stage.actor), COP_OK);
}

static inline void
stage_do(cop_callback call)
{
    assert_int_equal(cop_post_call(stage.node, stage.actor, call, NULL, NULL), COP_OK);
    cop_sim_settle(stage.sim);
}

static inline void
stage_stop(void)
{
    assert_true(cop_sim_stop(stage.sim, stage.node, 60 * 1000));
}

static inline void
stage_close(void)
{
    cop_node_stats left;

    stage_stop();
    cop_node_stats_read(stage.node, &left);
    assert_int_equal(left.actors, 0);
    assert_int_equal(left.timers, 0);
    assert_int_equal(left.live_messages, 0);
    cop_sim_free(&stage.sim);
}

#endif /* COPPICE_TESTS_ACTORS_ACTOR_STAGE_H */
