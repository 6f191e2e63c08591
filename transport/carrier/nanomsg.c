/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nanomsg.c - the carrier over nanomsg.
 *
 * nanomsg aborts the process on some mistakes and says nothing of others, so all of it is
 * used here and nowhere else, by these rules: addresses are checked literals; a maximum
 * size is always set; the descriptors that it gives are watched but never read; a watch
 * is closed before its socket, because the number is free afterwards; a socket has one
 * endpoint; a few descriptors are free before a socket is opened.
 *
 * That a connection broke can be seen in a socket's statistics, and nothing tells when to
 * look.  But NN_SNDFD is an eventfd that is readable while a frame can be sent, so nanomsg
 * reads it to zero when the connection of a line is lost, after it has counted the loss;
 * and whoever reads an eventfd wakes those who wait to write to it.  An edge-triggered
 * EPOLLOUT, which is otherwise true all the time, is thus an event for each time that a line
 * ceases to be writable.  There are two reasons for that: a loss, and a full buffer.  Whether
 * a line whose buffer is full says once more that it is lost is up to nanomsg, so while there
 * is one, and only then, the statistics are looked at every few milliseconds.
 */
#include "carrier/carrier.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nanomsg/nn.h>
#include <nanomsg/reqrep.h>
#include <nanomsg/tcp.h>

#include "base/memory.h"
#include "core/post.h"
#include "link/address.h"

enum {
    FRAME_LIMIT = 128 * 1024,
    SOCKET_BUFFER = 512 * 1024,
    RECONNECT_MS = 50,
    FRAMES_PER_TURN = 64, /* from one socket, before it is another's turn */
    EDGES_PER_TURN = 16,
    LOOK_MS = 10, /* while a buffer is full */
    SPARE_FDS = 8,
    ROUTE_SIZE = 8, /* of what names a pipe: its number and that of the request */
};

struct copi_line {
    copi_line *next;
    struct nanomsg *carrier;
    void *tag;
    int socket;  /* -1: closed */
    int send_fd; /* its NN_SNDFD */
    cop_watch readable;
    cop_watch writable;
    bool wants_writable;
    bool was_writable; /* so it has been connected */
};

typedef struct nanomsg {
    copi_carrier base;
    int listener; /* -1: none */
    cop_watch readable;
    int edges; /* an epoll of all lines' send_fd */
    cop_watch fallen;
    copi_line *lines;
} nanomsg;

static nanomsg *
of(copi_carrier *base)
{
    return (nanomsg *)(void *)base;
}

/* ------------------------------------------------------------------------ sockets */

/* With less than these, nanomsg's first socket spins or aborts. */
static bool
has_spare_fds(void)
{
    int fds[SPARE_FDS], count = 0;

    while (count < SPARE_FDS && (fds[count] = dup(STDERR_FILENO)) >= 0)
        count++;
    bool has = count == SPARE_FDS || errno == EBADF;
    while (count > 0)
        close(fds[--count]);
    return has;
}

static bool
set(int socket, int level, int option, int value)
{
    return nn_setsockopt(socket, level, option, &value, sizeof value) == 0;
}

static int
open_socket(int protocol)
{
    int socket = has_spare_fds() ? nn_socket(AF_SP_RAW, protocol) : -1;

    if (socket < 0)
        return -1;
    if (set(socket, NN_SOL_SOCKET, NN_RCVMAXSIZE, FRAME_LIMIT) &&
        set(socket, NN_SOL_SOCKET, NN_SNDBUF, SOCKET_BUFFER) &&
        set(socket, NN_SOL_SOCKET, NN_RCVBUF, SOCKET_BUFFER) &&
        set(socket, NN_SOL_SOCKET, NN_RECONNECT_IVL, RECONNECT_MS) &&
        set(socket, NN_SOL_SOCKET, NN_RECONNECT_IVL_MAX, 0) &&
        set(socket, NN_TCP, NN_TCP_NODELAY, 1))
        return socket;
    nn_close(socket);
    return -1;
}

/* Both descriptors, NN_RCVFD and NN_SNDFD, say by being readable that something can be done. */
static cop_err
descriptor_of(int socket, int option, int *fd)
{
    size_t size = sizeof *fd;

    return nn_getsockopt(socket, NN_SOL_SOCKET, option, fd, &size) == 0 ? COP_OK : COP_E_OS;
}

static cop_err
watch_receive(nanomsg *self, int socket, cop_watch *out)
{
    int fd;

    COP_TRY(descriptor_of(socket, NN_RCVFD, &fd));
    return cop_watch_open(self->base.me, fd, COP_READABLE, out);
}

/* nanomsg would remove whatever is at that path, a regular file too. */
static bool
is_free_path(const char *address)
{
    const char *path = copi_address_path(address);
    struct stat there;

    return path == NULL || lstat(path, &there) != 0 || S_ISSOCK(there.st_mode);
}

static cop_err
listen_at(copi_carrier *base, const char *address)
{
    nanomsg *self = of(base);

    if (!is_free_path(address))
        return COP_E_ADDRESS_IN_USE;
    int socket = open_socket(NN_REP);
    if (socket < 0)
        return COP_E_OS;
    cop_err err = COP_OK;
    if (nn_bind(socket, address) < 0)
        err = nn_errno() == EADDRINUSE ? COP_E_ADDRESS_IN_USE : COP_E_ADDRESS;
    if (err == COP_OK)
        err = watch_receive(self, socket, &self->readable);
    if (err != COP_OK) {
        nn_close(socket);
        return err;
    }
    self->listener = socket;
    return COP_OK;
}

/* -------------------------------------------------------------------------- lines */

static void
unlink_line(nanomsg *self, copi_line *line)
{
    copi_line **at = &self->lines;

    while (*at != line)
        at = &(*at)->next;
    *at = line->next;
}

static void
close_socket(copi_line *line)
{
    cop_actor *me = line->carrier->base.me;

    if (line->socket < 0)
        return;
    cop_watch_close(me, line->readable);
    if (line->wants_writable)
        cop_watch_close(me, line->writable);
    /* Fails if it is not there, because the line could not be started. */
    (void)epoll_ctl(line->carrier->edges, EPOLL_CTL_DEL, line->send_fd, NULL);
    nn_close(line->socket);
    line->socket = -1;
}

/* Who is telling about a line may still hold it, so it goes at the next sweep. */
static void
close_line(copi_line *line)
{
    close_socket(line);
}

static void
sweep(nanomsg *self)
{
    for (copi_line *line = self->lines, *next; line != NULL; line = next) {
        next = line->next;
        if (line->socket >= 0)
            continue;
        unlink_line(self, line);
        free(line);
    }
}

static cop_err
want_writable(copi_line *line)
{
    if (line->wants_writable)
        return COP_OK;
    COP_TRY(
        cop_watch_open(line->carrier->base.me, line->send_fd, COP_READABLE, &line->writable));
    line->wants_writable = true;
    return COP_OK;
}

/* From now on there is an event each time that it ceases to be writable, and one at once. */
static cop_err
watch_edge(copi_line *line)
{
    struct epoll_event wanted = {.events = EPOLLOUT | EPOLLET, .data.ptr = line};

    return epoll_ctl(line->carrier->edges, EPOLL_CTL_ADD, line->send_fd, &wanted) == 0
               ? COP_OK
               : COP_E_OS;
}

static cop_err
start_line(copi_line *line, const char *address)
{
    COP_TRY(descriptor_of(line->socket, NN_SNDFD, &line->send_fd));
    COP_TRY(watch_receive(line->carrier, line->socket, &line->readable));
    COP_TRY(want_writable(line));
    COP_TRY(watch_edge(line));
    return nn_connect(line->socket, address) < 0 ? COP_E_OS : COP_OK;
}

static cop_err
open_line(copi_carrier *base, const char *address, void *tag, copi_line **out)
{
    nanomsg *self = of(base);
    copi_line *line = copi_malloc(sizeof *line);

    if (line == NULL)
        return COP_E_NOMEM;
    *line = (copi_line){.next = self->lines,
                        .carrier = self,
                        .tag = tag,
                        .socket = open_socket(NN_REQ),
                        .send_fd = -1};
    if (line->socket < 0) {
        free(line);
        return COP_E_OS;
    }
    self->lines = line;
    cop_err err = start_line(line, address);
    if (err != COP_OK)
        close_socket(line);
    else
        *out = line;
    return err;
}

/* ------------------------------------------------------------------------- frames */

/* The property that says where a message goes or comes from. */
typedef union property {
    struct nn_cmsghdr head;
    unsigned char bytes[sizeof(struct nn_cmsghdr) + sizeof(size_t) + ROUTE_SIZE];
} property;

static void
set_route(property *self, const uint8_t *route, size_t size)
{
    unsigned char *data = NN_CMSG_DATA(&self->head);

    memset(self, 0, sizeof *self);
    self->head.cmsg_len = NN_CMSG_LEN(sizeof size + size);
    self->head.cmsg_level = PROTO_SP;
    self->head.cmsg_type = SP_HDR;
    memcpy(data, &size, sizeof size);
    memcpy(data + sizeof size, route, size);
}

static int
send_parts(int socket, property *route, struct nn_iovec *parts, int count)
{
    struct nn_msghdr message = {.msg_iov = parts,
                                .msg_iovlen = count,
                                .msg_control = route,
                                .msg_controllen = sizeof *route};

    return nn_sendmsg(socket, &message, NN_DONTWAIT);
}

static cop_err
send_frame(copi_line *line, const uint8_t *head, size_t head_size, const uint8_t *body,
           size_t body_size)
{
    static const uint8_t request[4] = {0x80, 0, 0, 1};
    struct nn_iovec parts[2] = {
        {(void *)(uintptr_t)head, head_size},
        {(void *)(uintptr_t)body, body_size}
    };
    property route;

    if (line->socket < 0)
        return COP_E_BUSY;
    set_route(&route, request, sizeof request);
    if (send_parts(line->socket, &route, parts, body_size > 0 ? 2 : 1) >= 0)
        return COP_OK;
    (void)want_writable(line);
    return COP_E_BUSY;
}

static void
answer(copi_carrier *base, uint64_t pipe, const uint8_t *bytes, size_t size)
{
    struct nn_iovec part = {(void *)(uintptr_t)bytes, size};
    uint8_t where[ROUTE_SIZE];
    property route;

    memcpy(where, &pipe, sizeof where);
    set_route(&route, where, sizeof where);
    (void)send_parts(of(base)->listener, &route, &part, 1);
}

/* One message; false if there is none.  `body` is to be freed. */
static bool
receive(int socket, void **body, size_t *size, uint64_t *pipe)
{
    void *control = NULL;
    struct nn_iovec part = {body, NN_MSG};
    struct nn_msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = NN_MSG};
    int got = nn_recvmsg(socket, &message, NN_DONTWAIT);

    *pipe = 0;
    if (got < 0)
        return false;
    struct nn_cmsghdr *found = NN_CMSG_FIRSTHDR(&message);
    if (found != NULL && found->cmsg_len >= NN_CMSG_LEN(sizeof(size_t) + ROUTE_SIZE))
        memcpy(pipe, NN_CMSG_DATA(found) + sizeof(size_t), ROUTE_SIZE);
    nn_freemsg(control);
    *size = (size_t)got;
    return true;
}

/* To the next frame of this turn?  What was delivered has cost its share of the slice: those
 * who got it must have their turn before their mailboxes are full. */
static bool
may_go_on(const copi_carrier *base, int frames)
{
    return frames < FRAMES_PER_TURN && base->me->worker->spent < COPI_SLICE;
}

static void
read_listener(nanomsg *self)
{
    void *body;
    size_t size;
    uint64_t pipe;

    for (int i = 0; may_go_on(&self->base, i) && receive(self->listener, &body, &size, &pipe);
         i++) {
        self->base.told->frame(self->base.ctx, pipe, body, size);
        nn_freemsg(body);
    }
}

static void
read_line(copi_line *line)
{
    const copi_carrier *base = &line->carrier->base;
    void *body;
    size_t size;
    uint64_t pipe;

    for (int i = 0;
         may_go_on(base, i) && line->socket >= 0 && receive(line->socket, &body, &size, &pipe);
         i++) {
        base->told->answer(base->ctx, line->tag, body, size);
        nn_freemsg(body);
    }
}

/* -------------------------------------------------------------------- broken lines */

/* A connection that was made and is no longer the only one: frames may be lost. */
static bool
is_broken(const copi_line *line)
{
    uint64_t made = nn_get_statistic(line->socket, NN_STAT_ESTABLISHED_CONNECTIONS);
    uint64_t lost = nn_get_statistic(line->socket, NN_STAT_BROKEN_CONNECTIONS);

    return made > 1 || lost > 0;
}

static void
look(copi_carrier *base)
{
    nanomsg *self = of(base);

    sweep(self);
    for (copi_line *line = self->lines; line != NULL; line = line->next)
        if (line->socket >= 0 && is_broken(line))
            base->told->broken(base->ctx, line->tag);
}

static int32_t
look_ms(const copi_carrier *base)
{
    const nanomsg *self = (const nanomsg *)(const void *)base;

    for (const copi_line *line = self->lines; line != NULL; line = line->next)
        if (line->socket >= 0 && line->was_writable && line->wants_writable)
            return LOOK_MS;
    return 0;
}

/* If the buffer is full it will be writable again; until then look_ms says to look. */
static void
line_fell(copi_line *line)
{
    const copi_carrier *base = &line->carrier->base;

    if (line->socket < 0)
        return;
    if (is_broken(line))
        base->told->broken(base->ctx, line->tag);
    else
        (void)want_writable(line);
}

static void
read_edges(nanomsg *self)
{
    struct epoll_event fallen[EDGES_PER_TURN];
    int count = epoll_wait(self->edges, fallen, EDGES_PER_TURN, 0);

    /* What is told of one line may close another one, but frees none. */
    for (int i = 0; i < count; i++)
        line_fell(fallen[i].data.ptr);
}

/* --------------------------------------------------------------------- descriptors */

static void
line_ready(copi_line *line, cop_watch ready)
{
    const copi_carrier *base = &line->carrier->base;

    if (line->readable.ref.bits == ready.ref.bits) {
        read_line(line);
    } else {
        cop_watch_close(base->me, line->writable);
        line->wants_writable = false;
        line->was_writable = true;
        base->told->writable(base->ctx, line->tag);
    }
}

static copi_line *
line_of(const nanomsg *self, cop_watch watch)
{
    copi_line *line = self->lines;

    while (line != NULL && (line->socket < 0 || (line->readable.ref.bits != watch.ref.bits &&
                                                 (!line->wants_writable ||
                                                  line->writable.ref.bits != watch.ref.bits))))
        line = line->next;
    return line;
}

static void
ready(copi_carrier *base, const cop_ready *ready)
{
    nanomsg *self = of(base);

    sweep(self);
    copi_line *line = line_of(self, ready->watch);
    if (ready->watch.ref.bits == self->fallen.ref.bits)
        read_edges(self);
    else if (self->listener >= 0 && ready->watch.ref.bits == self->readable.ref.bits)
        read_listener(self);
    else if (line != NULL)
        line_ready(line, ready->watch);
}

static void
free_carrier(copi_carrier *base)
{
    nanomsg *self = of(base);

    for (copi_line *line = self->lines; line != NULL; line = line->next)
        close_socket(line);
    sweep(self);
    if (self->listener >= 0) {
        cop_watch_close(base->me, self->readable);
        nn_close(self->listener);
    }
    cop_watch_close(base->me, self->fallen);
    close(self->edges);
    free(self);
}

static cop_err
open_edges(nanomsg *self)
{
    self->edges = epoll_create1(EPOLL_CLOEXEC);
    if (self->edges < 0)
        return COP_E_OS;
    cop_err err = cop_watch_open(self->base.me, self->edges, COP_READABLE, &self->fallen);
    if (err != COP_OK)
        close(self->edges);
    return err;
}

cop_err
copi_nanomsg_new(cop_actor *me, const copi_carrier_told *told, void *ctx, copi_carrier **out)
{
    static const copi_carrier_ops ops = {.listen = listen_at,
                                         .open = open_line,
                                         .send = send_frame,
                                         .answer = answer,
                                         .close = close_line,
                                         .ready = ready,
                                         .look = look,
                                         .look_ms = look_ms,
                                         .free = free_carrier};
    nanomsg *self = copi_malloc(sizeof *self);

    if (self == NULL)
        return COP_E_NOMEM;
    *self = (nanomsg){
        .base = {&ops, told, ctx, me},
          .listener = -1
    };
    cop_err err = open_edges(self);
    if (err != COP_OK)
        free(self);
    else
        *out = &self->base;
    return err;
}
