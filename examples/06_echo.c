/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 06_echo.c - a TCP server: descriptors as messages, one actor for each connection.
 *
 *      PORT=7000 ./06_echo &  echo hello | nc -N 127.0.0.1 7000
 *
 * Without PORT it takes a free one.  A connection that fails ends its own actor and nobody
 * else; "quit" ends the server, and with it all connections.
 */
#define _GNU_SOURCE /* accept4 */

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <coppice/coppice.h>

#define ECHO(M, F) M(1, quit)
COP_PROTOCOL(ECHO)

typedef struct connection {
    int fd;
    cop_pid server;
} connection;

COP_HANDLER(connection, cop_start)
{
    *st = *(const connection *)msg->arg;
    return cop_watch_open(me, st->fd, COP_READABLE, &(cop_watch){0});
}

COP_HANDLER(connection, cop_ready)
{
    char text[4096];
    ssize_t size = read(st->fd, text, sizeof text);

    if (size <= 0)
        return cop_stop(me);
    if (size >= 4 && memcmp(text, "quit", 4) == 0)
        return cop_send(me, st->server, quit);
    return write(st->fd, text, (size_t)size) == size ? COP_OK : COP_E_OS;
}

COP_HANDLER(connection, cop_end)
{
    close(st->fd);
    return COP_OK;
}
COP_BEHAVIOUR(connection_b, connection, COP_ON(connection, cop_start),
              COP_ON(connection, cop_ready), COP_ON(connection, cop_end));

typedef struct server {
    int fd;
} server;

COP_HANDLER(server, cop_start)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    at.sin_port = htons((uint16_t)atoi(getenv("PORT") != NULL ? getenv("PORT") : "0"));
    st->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (st->fd < 0 || bind(st->fd, (struct sockaddr *)&at, sizeof at) != 0 ||
        listen(st->fd, 64) != 0)
        return cop_fail(me, COP_E_OS, "cannot listen on port %d", ntohs(at.sin_port));
    getsockname(st->fd, (struct sockaddr *)&at, &(socklen_t){sizeof at});
    fprintf(stderr, "listening on port %d\n", ntohs(at.sin_port));
    return cop_watch_open(me, st->fd, COP_READABLE, &(cop_watch){0});
}

COP_HANDLER(server, cop_ready)
{
    connection made = {accept4(st->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), cop_self(me)};

    if (made.fd < 0)
        return COP_OK; /* the client has changed its mind */
    return cop_spawn(me, &connection_b, &(cop_spawn_opts){.arg = &made}, NULL);
}

COP_HANDLER(server, quit)
{
    return cop_stop(me);
}

static const cop_behaviour server_b = {
    .name = "server",
    .state_size = sizeof(server),
    .policy = COP_ISOLATE, /* a broken connection is no reason to stop serving */
    .handlers = COP_HANDLERS(COP_ON(server, cop_start), COP_ON(server, cop_ready),
                             COP_ON(server, quit)),
};

int
main(void)
{
    return cop_run(&server_b, NULL);
}
