/* SPDX-License-Identifier: Apache-2.0 */
/*
 * property_test.c - thousands of random runs against a ledger; see world.h.
 *
 *      COPPICE_SEED=n    that run alone, and its trace if it fails
 *      COPPICE_SEEDS=n   so many runs instead of 6,000
 *      COPPICE_FULL=1    100,000 runs
 *
 * The runs are divided among processes, so that one that crashes has a seed, too.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "property/world.h"

enum {
    PROCESSES = 2,
    BATCH = 50, /* runs between two looks at whether somebody has failed */
};

static uint64_t
number(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

static uint64_t
how_many(void)
{
    uint64_t usual = getenv("COPPICE_UNDER_VALGRIND") != NULL ? 60 : 6000;

    return number("COPPICE_SEEDS", getenv("COPPICE_FULL") != NULL ? 100000 : usual);
}

/* What a run was like. */
typedef struct outcome {
    bool is_good;
    uint64_t hash, events;
} outcome;

static outcome
run(uint64_t seed)
{
    world *one = calloc(1, sizeof *one);

    if (one == NULL)
        abort();
    bool is_good = world_run(one, seed);
    if (!is_good)
        world_print(one);
    outcome out = {is_good, one->hash, one->event_count};
    free(one);
    return out;
}

/* What the processes share: the seed that each is at. */
typedef struct board {
    _Atomic uint64_t seeds[PROCESSES];
    _Atomic bool has_failed;
} board;

/* cmocka catches these, and would go on with its own tests in this process. */
static void
crash_as_usual(void)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

    for (size_t i = 0; i < COP_COUNT(signals); i++)
        signal(signals[i], SIG_DFL);
}

static void
run_share(board *shared, unsigned share, uint64_t count)
{
    crash_as_usual();
    for (uint64_t seed = 1 + share; seed <= count && !shared->has_failed; seed += PROCESSES) {
        shared->seeds[share] = seed;
        if (!run(seed).is_good)
            shared->has_failed = true;
    }
    _exit(shared->has_failed ? 1 : 0);
}

static void
run_all(uint64_t count)
{
    board *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t pids[PROCESSES];
    int status;

    assert_true(shared != MAP_FAILED);
    fflush(NULL);
    for (unsigned i = 0; i < PROCESSES; i++) {
        pids[i] = fork();
        assert_true(pids[i] >= 0);
        if (pids[i] == 0)
            run_share(shared, i, count);
    }
    for (unsigned i = 0; i < PROCESSES; i++) {
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        if (!WIFEXITED(status) || WEXITSTATUS(status) > 1)
            print_error("seed %" PRIu64 " has crashed\nreplay with COPPICE_SEED=%" PRIu64 "\n",
                        shared->seeds[i], shared->seeds[i]);
        if (status != 0)
            shared->has_failed = true;
    }
    bool has_failed = shared->has_failed;
    munmap(shared, sizeof *shared);
    assert_false(has_failed);
}

static void
every_random_run_keeps_the_promises(void **state)
{
    (void)state;
    if (getenv("COPPICE_SEED") != NULL)
        assert_true(run(number("COPPICE_SEED", 1)).is_good);
    else
        run_all(how_many());
}

static void
the_same_seed_gives_the_same_run(void **state)
{
    uint64_t count = how_many() / 30;

    (void)state;
    for (uint64_t seed = 1; seed <= count; seed++) {
        outcome first = run(seed), second = run(seed);
        assert_true(first.hash == second.hash);
        assert_true(first.events == second.events);
    }
}

static void
different_seeds_give_different_runs(void **state)
{
    (void)state;
    assert_true(run(1).hash != run(2).hash);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_random_run_keeps_the_promises),
        cmocka_unit_test(the_same_seed_gives_the_same_run),
        cmocka_unit_test(different_seeds_give_different_runs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
