/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loopback.c - frames as entries in the list of the carrier that they go to.
 *
 * Who sends puts an entry with its time into the other carrier's list and asks that
 * carrier's actor, by a request that cannot be refused for want of room, to set a timer.
 * All nodes run on one thread, so the lists need no lock.
 */
#include "carrier/loopback.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <coppice/timer.h>

#include "base/check.h"
#include "base/memory.h"
#include "carrier/simnet.h"
#include "core/node.h"
#include "message/local.h"

typedef struct copi_loopback loopback;

typedef enum arrival_kind {
    FRAME,
    ANSWER,
    WRITABLE,
    BROKEN,
} arrival_kind;

typedef struct arrival {
    struct arrival *next;
    int64_t due;
    uint64_t pipe;
    cop_node *from;
    arrival_kind kind;
    size_t size;
    uint8_t bytes[];
} arrival;

struct copi_line {
    copi_line *next;
    loopback *from;
    loopback *to; /* NULL: not connected, or broken */
    uint64_t pipe;
    int64_t last_there, last_back; /* when the newest frame is due, either way */
    void *tag;
};

struct copi_loopback {
    copi_carrier base;
    cop_net *net;
    loopback *next; /* of the net's */
    cop_node *node;
    cop_pid owner;
    char address[128]; /* empty: does not listen */
    copi_line *lines;
    arrival *arrivals; /* by time */
};

const cop_type copi_arrived_type = COPI_LOCAL("coppice", copi_arrived);

static loopback *
of(copi_carrier *base)
{
    return (loopback *)(void *)base;
}

/* ----------------------------------------------------------------------- arrivals */

static void
set_timer(cop_actor *me, void *ctx)
{
    int64_t left = (int64_t)(intptr_t)ctx - copi_worker_now(me->worker);
    int64_t ms = left <= 0 ? 0 : (left + 999999) / 1000000;

    COPI_INSIST(cop_send_after(me, ms, NULL, copi_arrived, .carrier = NULL) == COP_OK);
}

static void
no_timer(void *ctx)
{
    (void)ctx; /* The list belongs to the carrier, which is going as well. */
}

static void
insert(loopback *self, arrival *entry)
{
    arrival **at = &self->arrivals;

    while (*at != NULL && (*at)->due <= entry->due)
        at = &(*at)->next;
    entry->next = *at;
    *at = entry;
}

/* Puts something into the list of `to`, due after a while but not before *last. */
static void
deliver(loopback *from, loopback *to, arrival_kind kind, uint64_t pipe, int64_t *last,
        const void *bytes, size_t size)
{
    cop_net *net = from->net;
    copi_worker *worker = &to->node->sched.workers[0];
    uint32_t spread = (uint32_t)(net->max_ms - net->min_ms) + 1;
    int64_t delay = net->min_ms + copi_rng_below(&net->rng, spread);
    arrival *entry = malloc(sizeof *entry + size);
    copi_envelope *ask;

    COPI_CHECK(entry != NULL);
    COPI_INSIST((ask = copi_envelope_new(worker, COPI_REQUEST, sizeof(copi_request))) != NULL);
    *entry = (arrival){.due = copi_worker_now(worker) + delay * 1000000,
                       .pipe = pipe,
                       .from = from->node,
                       .kind = kind,
                       .size = size};
    if (entry->due < *last)
        entry->due = *last;
    *last = entry->due;
    if (size > 0)
        memcpy(entry->bytes, bytes, size);
    insert(to, entry);
    /* The time and not the entry: that may be gone before the request is read. */
    *(copi_request *)copi_payload(ask) =
        (copi_request){set_timer, no_timer, (void *)(intptr_t)entry->due};
    if (copi_push(to->node, worker, to->owner, ask) != COP_OK)
        copi_envelope_free(worker, ask);
}

static copi_line *
line_of(loopback *self, uint64_t pipe)
{
    copi_line *line = self->lines;

    while (line != NULL && line->pipe != pipe)
        line = line->next;
    return line;
}

static void
tell(loopback *self, arrival *entry)
{
    const copi_carrier *base = &self->base;
    copi_line *line = entry->kind == FRAME ? NULL : line_of(self, entry->pipe);

    if (copi_net_is_cut(self->net, entry->from, self->node))
        return;
    if (entry->kind == FRAME)
        base->told->frame(base->ctx, entry->pipe, entry->bytes, entry->size);
    else if (line == NULL)
        return;
    else if (entry->kind == ANSWER)
        base->told->answer(base->ctx, line->tag, entry->bytes, entry->size);
    else if (entry->kind == WRITABLE)
        base->told->writable(base->ctx, line->tag);
    else
        base->told->broken(base->ctx, line->tag);
}

void
copi_loopback_due(copi_carrier *base)
{
    loopback *self = of(base);

    while (self->arrivals != NULL &&
           self->arrivals->due <= copi_worker_now(self->base.me->worker)) {
        arrival *entry = self->arrivals;
        self->arrivals = entry->next;
        tell(self, entry);
        free(entry);
    }
}

/* -------------------------------------------------------------------- the carrier */

static loopback *
listener_at(cop_net *net, const char *address)
{
    for (loopback *other = net->carriers; other != NULL; other = other->next)
        if (strcmp(other->address, address) == 0)
            return other;
    return NULL;
}

static cop_err
listen_at(copi_carrier *base, const char *address)
{
    loopback *self = of(base);

    if (listener_at(self->net, address) != NULL)
        return COP_E_ADDRESS_IN_USE;
    snprintf(self->address, sizeof self->address, "%s", address);
    return COP_OK;
}

void
copi_loopback_address(cop_net *net, char *text, size_t size)
{
    do {
        net->addresses++;
        snprintf(text, size, "tcp://127.%u.%u.1:1", net->addresses >> 8 & 255,
                 net->addresses & 255);
    } while (listener_at(net, text) != NULL);
}

static cop_err
open_line(copi_carrier *base, const char *address, void *tag, copi_line **out)
{
    loopback *self = of(base), *to = listener_at(self->net, address);
    copi_line *line = malloc(sizeof *line);

    if (line == NULL)
        return COP_E_NOMEM;
    if (copi_net_strikes(self->net, &cop_fault_refuse, self->node)) {
        free(line);
        return COP_E_OS;
    }
    *line =
        (copi_line){.next = self->lines, .from = self, .pipe = ++self->net->pipes, .tag = tag};
    if (to != NULL && !copi_net_is_cut(self->net, self->node, to->node)) {
        line->to = to;
        deliver(to, self, WRITABLE, line->pipe, &line->last_back, NULL, 0);
    }
    self->lines = line;
    *out = line;
    return COP_OK;
}

static cop_err
send_frame(copi_line *line, const uint8_t *head, size_t head_size, const uint8_t *body,
           size_t body_size)
{
    uint8_t bytes[64 * 1024];

    if (line->to == NULL ||
        copi_net_strikes(line->from->net, &cop_fault_busy, line->from->node))
        return COP_E_BUSY;
    COPI_CHECK(head_size + body_size <= sizeof bytes);
    memcpy(bytes, head, head_size);
    if (body_size > 0)
        memcpy(bytes + head_size, body, body_size);
    if (!copi_net_is_lost(line->from->net, line->from->node, line->to->node))
        deliver(line->from, line->to, FRAME, line->pipe, &line->last_there, bytes,
                head_size + body_size);
    return COP_OK;
}

static void
answer(copi_carrier *base, uint64_t pipe, const uint8_t *bytes, size_t size)
{
    loopback *self = of(base);

    for (loopback *other = self->net->carriers; other != NULL; other = other->next) {
        copi_line *line = line_of(other, pipe);
        if (line != NULL && line->to == self &&
            !copi_net_is_lost(self->net, self->node, other->node))
            deliver(self, other, ANSWER, pipe, &line->last_back, bytes, size);
    }
}

static void
close_line(copi_line *line)
{
    copi_line **at = &line->from->lines;

    while (*at != line)
        at = &(*at)->next;
    *at = line->next;
    free(line);
}

static void
nothing_ready(copi_carrier *self, const cop_ready *ready)
{
    (void)self;
    (void)ready;
}

static void
nothing_to_see(copi_carrier *self)
{
    (void)self;
}

static int32_t
no_hurry(const copi_carrier *self)
{
    (void)self;
    return 0;
}

static void
lose_arrivals(loopback *self, uint64_t pipe)
{
    for (arrival **at = &self->arrivals; *at != NULL;) {
        arrival *entry = *at;
        if (entry->pipe != pipe) {
            at = &entry->next;
            continue;
        }
        *at = entry->next;
        free(entry);
    }
}

/* What is on the way along one line is lost; its owner is told. */
static void
break_line(copi_line *line)
{
    lose_arrivals(line->to, line->pipe);
    lose_arrivals(line->from, line->pipe);
    deliver(line->to, line->from, BROKEN, line->pipe, &line->last_back, NULL, 0);
    line->to = NULL;
}

static void
break_lines(loopback *from, const loopback *to)
{
    for (copi_line *line = from->lines; line != NULL; line = line->next)
        if (line->to == to)
            break_line(line);
}

static loopback *
carrier_of(cop_net *net, const cop_node *node)
{
    loopback *carrier = net->carriers;

    while (carrier != NULL && carrier->node != node)
        carrier = carrier->next;
    return carrier;
}

void
cop_net_break(cop_net *net, cop_node *a, cop_node *b)
{
    loopback *first = carrier_of(net, a), *second = carrier_of(net, b);

    if (first == NULL || second == NULL)
        return;
    break_lines(first, second);
    break_lines(second, first);
}

static void
leave(loopback *self)
{
    loopback **at = &self->net->carriers;

    while (*at != NULL && *at != self)
        at = &(*at)->next;
    if (*at != NULL)
        *at = self->next;
}

/* Lines of others that end here take frames and lose them, as after a power cut. */
void
cop_net_crash(cop_net *net, cop_node *node)
{
    loopback *gone = carrier_of(net, node);

    if (gone == NULL)
        return;
    leave(gone);
    for (loopback *other = net->carriers; other != NULL; other = other->next)
        COPI_CHECK(cop_net_cut(net, node, other->node) == COP_OK);
}

static void
free_carrier(copi_carrier *base)
{
    loopback *self = of(base);

    leave(self);
    for (loopback *other = self->net->carriers; other != NULL; other = other->next)
        break_lines(other, self);
    while (self->lines != NULL)
        close_line(self->lines);
    for (arrival *entry = self->arrivals, *next; entry != NULL; entry = next) {
        next = entry->next;
        free(entry);
    }
    free(self);
}

void
copi_loopback_left(const cop_net *net, void (*tell)(void *ctx, const char *line), void *ctx)
{
    char text[256];

    for (const loopback *carrier = net->carriers; carrier != NULL; carrier = carrier->next) {
        unsigned lines = 0;
        for (const copi_line *line = carrier->lines; line != NULL; line = line->next)
            lines++;
        snprintf(text, sizeof text, "%s: listens at %s, with %u lines to other nodes",
                 cop_node_name(carrier->node), carrier->address, lines);
        tell(ctx, text);
    }
}

cop_err
copi_loopback_new(cop_actor *me, cop_net *net, const copi_carrier_told *told, void *ctx,
                  copi_carrier **out)
{
    static const copi_carrier_ops ops = {.listen = listen_at,
                                         .open = open_line,
                                         .send = send_frame,
                                         .answer = answer,
                                         .close = close_line,
                                         .ready = nothing_ready,
                                         .look = nothing_to_see,
                                         .look_ms = no_hurry,
                                         .free = free_carrier};
    loopback *self = calloc(1, sizeof *self);

    if (self == NULL)
        return COP_E_NOMEM;
    self->base = (copi_carrier){&ops, told, ctx, me};
    self->net = net;
    self->node = me->node;
    self->owner = copi_pid_of(me);
    self->next = net->carriers;
    net->carriers = self;
    *out = &self->base;
    return COP_OK;
}
