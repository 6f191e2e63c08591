/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process_output_test.c - what processes write, as messages.
 */
#define _GNU_SOURCE
#include "process_play.h"

#include <coppice/debug.h>

#include "process/lines.h"

static void
lines_arrive_in_order_and_before_the_end(void **state)
{
    (void)state;
    play p;

    begin(&p);
    start_with_lines(&p, "printf 'one\\n\\nthree\\nfour'; exit 1");
    stage_expect(&p.stage, "1:one");
    stage_expect(&p.stage, "1:");
    stage_expect(&p.stage, "1:three");
    stage_expect(&p.stage, "1:four");
    stage_expect(&p.stage, "status 1 ");
    end(&p);
}

static void
the_two_streams_are_told_apart(void **state)
{
    (void)state;
    play p;

    begin(&p);
    p.spec.output = COP_STDIO_NULL;
    p.spec.error = COP_STDIO_LINES;
    start(&p, "echo nobody; echo somebody >&2");
    stage_expect(&p.stage, "2:somebody");
    stage_expect(&p.stage, "normal 0 ");
    end(&p);
}

/* A receiver of output with a small mailbox. */
typedef struct slow {
    stage *stage;
    long lines, sum;
} slow;

static cop_err
slow_init(cop_actor *me, void *state, const void *arg)
{
    (void)me;
    memcpy(state, &arg, sizeof arg);
    return COP_OK;
}

COP_HANDLER(slow, cop_process_output)
{
    char number[16];

    snprintf(number, sizeof number, "%.*s", (int)msg->line.size, (const char *)msg->line.data);
    st->lines++;
    st->sum += strtol(number, NULL, 10);
    if (st->lines == 20000)
        stage_say(st->stage, "all %ld %ld", st->lines, st->sum);
    return COP_OK;
}

static const cop_behaviour slow_behaviour = {
    .name = "slow",
    .state_size = sizeof(slow),
    .mailbox = 32,
    .init = slow_init,
    .handlers = COP_HANDLERS(COP_ON(slow, cop_process_output)),
};

static void
spawn_for_slow(cop_actor *me, void *ctx)
{
    play *p = ctx;

    p->err =
        cop_spawn(me, &slow_behaviour, &(cop_spawn_opts){.arg = &p->stage}, &p->spec.output_to);
    if (p->err == COP_OK)
        spawn(me, p);
}

static void
a_full_mailbox_holds_the_process_up_and_loses_nothing(void **state)
{
    (void)state;
    play p;

    begin(&p);
    p.argv[0] = "sh";
    p.argv[1] = "-c";
    p.argv[2] = "seq 1 20000; exec sleep 1000";
    p.spec.argv = p.argv;
    p.spec.output = COP_STDIO_LINES;
    stage_run(&p.stage, spawn_for_slow, &p);
    assert_int_equal(p.err, COP_OK);
    stage_expect(&p.stage, "all 20000 200010000");
    end(&p);
}

/* Puts the text in pieces of `step` bytes into `lines`, and every line with a '|' to `out`. */
static void
split(copi_lines *lines, const char *text, size_t step, char *out)
{
    cop_bytes line;
    size_t left = strlen(text), room;

    while (!lines->is_ended) {
        char *to = copi_lines_room(lines, &room);
        size_t size = left < step ? left : step;
        size = size < room ? size : room;
        memcpy(to, text, size);
        copi_lines_filled(lines, size);
        text += size;
        left -= size;
        lines->is_ended = left == 0;
        while (copi_lines_next(lines, &line)) {
            out += sprintf(out, "%.*s|", (int)line.size, (const char *)line.data);
            copi_lines_drop(lines, line);
        }
    }
}

static void
lines_do_not_depend_on_how_they_are_read(void **state)
{
    (void)state;
    char out[100];

    for (size_t step = 1; step < 20; step++) {
        copi_lines lines = {0};
        split(&lines, "one\ntwo\n\n\nfive\nrest", step, out);
        assert_string_equal(out, "one|two|||five|rest|");
    }
}

static void
a_long_line_comes_in_pieces(void **state)
{
    (void)state;
    enum {
        MAX = COP_PROCESS_LINE_MAX
    };
    static char text[3 * MAX], out[4 * MAX];

    for (size_t extra = 0; extra < 2; extra++) {
        copi_lines lines = {0};
        memset(text, 'x', MAX + extra);
        strcpy(text + MAX + extra, "\nend\n");
        split(&lines, text, 1000, out);
        assert_string_equal(out + MAX, extra == 0 ? "|end|" : "|x|end|");
    }
}

/* ------------------------------------------------------------------------------- bytes */

typedef struct hearing {
    play play; /* first */
    size_t size;
    char bytes[64]; /* the first ones */
    unsigned sum;
} hearing;

/* Says at the end how many bytes there were. */
static cop_err
on_hearing(stage *self, cop_actor *me, const cop_type *type, const void *message)
{
    hearing *h = (hearing *)self;
    const cop_process_output *got = message;

    if (type != &cop_process_output_type)
        return on_message(self, me, type, message);
    const unsigned char *bytes = got->line.data;
    for (size_t i = 0; i < got->line.size; i++, h->size++) {
        h->sum += bytes[i];
        if (h->size < sizeof h->bytes)
            h->bytes[h->size] = (char)bytes[i];
    }
    return COP_OK;
}

static void
start_hearing(hearing *h, const char *script)
{
    memset(h, 0, sizeof *h);
    stage_open(&h->play.stage, on_hearing);
    h->play.spec.output = COP_STDIO_BYTES;
    start(&h->play, script);
}

static void
bytes_arrive_as_they_are(void **state)
{
    (void)state;
    static const char bytes[] = "a\n\0\n\nb";
    hearing h;

    start_hearing(&h, "printf 'a\\n\\000\\n\\n'; printf b");
    stage_expect(&h.play.stage, "normal 0 ");
    assert_int_equal(h.size, sizeof bytes - 1);
    assert_memory_equal(h.bytes, bytes, sizeof bytes - 1);
    end(&h.play);
}

static void
all_of_many_bytes_arrive_before_the_end(void **state)
{
    (void)state;
    hearing h;

    start_hearing(&h, "head -c 1000000 /dev/zero | tr '\\000' '\\001'");
    stage_expect(&h.play.stage, "normal 0 ");
    assert_int_equal(h.size, 1000000);
    assert_int_equal(h.sum, 1000000);
    end(&h.play);
}

/* --------------------------------------------------------------------- the last of it */

static void
what_was_written_last_waits_for_a_receiver_without_room(void **state)
{
    (void)state;
    play p;
    char first[STAGE_LINE], second[STAGE_LINE];

    begin(&p);
    p.argv[0] = "sh";
    p.argv[1] = "-c";
    p.argv[2] = "seq 1 20000";
    p.spec.argv = p.argv;
    p.spec.output = COP_STDIO_LINES;
    p.spec.kill_ms = 1000 * 1000;
    stage_run(&p.stage, spawn_for_slow, &p);
    assert_int_equal(p.err, COP_OK);
    /* What was sent may still wait in its mailbox. */
    stage_next(&p.stage, first);
    stage_next(&p.stage, second);
    assert_true(strcmp(first, "normal 0 ") == 0 || strcmp(second, "normal 0 ") == 0);
    assert_true(strcmp(first, "all 20000 200010000") == 0 ||
                strcmp(second, "all 20000 200010000") == 0);
    end(&p);
}

/* A receiver that has no room after its first message, since it is suspended. */
static const cop_behaviour deaf_behaviour = {.name = "deaf", .mailbox = 1};

static cop_err
is_deaf(cop_actor *me, void *state, cop_err err, const void *message)
{
    (void)me;
    (void)message;
    stage_say(*(stage **)state, "deaf %s", cop_err_name(err));
    return COP_OK;
}

static void
spawn_deaf(cop_actor *me, void *ctx)
{
    static const cop_then then = {&cop_debug_done_type, is_deaf};
    play *p = ctx;

    p->err = cop_spawn(me, &deaf_behaviour, NULL, &p->spec.output_to);
    if (p->err == COP_OK)
        p->err = cop_debug_suspend(me, p->spec.output_to, STAGE_PATIENCE * 1000, &then);
}

static void
start_for_deaf(play *p, const char *script)
{
    begin(p);
    stage_run(&p->stage, spawn_deaf, p);
    assert_int_equal(p->err, COP_OK);
    stage_expect(&p->stage, "deaf COP_OK");
    p->stop_ms = COP_INFINITY;
    p->spec.kill_ms = 20;
    start_with_lines(p, script);
}

static void
end_deaf(play *p)
{
    cop_node_stats stats;

    cop_node_stats_read(p->stage.node, &stats);
    assert_true(stats.dead_letters > 0);
    end(p);
}

static void
a_receiver_that_never_has_room_holds_no_end_up_for_ever(void **state)
{
    (void)state;
    play p;

    start_for_deaf(&p, "seq 1 100; exit 4");
    stage_expect(&p.stage, "status 4 ");
    end_deaf(&p);
}

static void
nor_that_of_a_process_that_was_told_to_stop(void **state)
{
    (void)state;
    play p;

    start_for_deaf(&p, "trap '' TERM; seq 1 100; while :; do sleep 1000; done");
    stage_run(&p.stage, stop, &p);
    stage_expect(&p.stage, "shutdown 0 ");
    end(&p);
}

/* Says the first line, which is a number, and how the process ends. */
static cop_err
on_escape(stage *self, cop_actor *me, const cop_type *type, const void *message)
{
    hearing *h = (hearing *)self;

    if (type == &cop_process_output_type && h->size++ > 0)
        return COP_OK;
    return on_message(self, me, type, message);
}

/* A grandchild that has left the group, and has the output open. */
static void
leave_behind(const char *program)
{
    hearing h = {.size = 0};
    char script[256], line[STAGE_LINE];

    stage_open(&h.play.stage, on_escape);
    snprintf(script, sizeof script,
             "setsid sh -c 'echo $$; exec %s' & trap 'exit 0' USR1; "
             "while :; do sleep 0.01; done",
             program);
    start_with_lines(&h.play, script);
    stage_next(&h.play.stage, line);
    int left = number_in(line), pidfd = pidfd_open(left, 0);
    assert_true(pidfd >= 0);
    h.play.signo = SIGUSR1;
    stage_run(&h.play.stage, send_signal, &h.play);
    stage_expect(&h.play.stage, "normal 0 ");
    pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
    assert_true(ends(pidfd));
    close(pidfd);
    end(&h.play);
}

static void
what_is_left_with_the_output_open_is_not_waited_for(void **state)
{
    (void)state;
    leave_behind("sleep 1000");
    /* Writes without an end. */
    leave_behind("yes");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_arrive_in_order_and_before_the_end),
        cmocka_unit_test(the_two_streams_are_told_apart),
        cmocka_unit_test(a_full_mailbox_holds_the_process_up_and_loses_nothing),
        cmocka_unit_test(lines_do_not_depend_on_how_they_are_read),
        cmocka_unit_test(a_long_line_comes_in_pieces),
        cmocka_unit_test(bytes_arrive_as_they_are),
        cmocka_unit_test(all_of_many_bytes_arrive_before_the_end),
        cmocka_unit_test(what_was_written_last_waits_for_a_receiver_without_room),
        cmocka_unit_test(a_receiver_that_never_has_room_holds_no_end_up_for_ever),
        cmocka_unit_test(nor_that_of_a_process_that_was_told_to_stop),
        cmocka_unit_test(what_is_left_with_the_output_open_is_not_waited_for),
    };

    return cmocka_run_group_tests_name("process_output", tests, NULL, NULL);
}
