/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scope_storm_test.c - scopes whose children's timers are due while they are cancelled and
 * other threads send, on two workers.
 *
 * Here an actor that let go of its worker before its timer had sent what is due would be run by
 * the other one meanwhile; TSan sees that.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <cmocka.h>

#include <pthread.h>
#include <sched.h>

#include <coppice/co.h>
#include <coppice/hatch.h>
#include <coppice/node.h>

enum {
    OWNERS = 2,
    ROUNDS = 150,
    KIDS = 20,
    POSTERS = 4,
};

/* Every argument that anybody gave away, and that was disposed of; posts that were taken. */
static atomic_uint given, disposed, posted;

static void
dispose(void *arg)
{
    (void)arg;
    atomic_fetch_add(&disposed, 1);
}

static cop_err
nothing(cop_actor *me, void *state, void *arg)
{
    (void)me;
    (void)state;
    (void)arg;
    return COP_OK;
}

typedef struct kid {
    int unused;
} kid;

COP_HANDLER(kid, cop_start)
{
    return cop_scope_after(me, cop_here(me), 1, nothing, NULL, NULL, NULL);
}
static COP_BEHAVIOUR(kid_b, kid, COP_ON(kid, cop_start));

COP_BODY(sleeper, void, unused)
{
    (void)unused;
    return cop_sleep(co, 1);
}
static COP_SEQUENTIAL(sleeper_b, sleeper);

static cop_err
spawn_kids(cop_actor *me, cop_scope scope)
{
    for (int i = 0; i < KIDS; i++) {
        atomic_fetch_add(&given, 1);
        COP_TRY(cop_spawn(me, i % 2 ? &kid_b : &sleeper_b,
                          &(cop_spawn_opts){.scope = scope, .dispose = dispose}, NULL));
    }
    return COP_OK;
}

COP_BODY(owner, void, unused)
{
    cop_outcome outcome;

    (void)unused;
    for (int i = 0; i < ROUNDS; i++) {
        COP_SCOPE(co, here, &outcome, .deadline_ms = 10 * 1000,
                  .policy = i % 2 ? COP_ISOLATE : COP_FAIL_FAST)
        {
            COP_TRY(spawn_kids(me, here.scope));
            COP_TRY(cop_sleep(co, i % 3));
            COP_TRY(cop_scope_cancel(me, here.scope,
                                     i % 5 == 0 ? COP_FORCE_KILL : COP_FORCE_HARD, NULL));
        }
    }
    return COP_OK;
}
static COP_SEQUENTIAL(owner_b, owner);

static cop_node *node;
static cop_pid owners[OWNERS];

typedef struct root {
    int ended;
} root;

COP_HANDLER(root, cop_start)
{
    for (int i = 0; i < OWNERS; i++)
        COP_TRY(cop_spawn(me, &owner_b, NULL, &owners[i]));
    return COP_OK;
}
/* Until the last of them has ended. */
COP_HANDLER(root, cop_child_down)
{
    return ++st->ended == OWNERS ? cop_stop(me) : COP_OK;
}
static const cop_behaviour root_b = {
    .name = "root",
    .state_size = sizeof(root),
    .policy = COP_COLLECT,
    .handlers = COP_HANDLERS(COP_ON(root, cop_start), COP_ON(root, cop_child_down)),
};

/* As long as the owner is there; a full mailbox is waited for. */
static void *
post_all(void *arg)
{
    cop_pid to = owners[(uintptr_t)arg % OWNERS];
    cop_err err;

    do {
        atomic_fetch_add(&given, 1);
        err = cop_post_call(node, to, nothing, NULL, dispose);
        atomic_fetch_add(&posted, err == COP_OK);
        sched_yield();
    } while (err == COP_OK || err == COP_E_FULL);
    return NULL;
}

static void
all_is_disposed_of_once_whoever_is_first(void **state)
{
    pthread_t posters[POSTERS];

    (void)state;
    atomic_store(&given, 0);
    atomic_store(&disposed, 0);
    atomic_store(&posted, 0);
    assert_int_equal(cop_node_new(&node, &(cop_node_opts){.workers = 2}), COP_OK);
    assert_int_equal(cop_node_start(node, &root_b, NULL, NULL), COP_OK);
    for (uintptr_t i = 0; i < POSTERS; i++)
        assert_int_equal(pthread_create(&posters[i], NULL, post_all, (void *)i), 0);
    for (int i = 0; i < POSTERS; i++)
        pthread_join(posters[i], NULL);
    assert_int_equal(cop_node_wait(node, NULL), 0);
    cop_node_free(&node);
    assert_int_equal(atomic_load(&disposed), atomic_load(&given));
    assert_true(atomic_load(&posted) > 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_is_disposed_of_once_whoever_is_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
