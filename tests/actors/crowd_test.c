/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crowd_test.c - more bodies than there is memory for: the scope fails, with that error, and
 * all of them end, although there is no memory to tell them so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <coppice/co.h>
#include <coppice/node.h>

enum {
    CROWD = 100000,
    MOST_MS = 100 * 1000,
};

COP_BODY(waits, void, arg)
{
    return cop_sleep(co, COP_INFINITY);
}
static COP_SEQUENTIAL(waits_b, waits);

static cop_err
gather(cop_co *co, cop_scope scope)
{
    for (int i = 0; i < CROWD; i++) {
        COP_TRY(cop_spawn(cop_actor_of(co), &waits_b, &(cop_spawn_opts){.scope = scope}, NULL));
        if (i % 1000 == 0)
            COP_TRY(cop_sleep(co, 0));
    }
    return cop_sleep(co, COP_INFINITY);
}

/* Normal: the scope has failed, or could not be filled, for lack of memory. */
COP_BODY(crowd, void, arg)
{
    cop_outcome outcome;
    cop_err err = COP_OK;

    COP_SCOPE(co, here, &outcome, .name = "crowd")
    {
        err = gather(co, here.scope);
        if (err != COP_OK)
            break;
    }
    if (err == COP_E_NOMEM ||
        (err == COP_E_CANCELLED && outcome.failed > 0 && outcome.why.code == COP_E_NOMEM))
        return COP_OK;
    return cop_fail(me, err, "it ended otherwise");
}
static COP_SEQUENTIAL(crowd_b, crowd);

static rlim_t
mapped(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    assert_non_null(file);
    assert_int_equal(fscanf(file, "%lu", &pages), 1);
    fclose(file);
    return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

/* In a process of its own: its exit status. */
static int
run_with(rlim_t more)
{
    int status = 0;
    rlim_t limit = mapped() + more;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        alarm(MOST_MS / 1000);
        (void)!freopen("/dev/null", "w", stderr); /* most of them fail, and say so */
        if (setrlimit(RLIMIT_AS, &(struct rlimit){limit, limit}) != 0)
            _exit(99);
        _exit(cop_run(&crowd_b, &(cop_node_opts){.workers = 2}));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void
a_crowd_that_memory_is_too_small_for_fails_in_order(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(run_with((rlim_t)(120 + 120 * i) << 20), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_crowd_that_memory_is_too_small_for_fails_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
