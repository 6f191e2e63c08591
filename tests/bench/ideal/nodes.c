/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nodes.c - two processes: a stream over bare TCP on the loopback interface, and round trips
 * over bare nanomsg.
 */
#define _GNU_SOURCE
#include "ideal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <nanomsg/nn.h>
#include <nanomsg/pair.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define FRAME (64 * 1024)

typedef struct packet {
    uint32_t length;
    char bytes[64];
} packet;

static void
write_all(int fd, const void *from, size_t size)
{
    for (size_t done = 0; done < size;) {
        const ssize_t n = write(fd, (const char *)from + done, size - done);
        if (n < 0)
            die("write");
        done += (size_t)n;
    }
}

static void
read_all(int fd, void *into, size_t size)
{
    for (size_t done = 0; done < size;) {
        const ssize_t n = read(fd, (char *)into + done, size - done);
        if (n <= 0)
            die("read");
        done += (size_t)n;
    }
}

static int
listen_somewhere(struct sockaddr_in *where)
{
    socklen_t size = sizeof *where;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    *where =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (fd < 0 || bind(fd, (struct sockaddr *)where, size) != 0 || listen(fd, 1) != 0 ||
        getsockname(fd, (struct sockaddr *)where, &size) != 0)
        die("listen");
    return fd;
}

static int
without_delay(int fd)
{
    const int on = 1;

    if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0)
        die("connection");
    return fd;
}

/* Runs `serve` in a process of its own; returns a connection to it. */
static int
start_server(void (*serve)(int fd, uint64_t count), uint64_t count)
{
    struct sockaddr_in where;
    const int listener = listen_somewhere(&where);
    const pid_t child = fork();

    if (child < 0)
        die("fork");
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        serve(without_delay(accept(listener, NULL, NULL)), count);
        _exit(0);
    }
    close(listener);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&where, sizeof where) != 0)
        die("connect");
    return without_delay(fd);
}

static void
end_server(int fd)
{
    int status = 0;

    close(fd);
    if (wait(&status) < 0 || status != 0)
        die("the other process failed");
}

/* Handles the complete packets in the buffer; returns the bytes they take. */
static size_t
handle_packets(const char *buffer, size_t size, uint64_t *next)
{
    size_t used = 0;
    uint32_t length;

    while (size - used >= sizeof(packet)) {
        uint64_t number;
        memcpy(&length, buffer + used, sizeof length);
        memcpy(&number, buffer + used + sizeof length, sizeof number);
        if (length != 64 || number != *next) {
            errno = EPROTO;
            die("out of order");
        }
        ++*next;
        used += sizeof length + length;
    }
    return used;
}

static void
serve_stream(int fd, uint64_t count)
{
    static char buffer[FRAME];
    size_t have = 0;

    for (uint64_t next = 0; next < count;) {
        const ssize_t n = read(fd, buffer + have, sizeof buffer - have);
        if (n <= 0)
            die("read");
        have += (size_t)n;
        const size_t used = handle_packets(buffer, have, &next);
        memmove(buffer, buffer + used, have - used);
        have -= used;
    }
    write_all(fd, "", 1);
}

double
node_to_node(void)
{
    static packet frame[FRAME / sizeof(packet)];
    const uint64_t count = 20000 * COUNT(frame);
    char end;
    const int fd = start_server(serve_stream, count);

    const double begin = now_ns();
    for (uint64_t number = 0; number < count;) {
        for (size_t i = 0; i < COUNT(frame); i++, number++) {
            frame[i].length = sizeof frame[i].bytes;
            memset(frame[i].bytes, (int)number, sizeof frame[i].bytes);
            memcpy(frame[i].bytes, &number, sizeof number);
        }
        write_all(fd, frame, sizeof frame);
    }
    read_all(fd, &end, 1);
    const double ns = now_ns() - begin;
    end_server(fd);
    return millions_per_second(count, ns);
}

/* ------------------------------------------------------------------------- round trip */

static void
trip_back(int socket)
{
    packet msg;

    if (nn_recv(socket, &msg, sizeof msg, 0) != sizeof msg ||
        nn_send(socket, &msg, sizeof msg, 0) != sizeof msg)
        die("echo");
}

static void
trip_there(int socket)
{
    packet msg = {.length = sizeof msg.bytes};

    if (nn_send(socket, &msg, sizeof msg, 0) != sizeof msg ||
        nn_recv(socket, &msg, sizeof msg, 0) != sizeof msg)
        die("round trip");
}

/* An address that nobody has. */
static void
some_address(char *text, size_t size)
{
    struct sockaddr_in where;

    close(listen_somewhere(&where));
    snprintf(text, size, "tcp://127.0.0.1:%u", ntohs(where.sin_port));
}

/* Runs the other side in a process of its own until it is killed: nanomsg does not say when
 * the last frame has gone. */
static pid_t
start_echo(const char *address)
{
    const pid_t child = fork();

    if (child < 0)
        die("fork");
    if (child != 0)
        return child;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int socket = nn_socket(AF_SP, NN_PAIR);
    if (socket < 0 || nn_bind(socket, address) < 0)
        die("nn_bind");
    for (;;)
        trip_back(socket);
}

/* Bare nanomsg, which carries our frames. */
double
node_rtt(void)
{
    const uint64_t warm_up = 500, trips = 6000;
    char address[64];

    some_address(address, sizeof address);
    const pid_t child = start_echo(address);
    const int socket = nn_socket(AF_SP, NN_PAIR);
    if (socket < 0 || nn_connect(socket, address) < 0)
        die("nn_connect");
    for (uint64_t i = 0; i < warm_up; i++)
        trip_there(socket);
    const double begin = now_ns();
    for (uint64_t i = 0; i < trips; i++)
        trip_there(socket);
    const double ns = now_ns() - begin;
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    nn_close(socket);
    return ns / (double)trips / 1e3;
}
