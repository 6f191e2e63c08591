/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stage.h - workers that do what a script says, somebody who owns and asks the supervisor,
 * and a journal of what happened, in the simulator.
 *
 * In the journal "+a" is a start of a ("ra", "ga" as the script says), "!a" a failed one, "?a"
 * one that ignored, "-a" an end and "#a" a kill.
 */
#ifndef TESTS_SUPERVISOR_STAGE_H
#define TESTS_SUPERVISOR_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <coppice/sim.h>
#include <coppice/supervisor.h>
#include <coppice/timer.h>

#define STAGE(M, F)                                                                            \
    M(1, fall, F(i64, code))                                                                   \
    M(2, leave)                                                                                \
    M(3, finish)                                                                               \
    M(4, go)                                                                                   \
    M(5, open)                                                                                 \
    M(6, decline)
COP_PROTOCOL(STAGE)

/* A letter says how a start goes, one for each, the last one again and again:
 * '+' well, 'x' it fails, '?' it ignores, 'X' it fails with a child of its own that takes
 * 100 ms to go, 'r' it says in its init that it is ready, 'g' it says so when it gets an
 * `open`. */
typedef struct script {
    const char *name;
    const char *starts;
    int stop_ms; /* takes so long to stop; negative: for ever */
    int attempts;
} script;

static struct {
    cop_sim *sim;
    cop_node *node;
    cop_pid boss, top;
    cop_err (*go)(cop_actor *me);
    char journal[8192];
    char answers[4096]; /* of what the boss asked */
    char log[8192];
    cop_exit why; /* the end of top, or why it did not start */
} stage;

static inline void
write_to(char *text, size_t size, const char *format, va_list args)
{
    size_t used = strlen(text);

    if (used > 0 && used + 1 < size) {
        text[used++] = ' ';
        text[used] = '\0';
    }
    vsnprintf(text + used, size - used, format, args);
}

static inline void COP_PRINTF(1, 2) note(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    write_to(stage.journal, sizeof stage.journal, format, args);
    va_end(args);
}

static inline void COP_PRINTF(1, 2) got(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    write_to(stage.answers, sizeof stage.answers, format, args);
    va_end(args);
}

static inline void
keep_log(COP_UNUSED void *ctx, const char *line)
{
    strncat(stage.log, line, sizeof stage.log - strlen(stage.log) - 2);
    strcat(stage.log, "\n");
}

/* ---------------------------------------------------------------------------- worker */

typedef struct worker {
    script *script; /* NULL until it has started */
    bool was_clean;
} worker;

static inline void
worker_dispose(void *state)
{
    worker *st = state;

    if (st->script != NULL)
        note("%c%s", st->was_clean ? '-' : '#', st->script->name);
}

COP_HANDLER(worker, cop_end)
{
    st->was_clean = true;
    return COP_OK;
}

COP_HANDLER(worker, cop_stopping)
{
    if (st->script->stop_ms > 0)
        return cop_send_after(me, st->script->stop_ms, NULL, finish);
    return st->script->stop_ms < 0 ? COP_OK : cop_stop(me);
}

COP_HANDLER(worker, fall)
{
    return cop_fail(me, (int)msg->code, "boom");
}

COP_HANDLER(worker, leave)
{
    return cop_stop(me);
}

COP_HANDLER(worker, finish)
{
    return cop_stop(me);
}

COP_HANDLER(worker, open)
{
    return cop_say_ready(me);
}

COP_HANDLER(worker, decline)
{
    return COP_E_IGNORE;
}

static cop_err worker_init(cop_actor *me, void *state, const void *arg);

static const cop_behaviour worker_b = {
    .name = "worker",
    .state_size = sizeof(worker),
    .init = worker_init,
    .dispose = worker_dispose,
    .handlers =
        COP_HANDLERS(COP_ON(worker, cop_end), COP_ON(worker, cop_stopping),
                     COP_ON(worker, fall), COP_ON(worker, leave), COP_ON(worker, finish),
                     COP_ON(worker, open), COP_ON(worker, decline)),
};

static inline cop_err
worker_init(cop_actor *me, void *state, const void *arg)
{
    static script slow = {.name = "leftover", .stop_ms = 100};
    script *self = (script *)(uintptr_t)arg;
    const char *starts = self->starts == NULL ? "+" : self->starts;
    size_t last = strlen(starts) - 1, at = (size_t)self->attempts++;
    char how = starts[at < last ? at : last];

    if (how == 'X') {
        slow.attempts = 0;
        assert_int_equal(cop_spawn(me, &worker_b, &(cop_spawn_opts){.arg = &slow}, NULL),
                         COP_OK);
    }
    note("%c%s", how == 'X' || how == 'x' ? '!' : how, self->name);
    if (how == 'X' || how == 'x')
        return cop_fail(me, 7, "no %s", self->name);
    if (how == '?')
        return COP_E_IGNORE;
    ((worker *)state)->script = self;
    return how == 'r' ? cop_say_ready(me) : COP_OK;
}

/* ------------------------------------------------------------------------------ boss */

typedef struct boss {
    cop_ref monitor;
} boss;

COP_HANDLER(boss, go)
{
    return stage.go(me);
}

COP_HANDLER(boss, cop_down)
{
    stage.why = msg->why;
    note("=%s", cop_exit_kind_name(msg->why.kind));
    return COP_OK;
}

COP_HANDLER(boss, cop_child_event)
{
    note("<%s %.*s", cop_child_news_name((cop_child_news)msg->what), (int)msg->name.size,
         msg->name.data);
    return COP_OK;
}

static const cop_behaviour boss_b = {
    .name = "boss",
    .state_size = sizeof(boss),
    .policy = COP_ISOLATE,
    .handlers =
        COP_HANDLERS(COP_ON(boss, go), COP_ON(boss, cop_down), COP_ON(boss, cop_child_event)),
};

/* --------------------------------------------------------------------------- scenery */

static inline void
drop_event(COP_UNUSED void *ctx, COP_UNUSED const cop_event *event)
{
}

static inline int
set_up(COP_UNUSED void **state)
{
    static uint64_t seed; /* another schedule for each test: nothing may depend on it */
    /* The log has the supervisors' lines alone. */
    const cop_node_opts opts = {.name = "n", .on_log = keep_log, .on_event = drop_event};

    memset(&stage, 0, sizeof stage);
    assert_int_equal(cop_sim_new(&stage.sim, ++seed), COP_OK);
    assert_int_equal(cop_sim_node(stage.sim, &opts, &stage.node), COP_OK);
    assert_int_equal(cop_sim_spawn(stage.node, &boss_b, NULL, &stage.boss), COP_OK);
    return 0;
}

static inline int
tear_down(COP_UNUSED void **state)
{
    assert_true(cop_sim_stop(stage.sim, stage.node, 100000));
    cop_sim_free(&stage.sim);
    return 0;
}

/* The boss does something, and everything that follows from it at once. */
static inline void
act(cop_err (*what)(cop_actor *me))
{
    stage.go = what;
    assert_int_equal(cop_post(stage.node, stage.boss, go), COP_OK);
    cop_sim_settle(stage.sim);
}

static const cop_child *tree_to_start;
static cop_err start_result;

static inline cop_err
start_it(cop_actor *me)
{
    cop_ref monitor;
    cop_spawn_opts opts = {.arg = tree_to_start,
                           .label = tree_to_start->name,
                           .stop_ms = COP_INFINITY,
                           .monitor = &monitor,
                           .why = &stage.why};

    start_result = cop_spawn(me, &cop_supervisor, &opts, &stage.top);
    return COP_OK;
}

static inline cop_err
start_tree(const cop_child *tree)
{
    tree_to_start = tree;
    act(start_it);
    return start_result;
}

static inline cop_err
stop_it(cop_actor *me)
{
    return cop_stop_child(me, stage.top);
}

static inline cop_pid
who(const char *name)
{
    return cop_node_whereis(stage.node, name);
}

static inline void
crash(const char *name)
{
    assert_int_equal(cop_post(stage.node, who(name), fall, .code = 3), COP_OK);
}

static inline void
end_well(const char *name)
{
    assert_int_equal(cop_post(stage.node, who(name), leave), COP_OK);
}

/* The journal since the last look, when nothing more happens now. */
static inline const char *
journal(void)
{
    static char last[sizeof stage.journal];

    cop_sim_settle(stage.sim);
    strcpy(last, stage.journal);
    stage.journal[0] = '\0';
    return last;
}

static inline const char *
answers(void)
{
    static char last[sizeof stage.answers];

    cop_sim_settle(stage.sim);
    strcpy(last, stage.answers);
    stage.answers[0] = '\0';
    return last;
}

#define EXPECT(text)         assert_string_equal(journal(), text)
#define EXPECT_ANSWERS(text) assert_string_equal(answers(), text)

/* Four ordinary workers. */
static script a, b, c, d;

static inline int
new_stage(void **state)
{
    a = (script){.name = "a"};
    b = (script){.name = "b"};
    c = (script){.name = "c"};
    d = (script){.name = "d"};
    return set_up(state);
}

/* Rows of static tables; `script` is the variable of the same name. */
/* clang-format off */
#define WORKER(...)          WORKER_(__VA_ARGS__, )
#define WORKER_(script, ...) {.name = #script, .run = &worker_b, .arg = &(script), __VA_ARGS__}
/* clang-format on */

#define TEST(function) cmocka_unit_test_setup_teardown(function, new_stage, tear_down)

#endif /* TESTS_SUPERVISOR_STAGE_H */
