/* SPDX-License-Identifier: Apache-2.0 */
/*
 * debug_test.c - a supervisor that is suspended as any other actor: it restarts nothing, until
 * it is resumed, or ends when it is told to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <coppice/debug.h>
#include <coppice/node.h>
#include <coppice/sim.h>
#include <coppice/supervisor.h>

#define DEBUG(M, F)                                                                            \
    M(1, suspend)                                                                              \
    M(2, resume)                                                                               \
    M(3, look)                                                                                 \
    M(4, crash)
COP_PROTOCOL(DEBUG)

typedef struct child {
    int unused;
} child;

COP_HANDLER(child, crash)
{
    return cop_fail(me, 1, "crash");
}
static COP_BEHAVIOUR(child_b, child, COP_ON(child, crash));

/* What the operator has learned. */
static struct {
    unsigned done;
    uint32_t waiting;
    bool is_suspended;
} seen;

typedef struct operator
{
    cop_pid top;
}
operator;

COP_HANDLER(operator, cop_start)
{
    st->top = *(const cop_pid *)msg->arg;
    return COP_OK;
}

COP_REPLY(operator, cop_debug_done)
{
    seen.done++;
    return err;
}

COP_REPLY(operator, cop_actor_status)
{
    if (err == COP_OK) {
        seen.waiting = msg->waiting;
        seen.is_suspended = msg->is_suspended;
    }
    return err;
}

COP_HANDLER(operator, suspend)
{
    return cop_debug_suspend(me, st->top, 1000, COP_THEN(operator, cop_debug_done));
}

COP_HANDLER(operator, resume)
{
    return cop_debug_resume(me, st->top, 1000, COP_THEN(operator, cop_debug_done));
}

COP_HANDLER(operator, look)
{
    return cop_debug_status(me, st->top, 1000, COP_THEN(operator, cop_actor_status));
}
static COP_BEHAVIOUR(operator_b, operator, COP_ON(operator, cop_start),
                     COP_ON(operator, suspend), COP_ON(operator, resume),
                     COP_ON(operator, look));

static const cop_child tree = {
    .name = "top",
    .sup = COP_CHILDREN({.name = "one", .run = &child_b}, {.name = "two", .run = &child_b})};

static void
drop_event(void *ctx, const cop_event *event)
{
    (void)ctx;
    (void)event;
}

static void
drop_line(void *ctx, const char *line)
{
    (void)ctx;
    (void)line;
}

static void
a_suspended_supervisor_restarts_nothing(void **state)
{
    cop_sim *sim;
    cop_node *node;
    cop_pid top, eye;

    (void)state;
    assert_int_equal(cop_sim_new(&sim, 1), COP_OK);
    assert_int_equal(
        cop_sim_node(sim, &(cop_node_opts){.on_event = drop_event, .on_log = drop_line}, &node),
        COP_OK);
    assert_int_equal(
        cop_sim_spawn(node, &cop_supervisor, &(cop_spawn_opts){.arg = &tree}, &top), COP_OK);
    assert_int_equal(cop_sim_spawn(node, &operator_b, &(cop_spawn_opts){.arg = &top}, &eye),
                     COP_OK);
    cop_pid one = cop_node_whereis(node, "one");

    assert_int_equal(cop_post(node, eye, suspend), COP_OK);
    cop_sim_settle(sim);
    assert_int_equal(seen.done, 1);
    assert_int_equal(cop_post(node, one, crash), COP_OK);
    cop_sim_run_for(sim, 1000);
    assert_true(cop_pid_is_none(cop_node_whereis(node, "one")));
    assert_int_equal(cop_post(node, eye, look), COP_OK);
    cop_sim_settle(sim);
    assert_true(seen.is_suspended);
    assert_int_equal(seen.waiting, 1);

    assert_int_equal(cop_post(node, eye, resume), COP_OK);
    cop_sim_settle(sim);
    assert_false(cop_pid_is_none(cop_node_whereis(node, "one")));
    assert_false(cop_pid_equal(cop_node_whereis(node, "one"), one));

    assert_int_equal(cop_post(node, eye, suspend), COP_OK);
    cop_sim_settle(sim);
    assert_true(cop_sim_stop(sim, node, 1000)); /* it ends in order */
    cop_sim_free(&sim);
}

static char events[512];

static void
note_event(void *ctx, const cop_event *event)
{
    size_t used = strlen(events);

    (void)ctx;
    snprintf(events + used, sizeof events - used, "%s %s %s %s, ", event->path,
             cop_event_kind_name(event->kind), event->child == NULL ? "-" : event->child,
             event->news == NULL ? "-" : event->news);
}

static void
who_wants_events_hears_of_children(void **state)
{
    cop_sim *sim;
    cop_node *node;

    (void)state;
    assert_int_equal(cop_sim_new(&sim, 1), COP_OK);
    assert_int_equal(
        cop_sim_node(sim, &(cop_node_opts){.on_event = note_event, .on_log = drop_line}, &node),
        COP_OK);
    assert_int_equal(cop_sim_spawn(node, &cop_supervisor,
                                   &(cop_spawn_opts){.arg = &tree, .label = "top"},
                                   &(cop_pid){0}),
                     COP_OK);
    assert_string_equal(events, "top progress one started, top progress two started, ");
    events[0] = '\0';
    assert_int_equal(cop_post(node, cop_node_whereis(node, "two"), crash), COP_OK);
    cop_sim_settle(sim);
    assert_string_equal(events, "top/two crash - -, top child two ended, "
                                "top progress two restarted, ");
    assert_true(cop_sim_stop(sim, node, 1000));
    cop_sim_free(&sim);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_suspended_supervisor_restarts_nothing),
        cmocka_unit_test(who_wants_events_hears_of_children),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
