/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stage.h - a real node for tests of descriptors, processes and unix signals.
 *
 * Its main actor runs functions that the test gives it, and hands other messages to the
 * test's hook.  What happens is said into a list of lines, which the test expects one
 * after the other; one that does not come within the patience fails the test.
 */
#ifndef COPPICE_TESTS_ACTORS_STAGE_H
#define COPPICE_TESTS_ACTORS_STAGE_H

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <coppice/message.h>
#include <coppice/node.h>

enum {
    STAGE_PATIENCE = 40, /* seconds; for machines that are busy with other things */
    STAGE_LINES = 512,
    STAGE_LINE = 160,
};

typedef struct stage {
    cop_node *node;
    cop_pid main;
    /* What the main actor does with a message that is not the stage's. */
    cop_err (*on_message)(struct stage *self, cop_actor *me, const cop_type *type,
                          const void *message);
    pthread_mutex_t lock; /* what follows */
    pthread_cond_t changed;
    char lines[STAGE_LINES][STAGE_LINE];
    unsigned said, expected;
    unsigned done; /* functions run */
} stage;

/* To the main actor: run this. */
typedef struct stage_act {
    void (*run)(cop_actor *me, void *ctx);
    void *ctx;
} stage_act;

static const cop_type stage_act_type = {
    .protocol = "stage", .name = "stage_act", .size = sizeof(stage_act), .flat = true};

static inline void COP_PRINTF(2, 3) stage_say(stage *self, const char *format, ...)
{
    va_list args;

    pthread_mutex_lock(&self->lock);
    if (self->said < STAGE_LINES) {
        va_start(args, format);
        vsnprintf(self->lines[self->said++], STAGE_LINE, format, args);
        va_end(args);
    }
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
}

/* True if `counter`, guarded by the lock, which is held, has reached `wanted`. */
static inline bool
stage_await(stage *self, const unsigned *counter, unsigned wanted)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += STAGE_PATIENCE;
    while (*counter < wanted)
        if (pthread_cond_timedwait(&self->changed, &self->lock, &until) != 0)
            return *counter >= wanted;
    return true;
}

/* The next line; "(nothing)" if the patience ends first. */
static inline void
stage_next(stage *self, char out[STAGE_LINE])
{
    pthread_mutex_lock(&self->lock);
    bool came = stage_await(self, &self->said, self->expected + 1);
    snprintf(out, STAGE_LINE, "%s", came ? self->lines[self->expected++] : "(nothing)");
    pthread_mutex_unlock(&self->lock);
}

static inline void
stage_expect(stage *self, const char *line)
{
    char said[STAGE_LINE];

    stage_next(self, said);
    assert_string_equal(said, line);
}

/* Nothing was said that was not expected. */
static inline void
stage_expect_no_more(stage *self)
{
    pthread_mutex_lock(&self->lock);
    const char *more = self->said > self->expected ? self->lines[self->expected] : "";
    pthread_mutex_unlock(&self->lock);
    assert_string_equal(more, "");
}

/* Runs a function in the main actor, and waits until it has run. */
static inline void
stage_run(stage *self, void (*run)(cop_actor *me, void *ctx), void *ctx)
{
    pthread_mutex_lock(&self->lock);
    unsigned before = self->done;
    pthread_mutex_unlock(&self->lock);
    assert_int_equal(cop_post(self->node, self->main, stage_act, .run = run, .ctx = ctx),
                     COP_OK);
    pthread_mutex_lock(&self->lock);
    bool has_run = stage_await(self, &self->done, before + 1);
    pthread_mutex_unlock(&self->lock);
    assert_true(has_run);
}

static inline cop_err
stage_on_message(cop_actor *me, void *state, const cop_type *type, const void *message)
{
    stage *self = *(stage **)state;
    const stage_act *act = message;

    if (type != &stage_act_type)
        return self->on_message == NULL ? COP_OK : self->on_message(self, me, type, message);
    act->run(me, act->ctx);
    pthread_mutex_lock(&self->lock);
    self->done++;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
    return COP_OK;
}

static inline cop_err
stage_init(cop_actor *me, void *state, const void *arg)
{
    (void)me;
    memcpy(state, &arg, sizeof arg);
    return COP_OK;
}

static const cop_behaviour stage_actor = {
    .name = "stage",
    .state_size = sizeof(stage *),
    .policy = COP_ISOLATE,
    .init = stage_init,
    .on_message = stage_on_message,
};

static inline void
stage_init_lines(stage *self)
{
    memset(self, 0, sizeof *self);
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->changed, NULL);
}

static inline void
stage_open_with(stage *self, const cop_node_opts *opts)
{
    stage_init_lines(self);
    assert_int_equal(cop_node_new(&self->node, opts), COP_OK);
    assert_int_equal(
        cop_node_start(self->node, &stage_actor, &(cop_spawn_opts){.arg = self}, &self->main),
        COP_OK);
}

static inline void
stage_open(stage *self,
           cop_err (*on_message)(stage *, cop_actor *, const cop_type *, const void *))
{
    stage_open_with(self, &(cop_node_opts){.workers = 2});
    self->on_message = on_message;
}

/* Ends the node in order; then nothing may be left. */
static inline void
stage_close(stage *self)
{
    cop_node_stats left;

    cop_node_stop(self->node, NULL);
    assert_int_equal(cop_node_wait(self->node, NULL), 0);
    cop_node_stats_read(self->node, &left);
    assert_int_equal(left.actors, 0);
    assert_int_equal(left.timers, 0);
    assert_int_equal(left.watches, 0);
    assert_int_equal(left.live_messages, 0);
    assert_int_equal(left.jobs_queued, 0);
    assert_int_equal(left.jobs_running, 0);
    assert_int_equal(left.jobs_abandoned, 0);
    assert_int_equal(left.job_threads, 0);
    cop_node_free(&self->node);
    pthread_cond_destroy(&self->changed);
    pthread_mutex_destroy(&self->lock);
}

#endif /* COPPICE_TESTS_ACTORS_STAGE_H */
