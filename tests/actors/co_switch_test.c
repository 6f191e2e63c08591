/* SPDX-License-Identifier: Apache-2.0 */
/*
 * co_switch_test.c - contexts: begin, leave, go on elsewhere, end.
 *
 * Built twice: with the switch of the library, and with that of ucontext.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include <execinfo.h>
#include <pthread.h>
#include <string.h>

#include "co/overflow.h"
#include "co/stacks.h"
#include "co/switch.h"

/* A context, and what is told of it. */
typedef struct flow {
    copi_context context;
    copi_stack *stack;
    void (*play)(struct flow *self);
    int step;
    size_t depth;        /* bytes to use */
    struct flow *nested; /* to enter */
    int at_end;
} flow;

typedef struct stage {
    copi_stacks stacks;
    copi_stack_cache cache;
} stage;

static int
set_up(void **state)
{
    static stage all;

    copi_stacks_init(&all.stacks);
    copi_stack_cache_init(&all.cache, &all.stacks);
    *state = &all;
    return 0;
}

static int
tear_down(void **state)
{
    copi_stacks_fini(&((stage *)*state)->stacks);
    return 0;
}

static void
play(void *arg)
{
    flow *self = arg;

    self->play(self);
    self->at_end++;
}

static void
make(stage *at, flow *self, size_t size, void (*what)(flow *self))
{
    self->play = what;
    assert_int_equal(copi_stack_take(&at->cache, size, &self->stack), COP_OK);
    copi_context_make(&self->context, self->stack, play, self);
}

static void
give(stage *at, flow *self)
{
    copi_stack_give(&at->cache, &self->stack);
    assert_null(self->stack);
}

/* --------------------------------------------------------------------- one after another */

static void
three_steps(flow *self)
{
    self->step = 1;
    copi_context_leave(&self->context);
    self->step = 2;
    copi_context_leave(&self->context);
    self->step = 3;
}

static void
it_goes_on_where_it_left_until_it_is_over(void **state)
{
    flow one = {.step = 0};

    make(*state, &one, 0, three_steps);
    assert_int_equal(one.step, 0);
    assert_true(copi_context_enter(&one.context));
    assert_int_equal(one.step, 1);
    assert_true(copi_context_enter(&one.context));
    assert_int_equal(one.step, 2);
    assert_int_equal(one.at_end, 0);
    assert_false(copi_context_enter(&one.context));
    assert_int_equal(one.step, 3);
    assert_int_equal(one.at_end, 1);
    copi_context_drop(&one.context); /* which is not needed, but allowed */
    give(*state, &one);
}

static void
it_runs_on_its_stack(flow *self)
{
    int here;
    volatile uintptr_t at = (uintptr_t)&here;

    /* AddressSanitizer may have put the variable elsewhere; the frame is what counts. */
    at = (uintptr_t)__builtin_frame_address(0);
    self->step = at >= (uintptr_t)self->stack->low &&
                 at < (uintptr_t)self->stack->low + self->stack->size;
    self->depth = (uintptr_t)copi_footing_here.stack == (uintptr_t)self->stack;
}

static void
the_thread_knows_its_stack(void **state)
{
    flow one = {.step = 0};

    make(*state, &one, COPI_STACK_LEAST, it_runs_on_its_stack);
    assert_false(copi_context_enter(&one.context));
    assert_int_equal(one.step, 1);
    assert_int_equal(one.depth, 1);
    assert_null(copi_footing_here.stack);
    give(*state, &one);
}

/* More numbers than there are registers, across switches. */
static void
sum_slowly(flow *self)
{
    double a = 1.5, b = 2.5, c = 3.5, d = 4.5;
    long e = 1, f = 2, g = 3, h = 4, i = 5, j = 6, k = 7;

    for (int round = 0; round < 100; round++) {
        a += 1, b += 2, c += 3, d += 4;
        e += 1, f += 2, g += 3, h += 4, i += 5, j += 6, k += 7;
        copi_context_leave(&self->context);
    }
    self->step = (int)(a + b + c + d) + (int)(e + f + g + h + i + j + k);
}

static void
locals_survive(void **state)
{
    flow some[3] = {{.step = 0}};
    double outside = 0.25;

    for (int i = 0; i < 3; i++)
        make(*state, &some[i], 0, sum_slowly);
    for (int round = 0; round < 100; round++)
        for (int i = 0; i < 3; i++) {
            assert_true(copi_context_enter(&some[i].context));
            outside += outside;
            outside /= 2;
        }
    for (int i = 0; i < 3; i++) {
        assert_false(copi_context_enter(&some[i].context));
        assert_int_equal(some[i].step, 12 + 1000 + 28 + 2800);
        give(*state, &some[i]);
    }
    assert_true(outside == 0.25);
}

static void
enter_nested(flow *self)
{
    while (copi_context_enter(&self->nested->context)) {
        self->step += self->nested->step;
        copi_context_leave(&self->context);
    }
    self->step += self->nested->step;
}

static void
a_context_may_enter_another(void **state)
{
    flow inner = {.step = 0}, outer = {.nested = &inner};
    int steps = 1;

    make(*state, &inner, 0, three_steps);
    make(*state, &outer, 0, enter_nested);
    while (copi_context_enter(&outer.context))
        steps++;
    assert_int_equal(steps, 3);
    assert_int_equal(outer.step, 1 + 2 + 3);
    assert_null(copi_footing_here.stack);
    give(*state, &inner);
    give(*state, &outer);
}

/* ----------------------------------------------------------------------------- its stack */

static size_t
use(const flow *self, const char *since)
{
    volatile char room[1000];
    size_t used = (size_t)(since - (const char *)__builtin_frame_address(0));

    for (size_t i = 0; i < sizeof room; i++)
        room[i] = (char)i;
    if (used < self->depth)
        used = use(self, since);
    return room[7] == 7 ? used : 0;
}

static void
use_much(flow *self)
{
    self->step = use(self, __builtin_frame_address(0)) >= self->depth;
}

static void
nearly_all_of_a_stack_can_be_used(void **state)
{
    static const size_t sizes[] = {COPI_STACK_LEAST, COPI_STACK_DEFAULT, 1024 * 1024,
                                   COPI_STACK_MOST};

    for (size_t i = 0; i < COP_COUNT(sizes); i++) {
        flow one = {.depth = sizes[i] - 8 * 1024};
        make(*state, &one, sizes[i], use_much);
        assert_false(copi_context_enter(&one.context));
        assert_int_equal(one.step, 1);
        size_t depth = copi_stack_look(one.stack).depth;
        assert_true(depth >= one.depth && depth <= sizes[i]);
        give(*state, &one);
    }
}

static void
trace(flow *self)
{
    void *frames[64];

    self->step = backtrace(frames, 64);
}

/* The watchdog takes one of whatever is stuck. */
static void
a_backtrace_ends_where_the_context_begins(void **state)
{
    flow one = {.step = 0};

    make(*state, &one, 0, trace);
    assert_false(copi_context_enter(&one.context));
    assert_in_range(one.step, 2, 12);
    give(*state, &one);
}

/* Its frames are not what was there before to a sanitizer. */
static void
a_stack_is_used_again_after_a_drop(void **state)
{
    stage *at = *state;
    copi_stack *first = NULL;

    for (int round = 0; round < 20; round++) {
        flow one = {.depth = 2000 * (size_t)(round % 4)};
        make(at, &one, 0, round % 2 == 0 ? three_steps : use_much);
        if (round == 0)
            first = one.stack;
        assert_ptr_equal(one.stack, first);
        if (round % 2 == 0) {
            assert_true(copi_context_enter(&one.context));
            copi_context_drop(&one.context);
            assert_int_equal(one.at_end, 0);
        } else {
            assert_false(copi_context_enter(&one.context));
        }
        give(at, &one);
    }
}

static void
one_that_never_began_can_be_dropped(void **state)
{
    flow one = {.step = 0};

    make(*state, &one, 0, three_steps);
    copi_context_drop(&one.context);
    assert_int_equal(one.step, 0);
    give(*state, &one);
}

/* ----------------------------------------------------------------------------- threads */

enum {
    THREADS = 4,
    FLOWS = 50,
    STEPS = 400,
};

/* A list of contexts that wait for a thread. */
typedef struct queue {
    pthread_mutex_t lock;
    flow *waiting[FLOWS];
    size_t count, left;
    unsigned next; /* of a random sequence */
} queue;

static void
count_to_the_end(flow *self)
{
    char mine[64];

    memset(mine, self->step, sizeof mine);
    for (int i = 0; i < STEPS; i++) {
        for (size_t j = 0; j < sizeof mine; j++)
            self->at_end += mine[j] != (char)i;
        memset(mine, i + 1, sizeof mine);
        self->step++;
        copi_context_leave(&self->context);
    }
}

/* One of those that wait, or NULL. */
static flow *
take_any(queue *self)
{
    flow *taken = NULL;

    pthread_mutex_lock(&self->lock);
    if (self->count > 0) {
        self->next = self->next * 1103515245 + 12345;
        size_t place = (self->next >> 16) % self->count;
        taken = self->waiting[place];
        self->waiting[place] = self->waiting[--self->count];
    }
    pthread_mutex_unlock(&self->lock);
    return taken;
}

static void
put(queue *self, flow *one)
{
    pthread_mutex_lock(&self->lock);
    self->waiting[self->count++] = one;
    pthread_mutex_unlock(&self->lock);
}

static bool
is_done(queue *self, size_t more)
{
    pthread_mutex_lock(&self->lock);
    self->left -= more;
    bool done = self->left == 0;
    pthread_mutex_unlock(&self->lock);
    return done;
}

static void *
work(void *arg)
{
    queue *self = arg;

    while (!is_done(self, 0)) {
        flow *one = take_any(self);
        if (one == NULL)
            sched_yield();
        else if (copi_context_enter(&one->context))
            put(self, one);
        else
            is_done(self, 1);
    }
    return NULL;
}

static void
contexts_wander_between_threads(void **state)
{
    static flow flows[FLOWS];
    queue all = {.lock = PTHREAD_MUTEX_INITIALIZER, .left = FLOWS, .next = 1};
    pthread_t threads[THREADS];

    memset(flows, 0, sizeof flows);
    for (int i = 0; i < FLOWS; i++) {
        make(*state, &flows[i], 0, count_to_the_end);
        put(&all, &flows[i]);
    }
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, &all), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (int i = 0; i < FLOWS; i++) {
        assert_int_equal(flows[i].step, STEPS);
        assert_int_equal(flows[i].at_end, 1); /* and nothing was spoiled */
        give(*state, &flows[i]);
    }
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(it_goes_on_where_it_left_until_it_is_over),
        TEST(the_thread_knows_its_stack),
        TEST(locals_survive),
        TEST(a_context_may_enter_another),
        TEST(nearly_all_of_a_stack_can_be_used),
        TEST(a_backtrace_ends_where_the_context_begins),
        TEST(a_stack_is_used_again_after_a_drop),
        TEST(one_that_never_began_can_be_dropped),
        TEST(contexts_wander_between_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
