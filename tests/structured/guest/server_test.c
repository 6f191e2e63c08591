/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server_test.c - one test of the server for all versions of its statistics: what it does, and
 * that its own events stay when the statistics have gone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include <coppice/hatch.h>

#include "server.h"
#include "stats.h"

enum {
    PATIENCE_S = 40, /* for machines that are busy with other things */
    EVENTS_MAX = 32,
    NEVER_MS = PATIENCE_S * 1000,
};

typedef struct visit {
    int fd;
    char line[200];
    size_t length;
} visit;

static struct {
    struct event_base *base;
    struct event *limit;
    server *server;
    int probe[2]; /* the second end is the probe's */
    const struct event *before[EVENTS_MAX];
    size_t before_count;
} scene;

/* ------------------------------------------------------------------------------- the scene */

static void
on_limit(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd;
    (void)what;
    (void)ctx;
    fail_msg("it takes too long");
}

static int
note_event(const struct event_base *base, const struct event *event, void *ctx)
{
    (void)base;
    (void)ctx;
    assert_true(scene.before_count < EVENTS_MAX);
    scene.before[scene.before_count++] = event;
    return 0;
}

static int
find_event(const struct event_base *base, const struct event *event, void *ctx)
{
    (void)base;
    for (size_t i = 0; i < scene.before_count; i++)
        if (scene.before[i] == event) {
            ++*(size_t *)ctx;
            return 0;
        }
    fail_msg("an event that is not the server's");
    return 0;
}

static void
note_events(void)
{
    scene.before_count = 0;
    event_base_foreach_event(scene.base, note_event, NULL);
}

static void
expect_events_as_noted(void)
{
    size_t seen = 0;

    event_base_foreach_event(scene.base, find_event, &seen);
    assert_int_equal(seen, scene.before_count);
}

/* The heartbeat ends the round. */
static void
turn_round(void)
{
    assert_int_equal(event_base_loop(scene.base, EVLOOP_ONCE), 0);
}

static void
start_stats(int report_ms)
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, scene.probe), 0);
    server_start_stats(scene.server, scene.probe[0], report_ms);
    assert_true(server_has_stats(scene.server));
}

static void
expect_stats_end(void)
{
    while (server_has_stats(scene.server))
        turn_round();
    close(scene.probe[0]);
    if (scene.probe[1] >= 0)
        close(scene.probe[1]);
}

static void
stop_stats(void)
{
    server_stop_stats(scene.server);
    expect_stats_end();
    assert_false(server_stats_failed(scene.server));
}

static void
open_scene(void)
{
    static const struct timeval limit = {PATIENCE_S, 0};

    memset(&scene, 0, sizeof scene);
    scene.base = event_base_new();
    assert_non_null(scene.base);
    scene.limit = event_new(scene.base, -1, 0, on_limit, NULL);
    event_add(scene.limit, &limit);
    scene.server = server_start(scene.base);
}

static void
close_scene(void)
{
    server_free(scene.server);
    event_free(scene.limit);
    /* Streams are freed in a turn of their own. */
    event_base_loop(scene.base, EVLOOP_NONBLOCK);
    assert_int_equal(event_base_get_num_events(scene.base, EVENT_BASE_COUNT_ADDED), 0);
    event_base_free(scene.base);
}

/* ----------------------------------------------------------------------------- its clients */

static visit
come(void)
{
    struct sockaddr_in address = server_address(scene.server);
    visit self = {.fd = socket(AF_INET, SOCK_STREAM, 0)};

    assert_int_equal(
        connect(self.fd, (const struct sockaddr *)(const void *)&address, sizeof address), 0);
    return self;
}

static void
ask(visit *self, const char *line)
{
    char text[200];
    int length = snprintf(text, sizeof text, "%s\n", line);

    assert_int_equal(send(self->fd, text, (size_t)length, 0), length);
}

/* The next line that it is told. */
static const char *
hear(visit *self)
{
    char byte;

    self->length = 0;
    for (;;) {
        if (recv(self->fd, &byte, 1, MSG_DONTWAIT) != 1) {
            turn_round();
            continue;
        }
        if (byte == '\n')
            break;
        assert_true(self->length + 1 < sizeof self->line);
        self->line[self->length++] = byte;
    }
    self->line[self->length] = '\0';
    return self->line;
}

static void
expect_answer(visit *self, const char *question, const char *answer)
{
    ask(self, question);
    assert_string_equal(hear(self), answer);
}

/* The probe has been asked; it says. */
static void
probe_says(char load)
{
    char question;

    while (read(scene.probe[1], &question, 1) != 1)
        turn_round();
    assert_int_equal(write(scene.probe[1], &load, 1), 1);
}

/* Until there was a sample. */
static void
await_samples(visit *self)
{
    do {
        ask(self, "report");
        probe_says('0');
    } while (strstr(hear(self), "no samples") != NULL);
}

/* The server is as it was: its events, its heart, and what it serves. */
static void
expect_server_untouched(visit *self)
{
    unsigned beats = server_beats(scene.server);

    expect_events_as_noted();
    while (server_beats(scene.server) < beats + 3)
        turn_round();
    expect_answer(self, "echo still here", "still here");
}

/* ----------------------------------------------------------------------------------- tests */

static void
lines_are_echoed_and_counted(void **state)
{
    (void)state;
    visit anna, bob;

    open_scene();
    start_stats(NEVER_MS);
    anna = come();
    bob = come();
    expect_answer(&anna, "echo one", "one");
    expect_answer(&bob, "echo three", "three");
    expect_answer(&bob, "dance", "what?");
    await_samples(&anna);
    ask(&anna, "report");
    probe_says('7');
    assert_string_equal(hear(&anna), "2 lines, 8 bytes, samples, load 7");
    stop_stats();
    close(anna.fd);
    close(bob.fd);
    close_scene();
}

static void
a_probe_that_is_late_is_left_out_of_the_report(void **state)
{
    (void)state;
    visit anna;

    open_scene();
    start_stats(5);
    anna = come();
    expect_answer(&anna, "echo one", "one");
    for (int i = 0; i < 3; i++) {
        ask(&anna, "report");
        assert_non_null(strstr(hear(&anna), "load ?"));
    }
    stop_stats();
    close(anna.fd);
    close_scene();
}

static void
reports_that_wait_together_are_all_told(void **state)
{
    (void)state;
    visit guests[8];

    open_scene();
    start_stats(NEVER_MS);
    for (int i = 0; i < 8; i++)
        guests[i] = come();
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < 8; i++)
            ask(&guests[i], "report");
        for (int i = 0; i < 8; i++)
            probe_says('3');
        for (int i = 0; i < 8; i++)
            assert_non_null(strstr(hear(&guests[i]), "load 3"));
    }
    stop_stats();
    for (int i = 0; i < 8; i++)
        close(guests[i].fd);
    close_scene();
}

static void
when_the_statistics_have_gone_the_servers_events_are_untouched(void **state)
{
    (void)state;
    visit anna;

    open_scene();
    anna = come();
    expect_answer(&anna, "echo hello", "hello");
    for (int i = 0; i < 3; i++) {
        note_events();
        start_stats(NEVER_MS);
        await_samples(&anna);
        stop_stats();
        expect_server_untouched(&anna);
        expect_answer(&anna, "report", "off");
    }
    close(anna.fd);
    close_scene();
}

static void
while_the_statistics_end_the_server_goes_on(void **state)
{
    (void)state;
    visit anna, bob;

    open_scene();
    anna = come();
    bob = come();
    expect_answer(&anna, "echo hello", "hello");
    expect_answer(&bob, "echo hello", "hello");
    note_events();
    start_stats(NEVER_MS);
    ask(&bob, "report");
    expect_answer(&anna, "echo one", "one");
    server_stop_stats(scene.server);
    expect_answer(&anna, "echo two", "two");
    /* What was asked is told, even so. */
    assert_string_equal(hear(&bob), "off");
    expect_stats_end();
    assert_false(server_stats_failed(scene.server));
    expect_server_untouched(&anna);
    close(anna.fd);
    close(bob.fd);
    close_scene();
}

static void
statistics_that_fail_are_told_of_and_harm_nobody(void **state)
{
    (void)state;
    visit anna;

    open_scene();
    anna = come();
    expect_answer(&anna, "echo hello", "hello");
    note_events();
    start_stats(NEVER_MS);
    ask(&anna, "report");
    expect_answer(&anna, "echo one", "one");
    close(scene.probe[1]);
    scene.probe[1] = -1;
    assert_string_equal(hear(&anna), "off");
    expect_stats_end();
    assert_true(server_stats_failed(scene.server));
    expect_server_untouched(&anna);
    note_events();
    start_stats(NEVER_MS);
    await_samples(&anna);
    stop_stats();
    expect_server_untouched(&anna);
    close(anna.fd);
    close_scene();
}

static void
a_client_may_leave_before_its_report_is_told(void **state)
{
    (void)state;
    visit anna;

    open_scene();
    start_stats(NEVER_MS);
    anna = come();
    ask(&anna, "report");
    expect_answer(&anna, "echo one", "one");
    close(anna.fd);
    for (int i = 0; i < 5; i++)
        turn_round();
    probe_says('4');
    anna = come();
    await_samples(&anna);
    stop_stats();
    close(anna.fd);
    close_scene();
}

static void
the_hatch_is_used_where_the_version_says(void **state)
{
    (void)state;
    assert_int_equal(cop_hatch_report(NULL), stats_hatches);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_echoed_and_counted),
        cmocka_unit_test(a_probe_that_is_late_is_left_out_of_the_report),
        cmocka_unit_test(reports_that_wait_together_are_all_told),
        cmocka_unit_test(when_the_statistics_have_gone_the_servers_events_are_untouched),
        cmocka_unit_test(while_the_statistics_end_the_server_goes_on),
        cmocka_unit_test(statistics_that_fail_are_told_of_and_harm_nobody),
        cmocka_unit_test(a_client_may_leave_before_its_report_is_told),
        cmocka_unit_test(the_hatch_is_used_where_the_version_says),
    };
    return cmocka_run_group_tests_name("server", tests, NULL, NULL);
}
