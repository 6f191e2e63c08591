/* SPDX-License-Identifier: Apache-2.0 */
/*
 * co_stacks_test.c - stacks from a pool: how many, how large, whose, and what they cost.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/rng.h"
#include "co/stacks.h"
#include "co/tools.h"

enum {
    CACHES = 2,
    MANY = 100000,
    FEW = 5000, /* of the addresses, sanitizers and valgrind keep shadows */
};

typedef struct stage {
    copi_stacks stacks;
    copi_stack_cache caches[CACHES];
} stage;

/* ------------------------------------------------------------------ a kernel that refuses */

static int mmaps_left; /* negative: as many as there is memory for */
static bool is_old_kernel;

void *__real_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset);
int __real_madvise(void *at, size_t size, int advice);
int __wrap_madvise(void *at, size_t size, int advice);

void *
__wrap_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
    if (mmaps_left == 0) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    if (mmaps_left > 0)
        mmaps_left--;
    return __real_mmap(at, size, protection, flags, fd, offset);
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

static int
set_up(void **state)
{
    static stage all;

    mmaps_left = -1;
    is_old_kernel = false;
    copi_stacks_init(&all.stacks);
    for (int i = 0; i < CACHES; i++)
        copi_stack_cache_init(&all.caches[i], &all.stacks);
    *state = &all;
    return 0;
}

static int
tear_down(void **state)
{
    copi_stacks_fini(&((stage *)*state)->stacks);
    return 0;
}

static copi_stack *
take(copi_stack_cache *from, size_t size)
{
    copi_stack *stack = NULL;

    assert_int_equal(copi_stack_take(from, size, &stack), COP_OK);
    return stack;
}

static copi_stacks_stats
count(stage *self)
{
    copi_stacks_stats stats;

    copi_stacks_count(&self->stacks, &stats);
    return stats;
}

static size_t
page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

/* Uses so many bytes of it. */
static void
touch(copi_stack *stack, size_t depth)
{
    memset(stack->low + stack->size - depth, 1, depth);
}

/* ----------------------------------------------------------------------- size and guard */

static void
a_size_is_rounded_up(void **state)
{
    static const struct {
        size_t wanted, got;
    } rows[] = {
        {0,                      COPI_STACK_DEFAULT    },
        {1,                      COPI_STACK_LEAST      },
        {COPI_STACK_LEAST,       COPI_STACK_LEAST      },
        {COPI_STACK_LEAST + 1,   2 * COPI_STACK_LEAST  },
        {COPI_STACK_DEFAULT,     COPI_STACK_DEFAULT    },
        {COPI_STACK_DEFAULT + 1, 2 * COPI_STACK_DEFAULT},
        {5 * 1024 * 1024,        COPI_STACK_MOST       },
        {COPI_STACK_MOST,        COPI_STACK_MOST       },
    };
    stage *self = *state;

    for (size_t i = 0; i < COP_COUNT(rows); i++) {
        copi_stack *stack = take(&self->caches[0], rows[i].wanted);
        assert_int_equal(stack->size, rows[i].got);
        assert_int_equal((uintptr_t)stack->low % page_size(), 0);
        stack->low[0] = stack->low[stack->size - 1] = 1;
        copi_stack_give(&self->caches[0], &stack);
    }
    copi_stack *none = NULL;
    assert_int_equal(copi_stack_take(&self->caches[0], (size_t)COPI_STACK_MOST + 1, &none),
                     COP_E_INVAL);
    assert_null(none);
}

/* The kernel's answer to whether there is something to read. */
static bool
is_readable(const char *at)
{
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    bool answer = write(ends[1], at, 1) == 1;
    assert_true(answer || errno == EFAULT);
    close(ends[0]);
    close(ends[1]);
    return answer;
}

static void
assert_guarded(const copi_stack *stack)
{
    /* Valgrind takes the question for a mistake: nothing has been written there. */
    if (getenv("COPPICE_UNDER_VALGRIND") != NULL)
        return;
    assert_true(is_readable(stack->low));
    assert_true(is_readable(stack->low + stack->size - 1));
    for (size_t below = 1; below <= COPI_STACK_GUARD; below += page_size())
        assert_false(is_readable(stack->low - below));
    assert_false(is_readable(stack->low - COPI_STACK_GUARD));
}

static void
check_guards(stage *self)
{
    enum {
        SOME = 200 /* of more than one slab */
    };
    copi_stack *stacks[SOME];

    for (int i = 0; i < SOME; i++) {
        stacks[i] = take(&self->caches[0], 0);
        assert_guarded(stacks[i]);
    }
    for (int i = 0; i < SOME; i++) {
        copi_stack_cool(stacks[i]); /* which leaves the guard where it is */
        assert_guarded(stacks[i]);
        copi_stack_give(&self->caches[0], &stacks[i]);
    }
}

static void
below_each_stack_is_a_guard(void **state)
{
    check_guards(*state);
}

static void
an_older_kernel_has_guards_too(void **state)
{
    stage *self = *state;

    is_old_kernel = true;
    check_guards(self);
    assert_int_equal(self->stacks.quarry.guard, COPI_GUARD_MAPPING);
}

/* ---------------------------------------------------------------------- taking and giving */

static void
the_last_that_was_given_is_the_first_to_be_taken(void **state)
{
    stage *self = *state;
    copi_stack *a = take(&self->caches[0], 0), *b = take(&self->caches[0], 0);
    copi_stack *other = take(&self->caches[0], COPI_STACK_LEAST);
    copi_stack *first = a, *second = b;

    copi_stack_give(&self->caches[0], &a);
    copi_stack_give(&self->caches[0], &b);
    copi_stack_give(&self->caches[0], &other);
    assert_null(a);
    assert_ptr_equal(b = take(&self->caches[0], 0), second);
    assert_ptr_equal(a = take(&self->caches[0], 0), first);
    copi_stack_give(&self->caches[0], &a);
    copi_stack_give(&self->caches[0], &b);
}

static void
stacks_that_go_one_way_come_back(void **state)
{
    enum {
        SOME = 1000
    };
    stage *self = *state;
    copi_stack *stacks[SOME];

    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < SOME; i++)
            stacks[i] = take(&self->caches[0], COPI_STACK_LEAST);
        assert_int_equal(count(self).alive, SOME);
        for (int i = 0; i < SOME; i++)
            copi_stack_give(&self->caches[1], &stacks[i]);
        assert_int_equal(count(self).alive, 0);
    }
    /* Two batches that the one keeps, and one that the other has begun. */
    assert_in_range(count(self).pooled, SOME, SOME + 3 * 16);
}

/* ------------------------------------------------------------------------------- limits */

/* Takes until there is an error, which it returns; at most `most`. */
static cop_err
take_all(copi_stack_cache *from, copi_stack *out[], size_t most, size_t *taken)
{
    for (*taken = 0; *taken < most; ++*taken) {
        cop_err err = copi_stack_take(from, COPI_STACK_DEFAULT, &out[*taken]);
        if (err != COP_OK)
            return err;
    }
    return COP_OK;
}

static void
the_limit_of_mappings_is_an_error(void **state)
{
    enum {
        LIMIT = 70
    };
    stage *self = *state;
    copi_stack *stacks[LIMIT + 1] = {NULL};
    size_t taken;

    is_old_kernel = true;
    self->stacks.quarry.mappings_most = 2 * LIMIT;
    for (int round = 0; round < 2; round++) {
        assert_int_equal(take_all(&self->caches[0], stacks, LIMIT + 1, &taken), COP_E_OS);
        assert_int_equal(taken, LIMIT);
        assert_null(stacks[LIMIT]);
        for (size_t i = 0; i < taken; i++)
            touch(stacks[i], 100);
        for (size_t i = 0; i < taken; i++)
            copi_stack_give(&self->caches[0], &stacks[i]);
    }
    self->stacks.quarry.mappings_most++; /* a stack takes two */
    assert_int_equal(take_all(&self->caches[0], stacks, LIMIT + 1, &taken), COP_E_OS);
    for (size_t i = 0; i < taken; i++)
        copi_stack_give(&self->caches[0], &stacks[i]);
}

static void
the_limit_of_memory_is_another_error(void **state)
{
    stage *self = *state;
    copi_stack *stacks[1000] = {NULL};
    size_t taken, more;

    mmaps_left = 0;
    assert_int_equal(take_all(&self->caches[0], stacks, 1, &taken), COP_E_NOMEM);
    assert_int_equal(taken, 0);
    assert_int_equal(count(self).mapped, 0);
    mmaps_left = 1;
    assert_int_equal(take_all(&self->caches[0], stacks, 1000, &taken), COP_E_NOMEM);
    assert_in_range(taken, 1, 999);
    mmaps_left = -1;
    assert_int_equal(take_all(&self->caches[0], stacks + taken, 10, &more), COP_OK);
    for (size_t i = 0; i < taken + more; i++)
        copi_stack_give(&self->caches[0], &stacks[i]);
}

/* ---------------------------------------------------------------------------- statistics */

static void
statistics_count_what_is_used(void **state)
{
    enum {
        SOME = 100
    };
    stage *self = *state;
    size_t page = page_size();
    copi_stack *stacks[SOME];
    copi_stacks_stats stats = count(self);

    assert_int_equal(stats.alive + stats.pooled + stats.mapped + stats.resident, 0);
    assert_int_equal(stats.deepest, 0);
    for (int i = 0; i < SOME; i++) {
        stacks[i] = take(&self->caches[0], 0);
        touch(stacks[i], page + 1);
    }
    stats = count(self);
    assert_int_equal(stats.alive, SOME);
    assert_int_equal(stats.pooled, 0);
    assert_int_equal(stats.resident, SOME * 2 * page);
    assert_int_equal(stats.deepest, 2 * page);
    assert_true(stats.mapped >= SOME * (size_t)COPI_STACK_DEFAULT);

    stacks[50]->low[3 * page] = 1;
    assert_int_equal(copi_stack_look(stacks[50]).depth, COPI_STACK_DEFAULT - 3 * page);
    assert_int_equal(copi_stack_look(stacks[50]).resident, 3 * page);
    for (int i = 0; i < SOME; i++)
        copi_stack_give(&self->caches[0], &stacks[i]);
    stats = count(self);
    assert_int_equal(stats.alive, 0);
    assert_int_equal(stats.pooled, SOME);
    assert_int_equal(stats.resident, (SOME * 2 + 1) * page);
    assert_int_equal(stats.deepest, COPI_STACK_DEFAULT - 3 * page);
}

static void
tidy_all(stage *self)
{
    while (copi_stacks_tidy(&self->stacks))
        continue;
}

/* How deep it was used is known although nobody asked before its pages were gone. */
static void
idle_stacks_beyond_a_bound_give_their_pages_back_when_there_is_time(void **state)
{
    enum {
        SIZE = 1024 * 1024,
        WARM = COPI_STACKS_WARM / SIZE,
        SOME = COPI_STACKS_WARM_MOST / SIZE
    };
    stage *self = *state;
    copi_stack *stacks[SOME];

    for (int i = 0; i < SOME; i++)
        stacks[i] = take(&self->caches[0], SIZE);
    for (int i = 0; i < SOME; i++) {
        touch(stacks[i], i < SOME - 2 ? page_size() : 5 * page_size());
        stacks[i]->name = NULL;
    }
    /* The deepest are in the way of a batch when it goes. */
    for (int i = SOME - 1; i >= 0; i--)
        copi_stack_give(&self->caches[0], &stacks[i]);

    copi_stacks_stats stats = count(self);
    assert_int_equal(stats.pooled, SOME);
    assert_int_equal(stats.resident / page_size(), SOME + 2 * 4);
    tidy_all(self);
    stats = count(self);
    assert_int_equal(stats.pooled, SOME);
    assert_in_range(stats.resident / page_size(), WARM, WARM + 2 + 2 * 4);
    assert_int_equal(stats.deepest, 5 * page_size());

    for (int i = 0; i < SOME; i++) {
        stacks[i] = take(&self->caches[0], SIZE);
        touch(stacks[i], 1);
    }
    assert_int_equal(count(self).pooled, 0);
    for (int i = 0; i < SOME; i++)
        copi_stack_give(&self->caches[0], &stacks[i]);
}

/* However busy its workers are. */
static void
idle_stacks_beyond_a_higher_bound_do_so_at_once(void **state)
{
    enum {
        SIZE = 1024 * 1024,
        WARM_MOST = COPI_STACKS_WARM_MOST / SIZE,
        SOME = 2 * WARM_MOST
    };
    stage *self = *state;
    copi_stack *stacks[SOME];

    for (int i = 0; i < SOME; i++) {
        stacks[i] = take(&self->caches[0], SIZE);
        touch(stacks[i], 1);
    }
    for (int i = 0; i < SOME; i++)
        copi_stack_give(&self->caches[0], &stacks[i]);
    assert_in_range(count(self).resident / page_size(), WARM_MOST, WARM_MOST + 2);
}

static void
what_was_given_back_counts_for_the_deepest(void **state)
{
    enum {
        SIZE = COPI_STACK_MOST,
        WARM = COPI_STACKS_WARM_MOST / SIZE,
        SOME = WARM + 3 /* one is first, one is spare, the next is beyond the bound */
    };
    stage *self = *state;
    copi_stack *stacks[SOME];

    for (int i = 0; i < SOME; i++)
        stacks[i] = take(&self->caches[0], SIZE);
    touch(stacks[WARM], 7 * page_size());
    for (int i = 0; i < SOME; i++)
        copi_stack_give(&self->caches[0], &stacks[i]);
    copi_stacks_stats stats = count(self);
    assert_int_equal(stats.resident, 0);
    assert_int_equal(stats.deepest, 7 * page_size());
}

/* ----------------------------------------------------------------------------- very many */

/* Bytes of this process in memory, with the tables that say where they are. */
static size_t
status_kib(const char *field)
{
    char line[256];
    size_t value = 0;
    FILE *file = fopen("/proc/self/status", "re");

    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, field, strlen(field)) == 0)
            value = strtoul(line + strlen(field), NULL, 10);
    fclose(file);
    return value;
}

static bool
is_slow(void)
{
#if defined(COPI_HAS_ASAN) || defined(COPI_HAS_TSAN)
    return true;
#else
    return getenv("COPPICE_UNDER_VALGRIND") != NULL;
#endif
}

static void
very_many_are_alive_at_once(void **state)
{
    static copi_stack *stacks[MANY];
    stage *self = *state;
    size_t rss = status_kib("VmRSS:"), tables = status_kib("VmPTE:"), taken;
    cop_err err = take_all(&self->caches[0], stacks, is_slow() ? FEW : MANY, &taken);

    if (self->stacks.quarry.guard == COPI_GUARD_MAPPING) {
        print_message("this kernel has no guarded pages: %zu stacks, then %s\n", taken,
                      err == COP_OK ? "no more wanted" : cop_err_text(err));
        assert_true(err == COP_OK || err == COP_E_OS);
        assert_true(taken > 1000);
    } else {
        assert_int_equal(err, COP_OK);
    }
    size_t idle_rss = status_kib("VmRSS:");
    for (size_t i = 0; i < taken; i++)
        touch(stacks[i], 1);
    copi_stacks_stats stats = count(self);
    print_message("%zu stacks: %zu KiB before the first use, %zu after; tables %zu KiB\n",
                  taken, idle_rss - rss, status_kib("VmRSS:") - rss,
                  status_kib("VmPTE:") - tables);
    assert_int_equal(stats.alive, taken);
    assert_int_equal(stats.resident, taken * page_size());
    assert_int_equal(stats.deepest, page_size());
    if (!is_slow())
        assert_true(idle_rss - rss < taken * 1024 / 1024);
    for (size_t i = 0; i < taken; i++)
        copi_stack_give(&self->caches[i % CACHES], &stacks[i]);
    tidy_all(self);
    stats = count(self);
    assert_int_equal(stats.pooled, taken);
    /* What is beyond that has given its pages back. */
    if (taken > 2 * (COPI_STACKS_WARM / COPI_STACK_LEAST))
        assert_true(stats.resident / page_size() < taken / 2);
}

/* ------------------------------------------------------------------------------- threads */

enum {
    PLACES = 300,
    EACH = 20000,
};

typedef struct trader {
    copi_stack_cache *cache;
    _Atomic(copi_stack *) *places;
    uint64_t seed;
    size_t spoiled;
    pthread_t thread;
} trader;

/* What is written at its top by who took it; nobody else may. */
static _Atomic(uintptr_t) *
mark_of(copi_stack *stack)
{
    return (_Atomic(uintptr_t) *)(void *)(stack->low + stack->size - sizeof(uintptr_t));
}

static void
hand_in(trader *self, copi_stack *found)
{
    if (found == NULL)
        return;
    self->spoiled += atomic_exchange(mark_of(found), 0) != (uintptr_t)found;
    copi_stack_give(self->cache, &found);
}

/* Leaves stacks in places, and gives back what was there, mostly the other's. */
static void *
trade(void *arg)
{
    trader *self = arg;
    copi_rng rng = {self->seed};

    for (int i = 0; i < EACH; i++) {
        copi_stack *mine = NULL;
        size_t size = (size_t)COPI_STACK_LEAST << copi_rng_below(&rng, 3);
        if (copi_stack_take(self->cache, size, &mine) != COP_OK)
            abort();
        atomic_store(mark_of(mine), (uintptr_t)mine);
        hand_in(self, atomic_exchange(&self->places[copi_rng_below(&rng, PLACES)], mine));
    }
    return NULL;
}

static void
threads_share_a_pool(void **state)
{
    static _Atomic(copi_stack *) places[PLACES];
    stage *self = *state;
    trader traders[CACHES];
    size_t spoiled = 0;

    for (int i = 0; i < CACHES; i++) {
        traders[i] = (trader){&self->caches[i], places, 1 + (uint64_t)i, 0, 0};
        assert_int_equal(pthread_create(&traders[i].thread, NULL, trade, &traders[i]), 0);
    }
    for (int i = 0; i < 10; i++) {
        copi_stacks_stats stats = count(self); /* while they run */
        assert_true(stats.resident <= stats.mapped);
    }
    for (int i = 0; i < CACHES; i++)
        assert_int_equal(pthread_join(traders[i].thread, NULL), 0);
    for (size_t i = 0; i < PLACES; i++)
        hand_in(&traders[0], atomic_exchange(&places[i], NULL));
    for (int i = 0; i < CACHES; i++)
        spoiled += traders[i].spoiled;
    assert_int_equal(spoiled, 0);
    assert_int_equal(count(self).alive, 0);
    assert_int_equal(count(self).pooled, self->stacks.cut);
    /* What is in places, what the caches keep, and what lies about in batches. */
    assert_true(self->stacks.cut < PLACES + 3 * 4 * CACHES * 16);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_size_is_rounded_up),
        TEST(below_each_stack_is_a_guard),
        TEST(an_older_kernel_has_guards_too),
        TEST(the_last_that_was_given_is_the_first_to_be_taken),
        TEST(stacks_that_go_one_way_come_back),
        TEST(the_limit_of_mappings_is_an_error),
        TEST(the_limit_of_memory_is_another_error),
        TEST(statistics_count_what_is_used),
        TEST(idle_stacks_beyond_a_bound_give_their_pages_back_when_there_is_time),
        TEST(idle_stacks_beyond_a_higher_bound_do_so_at_once),
        TEST(what_was_given_back_counts_for_the_deepest),
        TEST(very_many_are_alive_at_once),
        TEST(threads_share_a_pool),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
