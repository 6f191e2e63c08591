/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process_storm_test.c - many processes that die at once, each with an end of its own.
 */
#define _GNU_SOURCE
#include "process_play.h"

#include <fcntl.h>
#include <sys/wait.h>

enum {
    OWNERS = 200,
    EXITS = 170, /* so many exit with 1 to 170, the others die of 30 different signals */
    FIRST_SIGNAL = 34,
};

/* An owner of one process, that tells the stage how that ended. */
typedef struct owner {
    stage *stage;
    int number;
    char script[64];
    const char *argv[4];
    cop_process_spec spec;
} owner;

typedef struct owner_arg {
    stage *stage;
    int number;
} owner_arg;

static cop_err
owner_init(cop_actor *me, void *state, const void *arg)
{
    const owner_arg *from = arg;
    owner *st = state;

    st->stage = from->stage;
    st->number = from->number;
    /* They all wait for the same pipe to be closed. */
    if (st->number < EXITS)
        snprintf(st->script, sizeof st->script, "read x; exit %d", st->number + 1);
    else
        snprintf(st->script, sizeof st->script, "read x; kill -%d $$",
                 FIRST_SIGNAL + st->number - EXITS);
    st->argv[0] = "sh";
    st->argv[1] = "-c";
    st->argv[2] = st->script;
    st->spec.argv = st->argv;
    st->spec.input = COP_STDIO_INHERIT;
    return cop_spawn(me, &cop_process,
                     &(cop_spawn_opts){.arg = &st->spec, .cookie = (uint64_t)st->number}, NULL);
}

COP_HANDLER(owner, cop_child_down)
{
    stage_say(st->stage, "%d %d %s %d", st->number, (int)msg->cookie,
              cop_exit_kind_name(msg->why.kind), msg->why.code);
    return COP_OK;
}

static const cop_behaviour owner_behaviour = {
    .name = "owner",
    .state_size = sizeof(owner),
    .policy = COP_ISOLATE,
    .init = owner_init,
    .handlers = COP_HANDLERS(COP_ON(owner, cop_child_down)),
};

static void
spawn_owners(cop_actor *me, void *ctx)
{
    play *p = ctx;

    for (int i = 0; i < OWNERS && p->err == COP_OK; i++)
        p->err = cop_spawn(me, &owner_behaviour,
                           &(cop_spawn_opts){
                               .arg = &(owner_arg){&p->stage, i}
        },
                           NULL);
}

static void
expect_end(const char *line, bool seen[OWNERS])
{
    char kind[16];
    int number, cookie, code;

    assert_int_equal(sscanf(line, "%d %d %15s %d", &number, &cookie, kind, &code), 4);
    assert_in_range(number, 0, OWNERS - 1);
    assert_int_equal(cookie, number);
    assert_false(seen[number]);
    seen[number] = true;
    if (number < EXITS) {
        assert_string_equal(kind, "status");
        assert_int_equal(code, number + 1);
    } else {
        assert_string_equal(kind, "signal");
        assert_int_equal(code, FIRST_SIGNAL + number - EXITS);
    }
}

static void
each_of_200_ends_at_once_reaches_exactly_its_owner(void **state)
{
    (void)state;
    play p;
    bool seen[OWNERS] = {false};
    char line[STAGE_LINE];
    int gate[2], input = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);

    assert_int_equal(pipe2(gate, O_CLOEXEC), 0);
    assert_int_equal(dup2(gate[0], STDIN_FILENO), STDIN_FILENO);
    begin(&p);
    stage_run(&p.stage, spawn_owners, &p);
    assert_int_equal(p.err, COP_OK);
    close(gate[1]);
    for (int i = 0; i < OWNERS; i++) {
        stage_next(&p.stage, line);
        expect_end(line, seen);
    }
    end(&p);
    close(gate[0]);
    close(STDIN_FILENO);
    if (input >= 0) {
        assert_int_equal(dup2(input, STDIN_FILENO), STDIN_FILENO);
        close(input);
    }
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_of_200_ends_at_once_reaches_exactly_its_owner),
    };

    return cmocka_run_group_tests_name("process_storm", tests, NULL, NULL);
}
