/* SPDX-License-Identifier: Apache-2.0 */
/*
 * co_limit_test.c - more bodies than the process may have stacks: those that get none fail with
 * an error that says why, and all else goes on.
 */
#include <errno.h>
#include <sys/mman.h>

#include <coppice/co.h>

#include "actor_stage.h"

#include "protocol.h"

enum {
    LOTS = 200,
    ROOM = 25, /* guards that there may be */
};

/* How many more calls go well; -1: any number. */
static int mmaps_left, mprotects_left;
static bool is_old_kernel;

void *__real_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset);
int __real_mprotect(void *at, size_t size, int protection);
int __wrap_mprotect(void *at, size_t size, int protection);
int __real_madvise(void *at, size_t size, int advice);
int __wrap_madvise(void *at, size_t size, int advice);

static bool
is_left(int *calls)
{
    if (*calls == 0) {
        errno = ENOMEM;
        return false;
    }
    if (*calls > 0)
        (*calls)--;
    return true;
}

void *
__wrap_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
    return is_left(&mmaps_left) ? __real_mmap(at, size, protection, flags, fd, offset)
                                : MAP_FAILED;
}

int
__wrap_mprotect(void *at, size_t size, int protection)
{
    return is_left(&mprotects_left) ? __real_mprotect(at, size, protection) : -1;
}

int
__wrap_madvise(void *at, size_t size, int advice)
{
    if (is_old_kernel && advice == 102 /* MADV_GUARD_INSTALL */) {
        errno = EINVAL;
        return -1;
    }
    return __real_madvise(at, size, advice);
}

COP_BODY(waiter, void, unused)
{
    const go *got;

    (void)me;
    (void)unused;
    return cop_receive_a(co, COP_INFINITY, go, &got);
}
static COP_SEQUENTIAL(waiter_b, waiter);

static cop_pid bodies[LOTS];
static int asked, failed, ended;
static char why[128];

typedef struct owner {
    int unused;
} owner;

COP_HANDLER(owner, cop_child_down)
{
    (void)me;
    (void)st;
    if (msg->why.kind == COP_EXIT_ERROR) {
        snprintf(why, sizeof why, "%s", msg->why.text);
        failed++;
    } else {
        ended++;
    }
    return COP_OK;
}
static const cop_behaviour owner_b = {
    .name = "owner",
    .state_size = sizeof(owner),
    .policy = COP_COLLECT,
    .handlers = COP_HANDLERS(COP_ON(owner, cop_child_down)),
};

/* A start goes well; it is the body's first step that has no stack. */
static cop_err
start_some(cop_actor *me, void *state, void *arg)
{
    (void)state;
    (void)arg;
    for (int i = 0; i < asked; i++)
        COP_TRY(cop_spawn(me, &waiter_b, NULL, &bodies[i]));
    return COP_OK;
}

static void
start(int count)
{
    asked = count;
    failed = ended = 0;
    why[0] = '\0';
    stage_do(start_some);
}

/* Who had no stack is not there any more. */
static void
let_go(void)
{
    int heard = 0;

    for (int i = 0; i < asked; i++)
        heard += cop_post(stage.node, bodies[i], go) == COP_OK;
    assert_int_equal(heard, asked - failed);
    cop_sim_settle(stage.sim);
}

static void
open_stage(void)
{
    mmaps_left = mprotects_left = -1;
    is_old_kernel = false;
    stage_open(&owner_b, 1);
}

static void
the_mapping_limit_is_an_error_of_those_beyond_it(void **state)
{
    (void)state;
    open_stage();
    is_old_kernel = true;
    mprotects_left = ROOM;
    start(LOTS);
    assert_int_equal(failed, LOTS - ROOM);
    assert_string_equal(why, "no stack: vm.max_map_count is reached");
    let_go();
    assert_int_equal(ended, ROOM);
    /* Their stacks are there for others. */
    start(ROOM);
    assert_int_equal(failed, 0);
    let_go();
    assert_int_equal(ended, ROOM);
    mprotects_left = -1;
    stage_close();
}

static void
no_more_addresses_are_an_error_of_those_beyond(void **state)
{
    (void)state;
    open_stage();
    mmaps_left = 1;
    start(LOTS);
    assert_in_range(failed, 1, LOTS - 1);
    assert_string_equal(why, "no stack: out of memory");
    int room = LOTS - failed;
    let_go();
    assert_int_equal(ended, room);
    mmaps_left = -1;
    start(LOTS);
    let_go();
    assert_int_equal(ended, LOTS);
    stage_close();
}

/* ------------------------------------------------------------------------ in a scope */

COP_BODY(opener, void, unused)
{
    cop_outcome outcome;

    (void)unused;
    COP_SCOPE(co, here, &outcome, .name = "s")
    for (int i = 0; i < LOTS; i++)
        COP_TRY(cop_spawn(me, &waiter_b, &(cop_spawn_opts){.scope = here.scope}, NULL));
    assert_int_equal(outcome.started, LOTS);
    assert_int_equal(outcome.why.kind, COP_EXIT_ERROR);
    assert_string_equal(outcome.why.text, "no stack: vm.max_map_count is reached");
    stage_say("closed");
    return COP_OK;
}
static COP_SEQUENTIAL(opener_b, opener);

static cop_err
start_opener(cop_actor *me, void *state, void *arg)
{
    (void)state;
    (void)arg;
    return cop_spawn(me, &opener_b, NULL, NULL);
}

static void
a_scope_that_fails_fast_is_closed_with_that_error(void **state)
{
    (void)state;
    open_stage();
    is_old_kernel = true;
    mprotects_left = ROOM;
    stage_do(start_opener);
    stage_expect("closed");
    mprotects_left = -1;
    stage_close();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_mapping_limit_is_an_error_of_those_beyond_it),
        cmocka_unit_test(no_more_addresses_are_an_error_of_those_beyond),
        cmocka_unit_test(a_scope_that_fails_fast_is_closed_with_that_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
