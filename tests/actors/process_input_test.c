/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process_input_test.c - the input of a process as messages.
 */
#define _GNU_SOURCE
#include "process_play.h"

enum {
    ROOM = 8192,
    PIECE = 4096,
    PIECES = 100,
};

typedef struct writing {
    play play; /* first */
    const char *text;
    uint32_t wanted;
    unsigned taken, refused, answers;
} writing;

/* -------------------------------------------------------------------- in the main actor */

static void
cast_text(cop_actor *me, void *ctx)
{
    writing *w = ctx;

    cop_cast(me, w->play.pid, cop_process_input,
             .data = ((cop_bytes){w->text, strlen(w->text)}));
}

static void
cast_close(cop_actor *me, void *ctx)
{
    cop_cast(me, ((writing *)ctx)->play.pid, cop_process_close_input);
}

static cop_err
got_room(cop_actor *me, void *state, cop_err err, const void *message)
{
    (void)me;
    (void)message;
    writing *w = *(writing **)state;

    stage_say(&w->play.stage, "room %s", cop_err_name(err));
    return COP_OK;
}

static void
await_room(cop_actor *me, void *ctx)
{
    static const cop_then then = {&cop_process_room_type, got_room};
    writing *w = ctx;

    w->play.err = cop_ask(me, w->play.pid, STAGE_PATIENCE * 1000, &then, cop_process_await_room,
                          .bytes = w->wanted);
}

static void
call_with_text(cop_actor *me, void *ctx)
{
    static const cop_then then = {&cop_process_room_type, got_room};
    writing *w = ctx;

    w->play.err = cop_ask(me, w->play.pid, STAGE_PATIENCE * 1000, &then, cop_process_input,
                          .data = ((cop_bytes){w->text, strlen(w->text)}));
}

static cop_err
got_answer(cop_actor *me, void *state, cop_err err, const void *message)
{
    (void)me;
    (void)message;
    writing *w = *(writing **)state;

    w->taken += err == COP_OK;
    w->refused += err == COP_E_FULL;
    if (++w->answers == PIECES)
        stage_say(&w->play.stage, "answered");
    return COP_OK;
}

static void
fill(cop_actor *me, void *ctx)
{
    static const cop_then then = {&cop_process_room_type, got_answer};
    static const char piece[PIECE];
    writing *w = ctx;

    for (int i = 0; i < PIECES; i++)
        w->play.err = cop_ask(me, w->play.pid, STAGE_PATIENCE * 1000, &then, cop_process_input,
                              .data = ((cop_bytes){piece, sizeof piece}));
}

static cop_err
on_writing(stage *self, cop_actor *me, const cop_type *type, const void *message)
{
    const cop_process_refused *refused = message;

    if (type == &cop_process_refused_type)
        stage_say(self, "refused %s %u", cop_err_name(refused->err), refused->bytes);
    return on_message(self, me, type, message);
}

static void
open_writing(writing *w)
{
    memset(w, 0, sizeof *w);
    stage_open(&w->play.stage, on_writing);
    w->play.spec.input = COP_STDIO_BYTES;
    w->play.spec.input_room = ROOM;
}

static void
run(writing *w, void (*call)(cop_actor *me, void *ctx))
{
    w->play.err = COP_OK;
    stage_run(&w->play.stage, call, w);
    assert_int_equal(w->play.err, COP_OK);
}

static void
put(writing *w, const char *text)
{
    w->text = text;
    run(w, cast_text);
}

static void
tell(writing *w, int signo)
{
    w->play.signo = signo;
    run(w, send_signal);
}

/* -------------------------------------------------------------------------------- tests */

static void
what_is_sent_is_read_in_order_until_the_input_is_closed(void **state)
{
    (void)state;
    writing w;

    open_writing(&w);
    start_with_lines(&w.play, "exec cat");
    put(&w, "one\ntw");
    put(&w, "");
    put(&w, "o\n");
    stage_expect(&w.play.stage, "1:one");
    stage_expect(&w.play.stage, "1:two");
    put(&w, "rest");
    run(&w, cast_close);
    stage_expect(&w.play.stage, "1:rest");
    stage_expect(&w.play.stage, "normal 0 ");
    end(&w.play);
}

/* A process that reads nothing until it gets SIGUSR1, and then counts. */
static const char late_reader[] =
    "trap go=1 USR1; echo ready; while test -z \"$go\"; do sleep 0.01; done; exec wc -c";

static void
a_full_input_refuses_and_tells_when_there_is_room(void **state)
{
    (void)state;
    writing w;
    char line[STAGE_LINE];

    open_writing(&w);
    start_with_lines(&w.play, late_reader);
    stage_expect(&w.play.stage, "1:ready");
    run(&w, fill);
    stage_expect(&w.play.stage, "answered");
    assert_true(w.taken >= ROOM / PIECE);
    assert_true(w.refused > 0);
    assert_int_equal(w.taken + w.refused, PIECES);

    w.wanted = ROOM;
    run(&w, await_room);
    put(&w, "x");
    stage_expect(&w.play.stage, "refused COP_E_FULL 1");
    tell(&w, SIGUSR1);
    stage_expect(&w.play.stage, "room COP_OK");
    run(&w, cast_close);
    stage_next(&w.play.stage, line);
    assert_int_equal(number_in(line), (int)w.taken * PIECE);
    stage_expect(&w.play.stage, "normal 0 ");
    end(&w.play);
}

static void
more_than_could_ever_wait_is_refused(void **state)
{
    (void)state;
    writing w;

    open_writing(&w);
    w.play.spec.input_room = 4;
    start(&w.play, "exec cat >/dev/null");
    put(&w, "12345");
    stage_expect(&w.play.stage, "refused COP_E_TOO_LARGE 5");
    run(&w, call_with_text);
    stage_expect(&w.play.stage, "room COP_E_TOO_LARGE");
    w.wanted = 5;
    run(&w, await_room);
    stage_expect(&w.play.stage, "room COP_E_TOO_LARGE");
    end(&w.play);
}

static void
an_input_that_is_closed_takes_nothing(void **state)
{
    (void)state;
    writing w;

    open_writing(&w);
    start_with_lines(&w.play, late_reader);
    stage_expect(&w.play.stage, "1:ready");
    run(&w, cast_close);
    put(&w, "x");
    stage_expect(&w.play.stage, "refused COP_E_GONE 1");
    run(&w, await_room);
    stage_expect(&w.play.stage, "room COP_E_GONE");
    end(&w.play);
}

static void
nobody_to_read_it_is_told_to_writers_and_to_who_waits_for_room(void **state)
{
    (void)state;
    writing w;

    open_writing(&w);
    start_with_lines(&w.play, "trap 'exec <&-; echo closed' USR1; echo ready; "
                              "while :; do sleep 0.01; done");
    stage_expect(&w.play.stage, "1:ready");
    run(&w, fill);
    stage_expect(&w.play.stage, "answered");
    w.wanted = ROOM;
    run(&w, await_room);
    tell(&w, SIGUSR1);
    /* The shell's sleep has it, too, until its end. */
    char first[STAGE_LINE], second[STAGE_LINE];
    stage_next(&w.play.stage, first);
    stage_next(&w.play.stage, second);
    assert_true(strcmp(first, "room COP_E_GONE") == 0 || strcmp(first, "1:closed") == 0);
    assert_true(strcmp(second, "room COP_E_GONE") == 0 || strcmp(second, "1:closed") == 0);
    assert_string_not_equal(first, second);
    put(&w, "x");
    stage_expect(&w.play.stage, "refused COP_E_GONE 1");
    end(&w.play);
}

static void
one_without_such_an_input_takes_nothing(void **state)
{
    (void)state;
    writing w;

    open_writing(&w);
    w.play.spec.input = COP_STDIO_DEFAULT;
    w.play.spec.input_room = 0;
    start(&w.play, "exec sleep 1000");
    put(&w, "x");
    stage_expect(&w.play.stage, "refused COP_E_GONE 1");
    end(&w.play);
}

static void
no_more_than_so_many_wait_for_room(void **state)
{
    (void)state;
    enum {
        WAITERS = 16
    };
    writing w;

    open_writing(&w);
    start_with_lines(&w.play, late_reader);
    stage_expect(&w.play.stage, "1:ready");
    run(&w, fill);
    stage_expect(&w.play.stage, "answered");
    w.wanted = ROOM;
    for (int i = 0; i < WAITERS; i++)
        run(&w, await_room);
    run(&w, await_room);
    stage_expect(&w.play.stage, "room COP_E_BUSY");
    tell(&w, SIGUSR1);
    for (int i = 0; i < WAITERS; i++)
        stage_expect(&w.play.stage, "room COP_OK");
    end(&w.play);
}

static void
who_waits_for_room_is_told_of_the_end(void **state)
{
    (void)state;
    writing w;

    open_writing(&w);
    start_with_lines(&w.play, late_reader);
    stage_expect(&w.play.stage, "1:ready");
    run(&w, fill);
    stage_expect(&w.play.stage, "answered");
    w.wanted = ROOM;
    run(&w, await_room);
    tell(&w, SIGKILL);
    stage_expect(&w.play.stage, "room COP_E_GONE");
    stage_expect(&w.play.stage, "signal 9 SIGKILL");
    end(&w.play);
}

/* --------------------------------------------------------------------- the first rung */

static void
one_that_reads_to_the_end_needs_no_signal(void **state)
{
    (void)state;
    writing w;

    open_writing(&w);
    w.play.stop_ms = COP_INFINITY;
    w.play.spec.close_ms = w.play.spec.kill_ms = 1000 * 1000;
    start_with_lines(&w.play, "trap '' TERM; echo ready; cat; echo end");
    stage_expect(&w.play.stage, "1:ready");
    w.text = "last\n";
    run(&w, call_with_text);
    /* Being told to stop overtakes what is not taken yet. */
    stage_expect(&w.play.stage, "room COP_OK");
    run(&w, stop);
    stage_expect(&w.play.stage, "1:last");
    stage_expect(&w.play.stage, "1:end");
    stage_expect(&w.play.stage, "shutdown 0 ");
    end(&w.play);
}

static void
the_farewell_comes_after_all_that_waits(void **state)
{
    (void)state;
    writing w;

    open_writing(&w);
    w.play.stop_ms = COP_INFINITY;
    w.play.spec.close_ms = w.play.spec.kill_ms = 1000 * 1000;
    w.play.spec.farewell = "quit\n";
    start_with_lines(&w.play, "trap '' TERM; trap go=1 USR1; echo ready; "
                              "while test -z \"$go\"; do sleep 0.01; done; tr -d '\\000'");
    stage_expect(&w.play.stage, "1:ready");
    run(&w, fill);
    stage_expect(&w.play.stage, "answered");
    run(&w, stop);
    tell(&w, SIGUSR1);
    stage_expect(&w.play.stage, "1:quit");
    stage_expect(&w.play.stage, "shutdown 0 ");
    end(&w.play);
}

static void
one_that_does_not_mind_its_input_gets_the_signal_next(void **state)
{
    (void)state;
    writing w;

    open_writing(&w);
    w.play.stop_ms = COP_INFINITY;
    w.play.spec.close_ms = 20;
    w.play.spec.kill_ms = 1000 * 1000;
    start_with_lines(&w.play, "trap 'echo term; exit 1' TERM; echo ready; "
                              "while :; do sleep 0.01; done");
    stage_expect(&w.play.stage, "1:ready");
    run(&w, stop);
    stage_expect(&w.play.stage, "1:term");
    stage_expect(&w.play.stage, "shutdown 0 ");
    end(&w.play);
}

static void
one_that_minds_neither_is_killed(void **state)
{
    (void)state;
    writing w;

    open_writing(&w);
    w.play.stop_ms = COP_INFINITY;
    w.play.spec.close_ms = w.play.spec.kill_ms = 20;
    start_with_lines(&w.play, "trap '' TERM; echo ready; while :; do sleep 0.01; done");
    stage_expect(&w.play.stage, "1:ready");
    learn_os_pid(&w.play);
    run(&w, stop);
    stage_expect(&w.play.stage, "shutdown 0 ");
    end(&w.play);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sent_is_read_in_order_until_the_input_is_closed),
        cmocka_unit_test(a_full_input_refuses_and_tells_when_there_is_room),
        cmocka_unit_test(more_than_could_ever_wait_is_refused),
        cmocka_unit_test(an_input_that_is_closed_takes_nothing),
        cmocka_unit_test(nobody_to_read_it_is_told_to_writers_and_to_who_waits_for_room),
        cmocka_unit_test(one_without_such_an_input_takes_nothing),
        cmocka_unit_test(no_more_than_so_many_wait_for_room),
        cmocka_unit_test(who_waits_for_room_is_told_of_the_end),
        cmocka_unit_test(one_that_reads_to_the_end_needs_no_signal),
        cmocka_unit_test(the_farewell_comes_after_all_that_waits),
        cmocka_unit_test(one_that_does_not_mind_its_input_gets_the_signal_next),
        cmocka_unit_test(one_that_minds_neither_is_killed),
    };

    return cmocka_run_group_tests_name("process_input", tests, NULL, NULL);
}
