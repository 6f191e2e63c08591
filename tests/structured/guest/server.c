/* SPDX-License-Identifier: Apache-2.0 */
#include "server.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <string.h>

#include "stats.h"

/* A client.  It stays until the reports that it has asked for have been told. */
typedef struct client {
    struct client *next, **link;
    server *server;
    struct bufferevent *stream; /* NULL: it has gone */
    unsigned reports;
} client;

struct server {
    struct event_base *base;
    struct evconnlistener *listener;
    struct event *beat;
    unsigned beats;
    client *clients;
    stats *stats;
    bool have_failed;
};

/* ------------------------------------------------------------------------------ clients */

static void
free_if_over(client *self)
{
    if (self->stream != NULL || self->reports > 0)
        return;
    *self->link = self->next;
    if (self->next != NULL)
        self->next->link = self->link;
    free(self);
}

static void
close_client(client *self)
{
    bufferevent_free(self->stream);
    self->stream = NULL;
    free_if_over(self);
}

static void
say(client *self, const char *line)
{
    if (self->stream == NULL)
        return;
    bufferevent_write(self->stream, line, strlen(line));
    bufferevent_write(self->stream, "\n", 1);
}

static void
on_report(void *ctx, const char *line)
{
    client *self = ctx;

    self->reports--;
    say(self, line != NULL ? line : "off");
    free_if_over(self);
}

static void
obey(client *self, const char *line)
{
    server *server = self->server;

    if (strncmp(line, "echo ", 5) == 0) {
        say(self, line + 5);
        if (server->stats != NULL)
            stats_count(server->stats, strlen(line + 5));
    } else if (strcmp(line, "report") == 0 && server->stats != NULL) {
        self->reports++;
        stats_report(server->stats, on_report, self);
    } else {
        say(self, strcmp(line, "report") == 0 ? "off" : "what?");
    }
}

static void
on_lines(struct bufferevent *stream, void *ctx)
{
    char *line;

    while ((line = evbuffer_readln(bufferevent_get_input(stream), NULL, EVBUFFER_EOL_LF)) !=
           NULL) {
        obey(ctx, line);
        free(line);
    }
}

static void
on_client_end(struct bufferevent *stream, short what, void *ctx)
{
    (void)stream;
    (void)what;
    close_client(ctx);
}

static void
on_client(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address,
          int length, void *ctx)
{
    server *self = ctx;
    client *made = calloc(1, sizeof *made);

    (void)listener;
    (void)address;
    (void)length;
    if (made == NULL)
        abort();
    made->server = self;
    made->stream = bufferevent_socket_new(self->base, fd, BEV_OPT_CLOSE_ON_FREE);
    made->next = self->clients;
    made->link = &self->clients;
    if (made->next != NULL)
        made->next->link = &made->next;
    self->clients = made;
    bufferevent_setcb(made->stream, on_lines, NULL, on_client_end, made);
    bufferevent_enable(made->stream, EV_READ | EV_WRITE);
}

/* ------------------------------------------------------------------------------ the server */

static void
on_beat(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd;
    (void)what;
    ((server *)ctx)->beats++;
}

server *
server_start(struct event_base *base)
{
    static const struct timeval often = {0, 1000};
    struct sockaddr_in any = {.sin_family = AF_INET,
                              .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    server *self = calloc(1, sizeof *self);

    if (self == NULL)
        abort();
    self->base = base;
    self->listener =
        evconnlistener_new_bind(base, on_client, self, LEV_OPT_CLOSE_ON_FREE, -1,
                                (const struct sockaddr *)(const void *)&any, sizeof any);
    self->beat = event_new(base, -1, EV_PERSIST, on_beat, self);
    if (self->listener == NULL || event_add(self->beat, &often) != 0)
        abort();
    return self;
}

void
server_free(server *self)
{
    for (client *next, *it = self->clients; it != NULL; it = next) {
        next = it->next;
        close_client(it);
    }
    evconnlistener_free(self->listener);
    event_free(self->beat);
    free(self);
}

struct sockaddr_in
server_address(const server *self)
{
    struct sockaddr_in address = {0};
    socklen_t length = sizeof address;

    getsockname(evconnlistener_get_fd(self->listener), (struct sockaddr *)(void *)&address,
                &length);
    return address;
}

unsigned
server_beats(const server *self)
{
    return self->beats;
}

/* -------------------------------------------------------------------------- its statistics */

static void
on_stats_ended(void *ctx, bool have_failed)
{
    server *self = ctx;

    self->stats = NULL;
    self->have_failed = have_failed;
}

void
server_start_stats(server *self, int probe, int report_ms)
{
    self->have_failed = false;
    self->stats = stats_start(self->base, probe, report_ms, on_stats_ended, self);
}

void
server_stop_stats(server *self)
{
    stats_stop(self->stats);
}

bool
server_has_stats(const server *self)
{
    return self->stats != NULL;
}

bool
server_stats_failed(const server *self)
{
    return self->have_failed;
}
