/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ground.c - one actor in which a test does what it likes, in the simulator or for real.
 */
#include "structured/requirements/ground.h"

#include <time.h>

enum {
    PATIENCE = 40, /* seconds, on a real node; for machines that are busy with other things */
    SIM_PATIENCE = 3600 * 1000,
};

ground here;
/* For as long as the program; the trace is looked at when the node has gone as well. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

/* --------------------------------------------------------------------- what is said */

static void
append(char *room, size_t size, const char *words)
{
    size_t used = strlen(room);

    if (used == 0)
        used = (size_t)snprintf(room, size, " ");
    if (used < size)
        snprintf(room + used, size - used, "%s ", words);
}

void
ground_say(const char *format, ...)
{
    char words[512];
    va_list args;

    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    pthread_mutex_lock(&lock);
    append(here.trace, sizeof here.trace, words);
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void
on_log(void *ctx, const char *line)
{
    (void)ctx;
    pthread_mutex_lock(&lock);
    append(here.logs, sizeof here.logs, line);
    pthread_mutex_unlock(&lock);
}

static unsigned
count_in(const char *text, const char *words)
{
    unsigned count = 0;

    for (const char *at = text; (at = strstr(at, words)) != NULL; at++)
        count++;
    return count;
}

unsigned
ground_count(const char *words)
{
    static const char log[] = "log:";
    bool is_log = strncmp(words, log, sizeof log - 1) == 0;

    pthread_mutex_lock(&lock);
    unsigned count =
        is_log ? count_in(here.logs, words + sizeof log - 1) : count_in(here.trace, words);
    pthread_mutex_unlock(&lock);
    return count;
}

void
ground_forget(void)
{
    pthread_mutex_lock(&lock);
    here.trace[0] = '\0';
    pthread_mutex_unlock(&lock);
}

/* ------------------------------------------------------------------------- the owner */

typedef struct owner {
    char unused;
} owner;

COP_HANDLER(owner, cop_down)
{
    if (here.on_down != NULL)
        here.on_down(msg);
    else
        ground_say("down:%s:%d", cop_exit_kind_name(msg->why.kind), msg->why.code);
    return COP_OK;
}
COP_HANDLER(owner, cop_child_down)
{
    ground_say("child:%s:%d", cop_exit_kind_name(msg->why.kind), msg->why.code);
    return COP_OK;
}
COP_HANDLER(owner, cop_end)
{
    ground_say("end");
    return COP_OK;
}

#define OWNER                                                                                  \
    .name = "owner", .state_size = sizeof(owner),                                              \
    .handlers = COP_HANDLERS(COP_ON(owner, cop_down), COP_ON(owner, cop_child_down),           \
                             COP_ON(owner, cop_end))
const cop_behaviour ground_b = {OWNER};
const cop_behaviour ground_isolate_b = {OWNER, .policy = COP_ISOLATE};

/* ------------------------------------------------------------------------- its node */

void
ground_clear(void)
{
    pthread_mutex_lock(&lock);
    memset(&here, 0, sizeof here);
    pthread_mutex_unlock(&lock);
}

void
ground_open(ground_kind kind, const cop_behaviour *behaviour, uint64_t seed)
{
    cop_node_opts opts = {.workers = 2, .on_log = on_log};

    ground_clear();
    if (kind == GROUND_SIM) {
        assert_int_equal(cop_sim_new(&here.sim, seed), COP_OK);
        assert_int_equal(cop_sim_node(here.sim, &opts, &here.node), COP_OK);
        assert_int_equal(cop_sim_spawn(here.node, behaviour, NULL, &here.owner), COP_OK);
    } else {
        assert_int_equal(cop_node_new(&here.node, &opts), COP_OK);
        assert_int_equal(cop_node_start(here.node, behaviour, NULL, &here.owner), COP_OK);
    }
}

int
ground_stop(void)
{
    if (here.sim != NULL) {
        assert_true(cop_sim_stop(here.sim, here.node, 3600 * 1000));
        return 0;
    }
    cop_node_stop(here.node, NULL);
    return cop_node_wait(here.node, NULL);
}

void
ground_close(void)
{
    cop_node_stats left;

    (void)ground_stop();
    cop_node_stats_read(here.node, &left);
    assert_int_equal(left.actors, 0);
    assert_int_equal(left.timers, 0);
    assert_int_equal(left.watches, 0);
    assert_int_equal(left.live_messages, 0);
    assert_int_equal(left.jobs_queued + left.jobs_running + left.jobs_abandoned, 0);
    if (here.sim != NULL)
        cop_sim_free(&here.sim);
    else
        cop_node_free(&here.node);
}

/* ------------------------------------------------------------------------- acts */

typedef struct act {
    cop_callback call;
    void *arg;
} act;

static void
has_run(void *arg)
{
    free(arg);
    pthread_mutex_lock(&lock);
    here.done++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static cop_err
run_act(cop_actor *me, void *state, void *arg)
{
    const act *self = arg;

    return self->call(me, state, self->arg);
}

/* True once what `is_so` asks, with the lock, is true. */
static bool
await(bool (*is_so)(const void *ctx), const void *ctx)
{
    struct timespec until;
    bool is_in_time = true;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE;
    pthread_mutex_lock(&lock);
    while (!is_so(ctx) && is_in_time)
        is_in_time = pthread_cond_timedwait(&changed, &lock, &until) == 0;
    bool was_so = is_so(ctx);
    pthread_mutex_unlock(&lock);
    return was_so;
}

static bool
has_done(const void *ctx)
{
    return here.done >= *(const unsigned *)ctx;
}

static bool
has_said(const void *ctx)
{
    return strstr(here.trace, ctx) != NULL;
}

void
ground_do(cop_callback call, void *arg)
{
    act *what = malloc(sizeof *what);
    unsigned wanted = here.done + 1;

    assert_non_null(what);
    *what = (act){call, arg};
    assert_int_equal(cop_post_call(here.node, here.owner, run_act, what, has_run), COP_OK);
    if (here.sim != NULL)
        cop_sim_settle(here.sim);
    else
        assert_true(await(has_done, &wanted));
}

void
ground_await(const char *word)
{
    bool has_come;

    if (here.sim == NULL) {
        has_come = await(has_said, word);
    } else {
        int64_t until = cop_sim_now_ms(here.sim) + SIM_PATIENCE;
        while (!(has_come = has_said(word)) && cop_sim_step_until(here.sim, until))
            continue;
    }
    if (!has_come)
        fail_msg("nobody said \"%s\", but:%s", word, here.trace);
}

void
ground_settle(void)
{
    cop_sim_settle(here.sim);
}

void
ground_pass(int64_t ms)
{
    cop_sim_run_for(here.sim, ms);
}

void
ground_expect(const char *trace)
{
    char *said = here.trace;
    size_t length;

    cop_sim_settle(here.sim);
    said += said[0] == ' ';
    length = strlen(said);
    if (length > 0)
        said[length - 1] = '\0';
    assert_string_equal(said, trace);
    here.trace[0] = '\0';
}
