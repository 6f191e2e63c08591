/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sched/runq.h"

enum {
    MANY = 1000
};

static copi_task tasks[MANY];
static copi_runq queue, thief;

static int
set_up(void **state)
{
    (void)state;
    copi_runq_init(&queue, true);
    copi_runq_init(&thief, true);
    return 0;
}

static void
tasks_come_out_in_the_order_they_went_in(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++)
        copi_runq_push(&queue, &tasks[i]);
    for (int i = 0; i < 10; i++)
        assert_ptr_equal(copi_runq_pop(&queue), &tasks[i]);
    assert_null(copi_runq_pop(&queue));
}

static void
what_does_not_fit_waits_in_order(void **state)
{
    (void)state;
    for (int i = 0; i < MANY; i++)
        copi_runq_push(&queue, &tasks[i]);
    for (int i = 0; i < MANY; i++)
        assert_ptr_equal(copi_runq_pop(&queue), &tasks[i]);
    assert_null(copi_runq_pop(&queue));
    assert_true(copi_runq_is_empty(&queue));
}

static void
a_thief_takes_the_older_half(void **state)
{
    (void)state;
    for (int i = 0; i < 8; i++)
        copi_runq_push(&queue, &tasks[i]);
    assert_ptr_equal(copi_runq_steal(&thief, &queue, copi_runq_mark(&queue)), &tasks[0]);
    for (int i = 1; i < 4; i++)
        assert_ptr_equal(copi_runq_pop(&thief), &tasks[i]);
    for (int i = 4; i < 8; i++)
        assert_ptr_equal(copi_runq_pop(&queue), &tasks[i]);
}

static void
a_thief_gets_a_single_task_and_then_none(void **state)
{
    (void)state;
    copi_runq_push(&queue, &tasks[0]);
    assert_false(copi_runq_is_empty(&queue));
    assert_ptr_equal(copi_runq_steal(&thief, &queue, copi_runq_mark(&queue)), &tasks[0]);
    assert_null(copi_runq_steal(&thief, &queue, copi_runq_mark(&queue)));
    assert_true(copi_runq_is_empty(&queue));
}

static void
the_ring_goes_round(void **state)
{
    (void)state;
    for (int turn = 0; turn < 5000; turn++) {
        copi_runq_push(&queue, &tasks[turn % MANY]);
        copi_runq_push(&queue, &tasks[(turn + 1) % MANY]);
        assert_ptr_equal(copi_runq_pop(&queue), &tasks[turn % MANY]);
        assert_ptr_equal(copi_runq_steal(&thief, &queue, copi_runq_mark(&queue)),
                         &tasks[(turn + 1) % MANY]);
    }
}

/* ---------------------------------------------------------------------- real threads */

enum {
    THIEVES = 2,
    TASKS = 200000
};

typedef struct job {
    copi_task task;
    _Atomic int runs;
} job;

typedef struct yard {
    copi_runq queues[1 + THIEVES];
    job jobs[TASKS];
    _Atomic int left;
} yard;

typedef struct worker {
    yard *yard;
    int number;
    pthread_t thread;
} worker;

static void
run_task(yard *self, copi_task *task)
{
    if (task == NULL)
        return;
    atomic_fetch_add(&((job *)(void *)task)->runs, 1);
    atomic_fetch_sub(&self->left, 1);
}

static void *
run_owner(void *ctx)
{
    yard *self = ((worker *)ctx)->yard;

    for (int i = 0; i < TASKS; i++) {
        copi_runq_push(&self->queues[0], &self->jobs[i].task);
        if (i % 3 == 0)
            run_task(self, copi_runq_pop(&self->queues[0]));
        if (i % 1000 == 0)
            sched_yield();
    }
    while (atomic_load(&self->left) > 0)
        run_task(self, copi_runq_pop(&self->queues[0]));
    return NULL;
}

static void *
run_thief(void *ctx)
{
    worker *mine = ctx;
    yard *self = mine->yard;

    while (atomic_load(&self->left) > 0) {
        copi_task *task = copi_runq_pop(&self->queues[mine->number]);
        for (int i = 0; task == NULL && i <= THIEVES; i++)
            if (i != mine->number)
                task = copi_runq_steal(&self->queues[mine->number], &self->queues[i],
                                       copi_runq_mark(&self->queues[i]));
        run_task(self, task);
        if (task == NULL)
            sched_yield();
    }
    return NULL;
}

/* A task that is lost is waited for forever. */
static void
every_task_runs_once_whoever_takes_it(void **state)
{
    yard *self = aligned_alloc(64, (sizeof *self + 63) / 64 * 64);
    worker workers[1 + THIEVES];

    (void)state;
    assert_non_null(self);
    atomic_init(&self->left, TASKS);
    for (int i = 0; i < TASKS; i++)
        atomic_init(&self->jobs[i].runs, 0);
    for (int i = 0; i <= THIEVES; i++)
        copi_runq_init(&self->queues[i], true);
    for (int i = 0; i <= THIEVES; i++) {
        workers[i] = (worker){.yard = self, .number = i};
        assert_int_equal(pthread_create(&workers[i].thread, NULL,
                                        i == 0 ? run_owner : run_thief, &workers[i]),
                         0);
    }
    for (int i = 0; i <= THIEVES; i++)
        assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
    for (int i = 0; i < TASKS; i++)
        assert_int_equal(self->jobs[i].runs, 1);
    free(self);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(tasks_come_out_in_the_order_they_went_in, set_up),
        cmocka_unit_test_setup(what_does_not_fit_waits_in_order, set_up),
        cmocka_unit_test_setup(a_thief_takes_the_older_half, set_up),
        cmocka_unit_test_setup(a_thief_gets_a_single_task_and_then_none, set_up),
        cmocka_unit_test_setup(the_ring_goes_round, set_up),
        cmocka_unit_test(every_task_runs_once_whoever_takes_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
