/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 14_events.c - a program of callbacks, before it is moved (docs/structured.md, step 0).
 *
 * It takes three readings, one every 10 ms, reports their sum, and would sweep up in an hour.
 * Who owns the callbacks?  If a reading fails, who hears of it?  When is it over?  Plain
 * libevent has no answer, so the program has to have one of its own in each place.
 */
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct station {
    struct event_base *base;
    struct event *tick, *sweep;
    int readings, sum;
} station;

static void
on_report(evutil_socket_t fd, short what, void *arg)
{
    station *self = arg;

    (void)fd;
    (void)what;
    printf("the sum is %d\n", self->sum);
    event_base_loopbreak(self->base); /* and what of the sweep? */
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
    static const struct timeval now = {0, 0};
    station *self = arg;

    (void)fd;
    (void)what;
    self->sum += ++self->readings;
    printf("reading %d\n", self->readings);
    if (self->readings < 3)
        return;
    event_del(self->tick);
    if (event_base_once(self->base, -1, EV_TIMEOUT, on_report, self, &now) != 0)
        event_base_loopbreak(self->base); /* nobody will know */
}

static void
on_sweep(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)arg;
}

int
main(void)
{
    static const struct timeval every = {0, 10000}, hour = {3600, 0};
    station self = {.base = event_base_new()};

    self.tick = event_new(self.base, -1, EV_PERSIST, on_tick, &self);
    self.sweep = event_new(self.base, -1, 0, on_sweep, NULL);
    event_add(self.tick, &every);
    event_add(self.sweep, &hour);
    event_base_dispatch(self.base);
    event_free(self.tick);
    event_free(self.sweep);
    event_base_free(self.base);
    return self.readings == 3 ? EXIT_SUCCESS : EXIT_FAILURE;
}
