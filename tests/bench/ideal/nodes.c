/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nodes.c - two processes: bare TCP on the loopback interface.
 */
#define _GNU_SOURCE
#include "ideal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
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

static void
serve_echo(int fd, uint64_t count)
{
    packet msg;

    for (uint64_t i = 0; i < count; i++) {
        read_all(fd, &msg, sizeof msg);
        write_all(fd, &msg, sizeof msg);
    }
}

double
node_rtt(void)
{
    const uint64_t trips = 6000;
    packet msg = {.length = sizeof msg.bytes};
    const int fd = start_server(serve_echo, trips);

    const double begin = now_ns();
    for (uint64_t i = 0; i < trips; i++) {
        write_all(fd, &msg, sizeof msg);
        read_all(fd, &msg, sizeof msg);
    }
    const double ns = now_ns() - begin;
    end_server(fd);
    return ns / (double)trips / 1e3;
}
