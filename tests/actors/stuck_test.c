/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stuck_test.c - the watchdog.  A handler hangs until it has been reported, so nothing here
 * depends on how long that takes.
 */
#include <dirent.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <coppice/event.h>
#include <coppice/node.h>
#include <coppice/sim.h>
#include <coppice/timer.h>

#define STUCK(M, F)                                                                            \
    M(1, hang, F(u32, reports))                                                                \
    M(2, later, F(u32, reports))                                                               \
    M(3, work)                                                                                 \
    M(4, hang_deaf, F(u32, reports))                                                           \
    M(5, stand_by, F(u32, reports))                                                            \
    M(6, start_and_hang, F(u32, reports))
COP_PROTOCOL(STUCK)

enum {
    LIMIT = 20, /* milliseconds */
    /* One that works hard has this one, for a busy machine.  There are so many reports of
     * another when that has hung for longer. */
    WORK_LIMIT = 1000,
    WORK_REPORTS = 7,
    REPORTS = 64,
};

typedef struct report {
    char path[64], behaviour[64], message[64];
    int64_t ran_ms;
    bool has_hang; /* in its stack */
    uint32_t waiting;
    cop_pid who;
} report;

/* In the place of the message, where the thread has not told it. */
#define DEAF "deaf"

/* Under the lock: events come from the watchdog's thread. */
static struct {
    pthread_mutex_t lock;
    report reports[REPORTS];
    unsigned count;
    unsigned aborts;
    char line[256];  /* the last of the log */
    unsigned frames; /* lines of a stack */
} seen = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void
copy(char out[64], const char *text)
{
    snprintf(out, 64, "%s", text == NULL ? "" : text);
}

/* How many reports there are of a handler of this message. */
static unsigned
reports_of(const char *message)
{
    unsigned count = 0;

    pthread_mutex_lock(&seen.lock);
    for (unsigned i = 0; i < seen.count; i++)
        count += strcmp(seen.reports[i].message, message) == 0;
    pthread_mutex_unlock(&seen.lock);
    return count;
}

/* One of them, from 0, that has come. */
static report
report_of(const char *message, unsigned which)
{
    report found = {.ran_ms = -1};

    pthread_mutex_lock(&seen.lock);
    for (unsigned i = 0; i < seen.count && found.ran_ms < 0; i++)
        if (strcmp(seen.reports[i].message, message) == 0 && which-- == 0)
            found = seen.reports[i];
    pthread_mutex_unlock(&seen.lock);
    assert_true(found.ran_ms >= 0);
    return found;
}

/* Not inlined, so that it has a frame, and found by its address. */
__attribute__((noinline)) void hang_until(const char *message, unsigned wanted);

void
hang_until(const char *message, unsigned wanted)
{
    while (reports_of(message) < wanted)
        continue;
}

enum {
    HANG_SIZE = 4096 /* more than that function has */
};

static bool
is_in_hang(const void *frame)
{
    uintptr_t start = (uintptr_t)hang_until, at = (uintptr_t)frame;

    return at >= start && at < start + HANG_SIZE;
}

static void
on_event(void *ctx, const cop_event *event)
{
    (void)ctx;
    pthread_mutex_lock(&seen.lock);
    if (event->kind == COP_EVENT_STUCK && seen.count < REPORTS) {
        report *to = &seen.reports[seen.count++];
        copy(to->path, event->path);
        copy(to->behaviour, event->behaviour);
        copy(to->message, event->stack == NULL ? DEAF : event->message);
        to->ran_ms = event->ran_ms;
        to->who = event->who;
        to->waiting = event->waiting;
        for (size_t i = 0; i < event->stack_count; i++)
            to->has_hang |= is_in_hang(event->stack[i]);
    }
    pthread_mutex_unlock(&seen.lock);
}

/* --------------------------------------------------------------------------- the actors */

typedef struct hanger {
    int unused;
} hanger;

/* Hangs in its init, if it is told to. */
COP_HANDLER(hanger, cop_start)
{
    const unsigned *wanted = msg->arg;

    if (wanted != NULL)
        hang_until("init", *wanted);
    return COP_OK;
}

COP_HANDLER(hanger, hang)
{
    hang_until("hang", msg->reports);
    return COP_OK;
}

COP_HANDLER(hanger, later)
{
    hang_until("later", msg->reports);
    return COP_OK;
}

/* Hangs as long as another, and has no limit, or hopes so. */
COP_HANDLER(hanger, stand_by)
{
    hang_until("hang", msg->reports);
    return COP_OK;
}

/* Works all the time, but in small pieces, until another has hung for longer than it may. */
COP_HANDLER(hanger, work)
{
    return reports_of("hang") < WORK_REPORTS ? cop_send(me, cop_self(me), work) : COP_OK;
}

static cop_err
fail_to_start(cop_actor *me, void *state, const void *arg)
{
    (void)me;
    (void)state;
    (void)arg;
    return COP_E_IGNORE;
}

static const cop_behaviour child_b = {.name = "child"};
static const cop_behaviour barren_b = {.name = "barren", .init = fail_to_start};

/* After others have run their init within this handler, one of them in vain. */
COP_HANDLER(hanger, start_and_hang)
{
    assert_int_equal(cop_spawn(me, &child_b, NULL, NULL), COP_OK);
    assert_int_equal(cop_spawn(me, &barren_b, NULL, NULL), COP_E_IGNORE);
    hang_until("start_and_hang", msg->reports);
    return COP_OK;
}

COP_HANDLER(hanger, hang_deaf)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    hang_until(DEAF, msg->reports);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return COP_OK;
}

#define HANGER                                                                                 \
    .state_size = sizeof(hanger),                                                              \
    .handlers =                                                                                \
        COP_HANDLERS(COP_ON(hanger, cop_start), COP_ON(hanger, hang), COP_ON(hanger, later),   \
                     COP_ON(hanger, work), COP_ON(hanger, hang_deaf),                          \
                     COP_ON(hanger, stand_by), COP_ON(hanger, start_and_hang))
static const cop_behaviour hanger_b = {.name = "hanger", .stuck_ms = LIMIT, HANGER};
static const cop_behaviour free_b = {.name = "free", HANGER};
static const cop_behaviour fatal_b = {
    .name = "fatal", .stuck_ms = LIMIT, .on_stuck = COP_STUCK_ABORT, HANGER};
static const cop_behaviour idle_b = {.name = "main", HANGER};

/* Instead of the process the watchdog ends, which the test joins. */
_Noreturn void __wrap_abort(void);

_Noreturn void
__wrap_abort(void)
{
    pthread_mutex_lock(&seen.lock);
    seen.aborts++;
    pthread_mutex_unlock(&seen.lock);
    pthread_exit(NULL);
}

/* ----------------------------------------------------------------------------- the stage */

static cop_node *
open_node(cop_node_opts opts)
{
    cop_node *node = NULL;

    pthread_mutex_lock(&seen.lock);
    seen.count = seen.aborts = 0;
    memset(seen.reports, 0, sizeof seen.reports);
    pthread_mutex_unlock(&seen.lock);
    if (opts.workers == 0)
        opts.workers = 2;
    if (opts.on_log == NULL)
        opts.on_event = on_event;
    assert_int_equal(cop_node_new(&node, &opts), COP_OK);
    assert_int_equal(cop_node_start(node, &idle_b, NULL, NULL), COP_OK);
    return node;
}

static cop_pid
start(cop_node *node, const cop_behaviour *behaviour, int32_t stuck_ms)
{
    cop_pid pid;

    assert_int_equal(
        cop_node_spawn(node, behaviour, &(cop_spawn_opts){.stuck_ms = stuck_ms}, &pid), COP_OK);
    return pid;
}

/* ----------------------------------------------------------------------------- the tests */

static void
who_hangs_is_reported_with_its_stack(void **state)
{
    cop_node *node = open_node((cop_node_opts){0});
    cop_pid who;

    (void)state;
    assert_int_equal(
        cop_node_spawn(node, &hanger_b, &(cop_spawn_opts){.label = "the one"}, &who), COP_OK);
    assert_int_equal(cop_post(node, who, hang, .reports = 1), COP_OK);
    hang_until("hang", 1);
    const report first = report_of("hang", 0);
    assert_true(cop_pid_equal(first.who, who));
    assert_string_equal(first.path, "the one");
    assert_string_equal(first.behaviour, "hanger");
    assert_true(first.ran_ms >= LIMIT);
    assert_true(first.has_hang);
    cop_node_free(&node);
}

static void
it_is_reported_again_each_time_it_has_run_twice_as_long(void **state)
{
    cop_node *node = open_node((cop_node_opts){0});

    (void)state;
    assert_int_equal(cop_post(node, start(node, &hanger_b, 0), hang, .reports = 4), COP_OK);
    hang_until("hang", 4);
    for (unsigned i = 0; i < 4; i++)
        assert_true(report_of("hang", i).ran_ms >= LIMIT << i);
    cop_node_free(&node);
}

static void
each_handler_is_reported(void **state)
{
    cop_node *node = open_node((cop_node_opts){0});
    cop_pid who = start(node, &hanger_b, 0);

    (void)state;
    assert_int_equal(cop_post(node, who, hang, .reports = 2), COP_OK);
    hang_until("hang", 1);
    assert_int_equal(cop_post(node, who, later, .reports = 1), COP_OK);
    hang_until("later", 1);
    assert_true(report_of("hang", 1).waiting <= 1); /* not itself */
    assert_int_equal(report_of("later", 0).waiting, 0);
    cop_node_free(&node);
}

static cop_err
start_in_timer(cop_actor *me, void *state, const void *arg)
{
    (void)state;
    (void)arg;
    return cop_send_after(me, 1, NULL, later, .reports = 1);
}

static const cop_behaviour alarmed_b = {.name = "alarmed",
                                        .state_size = sizeof(hanger),
                                        .stuck_ms = LIMIT,
                                        .init = start_in_timer,
                                        .handlers = COP_HANDLERS(COP_ON(hanger, later))};

static void
timers_and_inits_are_named(void **state)
{
    cop_node *node = open_node((cop_node_opts){0});
    unsigned wanted = 1;

    (void)state;
    start(node, &alarmed_b, 0);
    hang_until("later", 1);
    assert_int_equal(
        cop_node_spawn(node, &hanger_b, &(cop_spawn_opts){.arg = &wanted}, &(cop_pid){0}),
        COP_OK);
    assert_string_equal(report_of("init", 0).behaviour, "hanger");
    cop_node_free(&node);
}

static void
who_has_started_others_is_still_seen(void **state)
{
    cop_node *node = open_node((cop_node_opts){0});

    (void)state;
    assert_int_equal(cop_post(node, start(node, &hanger_b, 0), start_and_hang, .reports = 1),
                     COP_OK);
    hang_until("start_and_hang", 1);
    assert_string_equal(report_of("start_and_hang", 0).behaviour, "hanger");
    cop_node_free(&node);
}

static void
a_spawn_may_say_otherwise(void **state)
{
    cop_node *node = open_node((cop_node_opts){0});

    (void)state;
    assert_int_equal(
        cop_post(node, start(node, &hanger_b, COP_INFINITY), stand_by, .reports = 3), COP_OK);
    assert_int_equal(cop_post(node, start(node, &free_b, LIMIT), hang, .reports = 3), COP_OK);
    hang_until("hang", 3);
    assert_int_equal(reports_of("stand_by"), 0);
    cop_node_free(&node);
}

static void
the_node_has_a_limit_for_all(void **state)
{
    cop_node *node = open_node((cop_node_opts){.stuck_ms = LIMIT});

    (void)state;
    assert_int_equal(cop_post(node, start(node, &free_b, 0), hang, .reports = 1), COP_OK);
    hang_until("hang", 1);
    assert_string_equal(report_of("hang", 0).behaviour, "free");
    cop_node_free(&node);
}

static void
who_works_hard_is_not_stuck(void **state)
{
    cop_node *node = open_node((cop_node_opts){0});
    cop_pid busy = start(node, &hanger_b, WORK_LIMIT);

    (void)state;
    assert_int_equal(cop_post(node, busy, work), COP_OK);
    assert_int_equal(cop_post(node, start(node, &hanger_b, 0), hang, .reports = WORK_REPORTS),
                     COP_OK);
    hang_until("hang", WORK_REPORTS);
    assert_int_equal(reports_of("work"), 0);
    cop_node_free(&node);
}

static void
one_that_takes_no_signals_is_reported_without_a_stack(void **state)
{
    cop_node *node = open_node((cop_node_opts){0});
    cop_pid who = start(node, &hanger_b, 0);

    (void)state;
    assert_int_equal(cop_post(node, who, hang_deaf, .reports = 1), COP_OK);
    hang_until(DEAF, 1);
    assert_non_null(strstr(report_of(DEAF, 0).path, "takes no signals"));
    /* When it has taken the signal, late, a report is whole again. */
    assert_int_equal(cop_post(node, who, hang, .reports = 1), COP_OK);
    hang_until("hang", 1);
    cop_node_free(&node);
}

static void
expect_abort(const cop_node_opts *opts, const cop_behaviour *behaviour, unsigned aborts)
{
    cop_node *node = open_node(*opts);

    assert_int_equal(cop_post(node, start(node, behaviour, 0), hang, .reports = 1), COP_OK);
    hang_until("hang", 1);
    cop_node_free(&node); /* joins the watchdog */
    assert_int_equal(seen.aborts, aborts);
}

/* What a spawn says holds for that one actor. */
static void
expect_abort_as_spawned(void)
{
    cop_node *node = open_node((cop_node_opts){0});
    cop_pid who;

    assert_int_equal(
        cop_node_spawn(node, &hanger_b, &(cop_spawn_opts){.on_stuck = COP_STUCK_ABORT}, &who),
        COP_OK);
    assert_int_equal(cop_post(node, who, hang, .reports = 1), COP_OK);
    hang_until("hang", 1);
    cop_node_free(&node);
    assert_int_equal(seen.aborts, 1);
}

static void
the_policy_may_be_to_abort(void **state)
{
    (void)state;
    expect_abort_as_spawned();
    expect_abort(&(cop_node_opts){0}, &fatal_b, 1);
    expect_abort(&(cop_node_opts){.on_stuck = COP_STUCK_ABORT}, &hanger_b, 1);
    expect_abort(&(cop_node_opts){0}, &hanger_b, 0);
}

static void
on_log(void *ctx, const char *line)
{
    (void)ctx;
    pthread_mutex_lock(&seen.lock);
    if (strncmp(line, "stuck: ", 7) == 0)
        snprintf(seen.line, sizeof seen.line, "%s", line);
    else if (strncmp(line, "    at ", 7) == 0 && seen.frames++ == 0)
        copy(seen.reports[seen.count++].message, "hang");
    pthread_mutex_unlock(&seen.lock);
}

static void
the_log_has_the_stack(void **state)
{
    cop_node *node = open_node((cop_node_opts){.on_log = on_log});
    char line[256];

    (void)state;
    assert_int_equal(cop_post(node, start(node, &hanger_b, 0), hang, .reports = 1), COP_OK);
    hang_until("hang", 1);
    pthread_mutex_lock(&seen.lock);
    memcpy(line, seen.line, sizeof line);
    pthread_mutex_unlock(&seen.lock);
    cop_node_free(&node);
    assert_memory_equal(line, "stuck: hanger (hanger) for ", 27);
    assert_non_null(strstr(line, " ms, in hang"));
    assert_true(seen.frames > 1);
}

static unsigned
threads(void)
{
    DIR *tasks = opendir("/proc/self/task");
    unsigned count = 0;

    assert_non_null(tasks);
    for (struct dirent *entry; (entry = readdir(tasks)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(tasks);
    return count;
}

static void
there_is_no_watchdog_unless_one_is_needed(void **state)
{
    unsigned before = threads();
    cop_node *node = open_node((cop_node_opts){.workers = 1});

    (void)state;
    start(node, &free_b, 0);
    start(node, &hanger_b, COP_INFINITY);
    assert_int_equal(threads(), before + 1);
    start(node, &hanger_b, 0);
    start(node, &hanger_b, 0);
    start(node, &free_b, 5000);
    assert_int_equal(threads(), before + 2);
    cop_node_free(&node);
}

static void
there_is_none_in_the_simulator(void **state)
{
    unsigned before = threads();
    cop_sim *sim;
    cop_node *node;

    (void)state;
    assert_int_equal(cop_sim_new(&sim, 1), COP_OK);
    assert_int_equal(cop_sim_node(sim, &(cop_node_opts){.stuck_ms = 1}, &node), COP_OK);
    assert_int_equal(cop_sim_spawn(node, &hanger_b, NULL, &(cop_pid){0}), COP_OK);
    assert_int_equal(threads(), before);
    cop_sim_free(&sim);
}

/* In the end nothing of it is left, whether or not anybody was stuck. */
static void
two_nodes_have_two(void **state)
{
    cop_node *one = open_node((cop_node_opts){.stuck_ms = LIMIT});
    cop_node *two = open_node((cop_node_opts){.stuck_ms = LIMIT});

    (void)state;
    assert_int_equal(cop_post(one, start(one, &free_b, 0), hang, .reports = 2), COP_OK);
    assert_int_equal(cop_post(two, start(two, &free_b, 0), hang, .reports = 2), COP_OK);
    hang_until("hang", 2);
    cop_node_free(&two);
    cop_node_free(&one);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_hangs_is_reported_with_its_stack),
        cmocka_unit_test(it_is_reported_again_each_time_it_has_run_twice_as_long),
        cmocka_unit_test(each_handler_is_reported),
        cmocka_unit_test(timers_and_inits_are_named),
        cmocka_unit_test(who_has_started_others_is_still_seen),
        cmocka_unit_test(a_spawn_may_say_otherwise),
        cmocka_unit_test(the_node_has_a_limit_for_all),
        cmocka_unit_test(who_works_hard_is_not_stuck),
        cmocka_unit_test(one_that_takes_no_signals_is_reported_without_a_stack),
        cmocka_unit_test(the_policy_may_be_to_abort),
        cmocka_unit_test(the_log_has_the_stack),
        cmocka_unit_test(there_is_no_watchdog_unless_one_is_needed),
        cmocka_unit_test(there_is_none_in_the_simulator),
        cmocka_unit_test(two_nodes_have_two),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
