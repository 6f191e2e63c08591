/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trees_test.c - random trees, random scripts, and what must be true of all of them.
 *
 *      trees_test [SEEDS [FIRST]]   so many seeds, 3,000 if it does not say, from that on
 *      COPPICE_SEED=n               that one alone, with its log
 *      COPPICE_SEEDS=n              so many
 *      COPPICE_FULL=1               100,000
 *
 * A plan that fails is made smaller and printed with what its actors saw.  The seeds are
 * divided among processes, so that one that crashes is known too.
 */
#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "structured/trees/check.h"
#include "structured/trees/shrink.h"

enum {
    PROCESSES = 2,
    TWICE = 20, /* one seed in so many is played twice */
};

/* What the processes share. */
typedef struct board {
    _Atomic uint64_t at[PROCESSES]; /* the seed that each is at */
    _Atomic uint64_t bad;           /* a seed that has failed, or 0 */
} board;

static uint64_t
number(const char *text, uint64_t otherwise)
{
    return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

/* ------------------------------------------------------------------------- one seed */

static play *
play_new(const plan *plan)
{
    play *made = calloc(1, sizeof *made);

    if (made == NULL)
        abort();
    play_run(made, plan);
    return made;
}

static void
play_drop(play *self)
{
    play_free(self);
    free(self);
}

/* The same plan gives the same run, bit for bit. */
static bool
is_repeatable(const plan *plan, const play *first)
{
    play *second = play_new(plan);
    bool is_same = first->trace == second->trace && log_hash(first) == log_hash(second);

    play_drop(second);
    return is_same;
}

static bool
is_good(const plan *plan, bool twice)
{
    play *played = play_new(plan);
    check *checked = calloc(1, sizeof *checked);

    if (checked == NULL)
        abort();
    bool is_right = check_play(checked, played);
    if (is_right && twice && !is_repeatable(plan, played)) {
        fprintf(stderr, "seed %" PRIu64 ": played twice it is not the same\n", plan->seed);
        is_right = false;
    }
    free(checked);
    play_drop(played);
    return is_right;
}

/* ------------------------------------------------------------------------- a bad one */

/* In this process, for the debugger. */
static void
show(const plan *plan)
{
    play *played = play_new(plan);

    log_print(played, stderr);
    play_drop(played);
}

static int
explain(uint64_t seed)
{
    plan *bad = malloc(sizeof *bad);
    char verdict[VERDICT];

    if (bad == NULL)
        abort();
    plan_grow(bad, seed);
    trial(bad, verdict);
    if (verdict[0] != '\0') {
        int before = bad->node_count, tried = plan_shrink(bad, verdict);
        fprintf(stderr, "%d nodes of %d are left after %d tries\n", bad->node_count, before,
                tried);
        plan_print(bad, stderr);
        show(bad);
    }
    free(bad);
    fprintf(stderr, "seed %" PRIu64 ": %s\nreplay with COPPICE_SEED=%" PRIu64 "\n", seed,
            verdict[0] != '\0' ? verdict : "all is well", seed);
    return verdict[0] != '\0';
}

/* ------------------------------------------------------------------------- all */

static void
run_share(board *shared, unsigned share, uint64_t first, uint64_t count)
{
    plan *one = malloc(sizeof *one);

    if (one == NULL)
        abort();
    for (uint64_t i = share; i < count && shared->bad == 0; i += PROCESSES) {
        shared->at[share] = first + i;
        plan_grow(one, first + i);
        if (!is_good(one, (i / PROCESSES) % TWICE == 0))
            shared->bad = first + i;
    }
    free(one);
    exit(0);
}

static int
run_all(uint64_t first, uint64_t count)
{
    board *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t pids[PROCESSES];
    int status;

    if (shared == MAP_FAILED)
        abort();
    fflush(NULL);
    for (unsigned i = 0; i < PROCESSES; i++) {
        pids[i] = fork();
        if (pids[i] < 0)
            abort();
        if (pids[i] == 0)
            run_share(shared, i, first, count);
    }
    for (unsigned i = 0; i < PROCESSES; i++)
        if (waitpid(pids[i], &status, 0) != pids[i] || status != 0)
            shared->bad = shared->at[i];
    uint64_t bad = shared->bad;
    munmap(shared, sizeof *shared);
    if (bad == 0) {
        printf("%" PRIu64 " trees are right\n", count);
        return 0;
    }
    (void)explain(bad);
    return 1;
}

int
main(int argc, char **argv)
{
    uint64_t count = getenv("COPPICE_UNDER_VALGRIND") != NULL ? 60 : 3000;

    if (getenv("COPPICE_SEED") != NULL)
        return explain(number(getenv("COPPICE_SEED"), 1));
    if (getenv("COPPICE_FULL") != NULL)
        count = 100000;
    count = number(getenv("COPPICE_SEEDS"), count);
    if (argc > 1)
        count = number(argv[1], count);
    return run_all(argc > 2 ? number(argv[2], 1) : 1, count);
}
