/* SPDX-License-Identifier: Apache-2.0 */
/*
 * starved_test.c - what ends or is cancelled needs no memory for that: everybody is told, once,
 * and what is owned is gone, whichever allocation is the first to fail, and even if all those
 * after it do.
 *
 * A family - bodies, actors, one that takes its time, a scope in a scope - is linked to a
 * friend, monitored by a watcher, monitors both of them, and owes an answer.  It ends in one
 * way or another.
 */
#include <coppice/fault.h>

#include "base/memory.h"
#include "core/actor.h"
#include "structured/requirements/ground.h"

#define TALK(M, F)                                                                             \
    M(1, fam_go, F(i64, how))                                                                  \
    M(2, fam_question)                                                                         \
    M(3, fam_answer)                                                                           \
    M(4, fam_ask)
COP_PROTOCOL(TALK)

typedef enum ending {
    FAILS,
    RETURNS,
    CANCELS, /* its scopes, and then returns */
    IS_STOPPED,
    IS_KILLED,
    ENDINGS,
} ending;

enum {
    BODIES = 5,
    LASTS_MS = 300,
};

typedef struct counted {
    unsigned began, ended, exits, downs, answers;
} counted;

static counted seen;
static cop_pid family, friend_, watcher;

static void
has_ended(void *arg)
{
    (void)arg;
    seen.ended++;
}

/* ------------------------------------------------------------------------ its members */

COP_BODY(waits, void, arg)
{
    return cop_sleep(co, COP_INFINITY);
}
static COP_SEQUENTIAL(waits_b, waits);

COP_BODY(drains, void, arg)
{
    cop_received received;

    while (cop_receive(co, COP_INFINITY, &received) == COP_OK)
        if (received.type == &cop_stopping_type)
            return cop_sleep(co, 1);
    return COP_E_CANCELLED;
}
static COP_SEQUENTIAL_WITH(drains_b, drains, .drains = true);

typedef struct member {
    char unused;
} member;

static void
member_gone(void *state)
{
    (void)state;
    seen.ended++;
}

COP_HANDLER(member, cop_stopping)
{
    return cop_stop(me);
}
static const cop_behaviour member_b = {.name = "member_b",
                                       .state_size = sizeof(member),
                                       .dispose = member_gone,
                                       .handlers = COP_HANDLERS(COP_ON(member, cop_stopping))};

/* ------------------------------------------------------------------------ the family */

static cop_err
start_bodies(cop_actor *me, cop_scope scope)
{
    for (int i = 0; i < BODIES; i++) {
        COP_TRY(cop_spawn(me, i % 2 == 0 ? &waits_b : &drains_b,
                          &(cop_spawn_opts){.scope = scope, .dispose = has_ended}, NULL));
        seen.began++;
    }
    return COP_OK;
}

COP_BODY(family_lives, void, arg)
{
    cop_received received;
    cop_token token;
    cop_ref ref;
    cop_scope outer;

    COP_TRY(cop_link(me, friend_));
    COP_TRY(cop_monitor(me, friend_, &ref));
    COP_TRY(cop_monitor(me, watcher, &ref));
    COP_TRY(start_bodies(me, cop_here(me)));
    COP_TRY(cop_spawn(me, &member_b, NULL, NULL));
    seen.began++;
    COP_TRY(cop_scope_open(me, &(cop_scope_opts){.name = "outer"}, &outer));
    COP_TRY(start_bodies(me, outer));
    COP_SCOPE(co, inner, NULL, .name = "inner", .within = outer)
    {
        COP_TRY(start_bodies(me, inner.scope));
        COP_TRY(cop_receive_if(co, COP_INFINITY, NULL, NULL, &received));
        COP_TRY(cop_defer(me, &token));
        COP_TRY(cop_receive(co, COP_INFINITY, &received));
        switch (cop_as(&received, fam_go)->how) {
        case FAILS: return cop_fail(me, 7, "broke");
        case RETURNS: return COP_OK;
        case CANCELS:
            (void)cop_scope_cancel(me, outer, COP_FORCE_SOFT, NULL);
            return cop_sleep(co, 1);
        case IS_STOPPED:
        case IS_KILLED: return cop_sleep(co, COP_INFINITY);
        }
    }
    return COP_OK;
}
static COP_SEQUENTIAL(family_b, family_lives);

/* ------------------------------------------------------------------ those around it */

typedef struct friend_state {
    char unused;
} friend_state;

COP_HANDLER(friend_state, cop_exited)
{
    seen.exits += cop_pid_equal(msg->who, family);
    return COP_OK;
}
static const cop_behaviour friend_b = {.name = "friend_b",
                                       .trap_exit = true,
                                       .state_size = sizeof(friend_state),
                                       .handlers =
                                           COP_HANDLERS(COP_ON(friend_state, cop_exited))};

typedef struct watching {
    char unused;
} watching;

COP_REPLY(watching, fam_answer)
{
    assert_int_not_equal(err, COP_OK);
    seen.answers++;
    return COP_OK;
}
COP_HANDLER(watching, fam_ask)
{
    cop_ref ref;

    COP_TRY(cop_monitor(me, family, &ref));
    return cop_ask(me, family, 1000, COP_THEN(watching, fam_answer), fam_question);
}
COP_HANDLER(watching, cop_down)
{
    seen.downs += cop_pid_equal(msg->who, family);
    return COP_OK;
}
static COP_BEHAVIOUR(watching_b, watching, COP_ON(watching, fam_ask),
                     COP_ON(watching, cop_down));

ACT(begin)
{
    COP_TRY(cop_spawn(me, &friend_b, NULL, &friend_));
    COP_TRY(cop_spawn(me, &watching_b, NULL, &watcher));
    COP_TRY(cop_spawn(me, &family_b, &(cop_spawn_opts){.stop_ms = 50}, &family));
    return cop_send(me, watcher, fam_ask);
}

ACT(end)
{
    ending how = *(const ending *)arg;

    if (how == IS_STOPPED)
        return cop_stop_child(me, family);
    if (how == IS_KILLED)
        cop_kill(me, family);
    else
        return cop_send(me, family, fam_go, .how = how);
    return COP_OK;
}

/* ----------------------------------------------------------------------------- the test */

/* The library lifts the watch, while somebody runs, where it insists on memory: where a real
 * node would come to its end. */
static bool is_running;
static unsigned insisted;

void __real_copi_run_actor(copi_worker *worker, copi_task *task);
void __wrap_copi_run_actor(copi_worker *worker, copi_task *task);
void
__wrap_copi_run_actor(copi_worker *worker, copi_task *task)
{
    is_running = true;
    __real_copi_run_actor(worker, task);
    is_running = false;
}

const copi_memory_watch *__real_copi_memory_set_watch(const copi_memory_watch *watch);
const copi_memory_watch *__wrap_copi_memory_set_watch(const copi_memory_watch *watch);
const copi_memory_watch *
__wrap_copi_memory_set_watch(const copi_memory_watch *watch)
{
    insisted += is_running && watch == NULL;
    return __real_copi_memory_set_watch(watch);
}

static void
end_without_memory(ending how, const char *who, uint64_t at, int32_t ms)
{
    const cop_fault fault = {.kind = &cop_fault_nomem, .at = at, .ms = ms};
    cop_fault armed = fault;

    snprintf(armed.who, sizeof armed.who, "%s", who);
    seen = (counted){0};
    insisted = 0;
    ground_open(GROUND_SIM, &ground_isolate_b, at);
    ground_do(begin, NULL);
    assert_int_equal(seen.began, 3 * BODIES + 1);
    assert_int_equal(cop_sim_fault(here.sim, &armed), COP_OK);
    ground_do(end, &how);
    ground_pass(5000);
    assert_int_equal(seen.ended, seen.began);
    assert_int_equal(seen.exits, 1);
    assert_int_equal(seen.downs, 1);
    assert_int_equal(seen.answers, 1);
    assert_int_equal(insisted, 0);
    ground_close();
}

static void
ends_without_memory(int32_t ms)
{
    static const char *const whose[] = {"family_b", "waits_b", "drains_b", "member_b"};

    for (ending how = 0; how < ENDINGS; how++)
        for (size_t i = 0; i < COP_COUNT(whose); i++)
            for (uint64_t at = 1; at <= 40; at++)
                end_without_memory(how, whose[i], at, ms);
}

static void
any_allocation_may_fail_while_it_ends(void **state)
{
    (void)state;
    ends_without_memory(0);
}

static void
all_of_them_may_fail_while_it_ends(void **state)
{
    (void)state;
    ends_without_memory(LASTS_MS);
}

COP_BODY(is_brief, void, arg)
{
    return COP_OK;
}
static COP_SEQUENTIAL(is_brief_b, is_brief);

/* So that owners come before their children when the node is thrown away. */
ACT(use_places)
{
    for (int i = 0; i < 60; i++)
        COP_TRY(cop_spawn(me, &is_brief_b, NULL, NULL));
    return COP_OK;
}

/* Nothing is touched that is gone, wherever it stops: a letter may be on its way. */
static void
what_goes_on_without_memory_may_be_thrown_away(void **state)
{
    (void)state;
    for (int steps = 1; steps < 60; steps++) {
        cop_fault fault = {
            .kind = &cop_fault_nomem, .who = "family_b", .at = 1, .ms = LASTS_MS};
        ending how = RETURNS;
        ground_open(GROUND_SIM, &ground_isolate_b, 1);
        ground_do(use_places, NULL);
        ground_do(begin, NULL);
        assert_int_equal(cop_sim_fault(here.sim, &fault), COP_OK);
        assert_int_equal(cop_post(here.node, family, fam_go, .how = how), COP_OK);
        for (int i = 0; i < steps; i++)
            cop_sim_step(here.sim);
        cop_sim_crash(here.sim, here.node);
        cop_sim_free(&here.sim);
        here.node = NULL;
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_allocation_may_fail_while_it_ends),
        cmocka_unit_test(all_of_them_may_fail_while_it_ends),
        cmocka_unit_test(what_goes_on_without_memory_may_be_thrown_away),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
