/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 12_guest.c - a tree on the event base of a program that has one already.
 *
 * The program is plain libevent: a heartbeat of its own, and a loop.  One part of it, which
 * counts down, is an actor with a child, in the same loop and the same thread.  When the part
 * is over the program goes on as before.
 */
#include <coppice/coppice.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>

/* --------------------------------------------------------------- the part that is an actor */

#define PARTS(M, F)                                                                            \
    M(1, count_on)                                                                             \
    M(2, counted, F(i64, n))
COP_PROTOCOL(PARTS)

typedef struct counter {
    int64_t left;
} counter;

COP_HANDLER(counter, count_on)
{
    return cop_send(me, cop_owner(me), counted, .n = --st->left);
}
COP_HANDLER(counter, cop_start)
{
    st->left = 3;
    return COP_OK;
}
static COP_BEHAVIOUR(counter_b, counter, COP_ON(counter, cop_start), COP_ON(counter, count_on));

typedef struct part {
    cop_pid counter;
} part;

COP_HANDLER(part, counted)
{
    printf("the part has %d left\n", (int)msg->n);
    /* When it is over the application is told, as of any other end. */
    return msg->n > 0 ? cop_send_after(me, 10, NULL, count_on) : cop_stop(me);
}
COP_HANDLER(part, count_on)
{
    return cop_send(me, st->counter, count_on);
}
COP_HANDLER(part, cop_start)
{
    COP_TRY(cop_spawn(me, &counter_b, NULL, &st->counter));
    return cop_send(me, cop_self(me), count_on);
}
static COP_BEHAVIOUR(part_b, part, COP_ON(part, cop_start), COP_ON(part, count_on),
                     COP_ON(part, counted));

/* ------------------------------------------------------------------------- the application */

typedef struct application {
    struct event_base *base;
    cop_node *node;
    int beats, beats_after;
    int status;
} application;

static void
on_detached(void *ctx, cop_node *node, int status, const cop_exit *why)
{
    application *app = ctx;

    (void)node;
    printf("the part is over: %s\n", cop_exit_kind_name(why->kind));
    app->status = status;
    cop_node_free(&app->node);
}

static void
on_beat(evutil_socket_t fd, short what, void *arg)
{
    application *app = arg;

    (void)fd;
    (void)what;
    app->beats++;
    if (app->node == NULL && ++app->beats_after == 3) {
        printf("the application still beats\n");
        event_base_loopbreak(app->base);
    }
}

int
main(void)
{
    static const struct timeval often = {0, 5000};
    application app = {.base = event_base_new()};
    struct event *beat = event_new(app.base, -1, EV_PERSIST, on_beat, &app);
    cop_err err =
        cop_guest_attach(&app.node, app.base, &part_b,
                         &(cop_guest_opts){.detached = on_detached, .ctx = &app}, NULL);

    if (err != COP_OK) {
        fprintf(stderr, "cannot attach: %s\n", cop_err_text(err));
        return EXIT_FAILURE;
    }
    event_add(beat, &often);
    event_base_dispatch(app.base);
    cop_node_free(&app.node); /* had the loop ended before the part */
    event_free(beat);
    event_base_free(app.base);
    return app.status;
}
