/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nodes.h - a simulated cluster whose nodes all talk to each other, and a judge of it.
 *
 * Each node has a "sink", which takes numbered messages, and a "source", which sends them
 * to the sinks of all nodes that are up, watches those sinks and is linked to none.  What
 * is promised is checked where it can be seen:
 *      - node up and node down come in turns for each name, no incarnation comes back in
 *        between, and the down of a session follows all other news of it
 *      - messages of one session arrive in order and without a gap
 *      - a session that ends gives each monitor and each open call exactly one end
 */
#ifndef COPPICE_TESTS_TRANSPORT_NODES_H
#define COPPICE_TESTS_TRANSPORT_NODES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <coppice/cluster.h>
#include <coppice/message.h>
#include <coppice/sim.h>
#include <coppice/timer.h>

#define NODES(M, F)                                                                            \
    M(1, item, F(u64, session) F(u64, number) F(bytes, filling))                               \
    M(2, ask_total)                                                                            \
    M(3, total, F(u64, items))                                                                 \
    M(4, boom, F(i32, code))
COP_PROTOCOL(NODES)

enum {
    NODES_MAX = 4,
    SESSIONS_MAX = 64,
};

/* What one source knows of one other node. */
typedef struct other {
    char name[16];
    bool is_up;
    uint64_t incarnation;
    cop_pid sink;
    cop_ref monitor;
    bool is_watched;
    bool is_over;     /* the session had ended before its up was handled */
    uint64_t session; /* a number that no other session of this source has */
    uint64_t sent;
    unsigned ups, downs, ends, calls, answers;
} other;

typedef struct judge {
    unsigned seed;
    struct source *sources[NODES_MAX]; /* of the newest run of each node */
    uint64_t received;
    const char *wrong; /* the first broken promise */
} judge;

static inline void
judge_that(judge *self, bool is_kept, const char *what)
{
    if (!is_kept && self->wrong == NULL)
        self->wrong = what;
}

/* --------------------------------------------------------------------------- sink */

typedef struct sender {
    cop_pid who;
    uint64_t session, number;
} sender;

typedef struct sink {
    judge *judge;
    sender senders[SESSIONS_MAX];
    uint64_t items;
} sink;

COP_HANDLER(sink, cop_start)
{
    st->judge = (judge *)(uintptr_t)msg->arg;
    return COP_OK;
}

COP_HANDLER(sink, item)
{
    sender *from = st->senders;

    while (!cop_pid_is_none(from->who) && !cop_pid_equal(from->who, cop_sender(me)))
        from++;
    from->who = cop_sender(me);
    st->items++;
    st->judge->received++;
    judge_that(st->judge, msg->session >= from->session, "nothing of an older session");
    if (msg->session == from->session)
        judge_that(st->judge, msg->number == from->number + 1, "in order, without a gap");
    else
        judge_that(st->judge, msg->number == 1, "from the first on");
    from->session = msg->session;
    from->number = msg->number;
    return COP_OK;
}

COP_HANDLER(sink, ask_total)
{
    return cop_reply(me, total, .items = st->items);
}

COP_HANDLER(sink, boom)
{
    return cop_fail(me, msg->code, "boom");
}

static const cop_behaviour sink_b = {
    .name = "sink",
    .state_size = sizeof(sink),
    .handlers = COP_HANDLERS(COP_ON(sink, cop_start), COP_ON(sink, item),
                             COP_ON(sink, ask_total), COP_ON(sink, boom)),
};

/* ------------------------------------------------------------------------- source */

typedef struct source {
    judge *judge;
    other others[NODES_MAX]; /* the last is empty */
    uint64_t sessions;
    cop_timer timer;
    unsigned open_calls;
} source;

typedef struct work {
    int unused;
} work;

static const cop_type work_type = {
    .protocol = "nodes", .name = "work", .size = sizeof(work), .flat = true};

static inline other *
other_of(source *self, cop_str name)
{
    other *entry = self->others;

    while (entry->name[0] != '\0' && !cop_str_equal(name, entry->name))
        entry++;
    if (entry->name[0] == '\0')
        snprintf(entry->name, sizeof entry->name, "%.*s", (int)name.size, name.data);
    return entry;
}

COP_HANDLER(source, cop_start)
{
    st->judge = (judge *)(uintptr_t)msg->arg;
    st->judge->sources[cop_node_name(cop_node_of(me))[0] - 'a'] = st;
    COP_TRY(cop_watch_nodes(me));
    return cop_send_every(me, 20, &st->timer, work, .unused = 0);
}

COP_HANDLER(source, cop_node_up)
{
    other *entry = other_of(st, msg->node);
    char name[32];

    judge_that(st->judge, !entry->is_up, "an up follows a down");
    judge_that(st->judge, !entry->is_watched, "all ends come before the next up");
    entry->is_up = true;
    entry->ups++;
    entry->incarnation = msg->incarnation;
    entry->session = ++st->sessions;
    entry->sent = 0;
    snprintf(name, sizeof name, "sink@%.15s", entry->name);
    entry->sink = cop_whereis(me, name);
    entry->is_over = entry->sink.node != msg->incarnation;
    if (!entry->is_over && cop_monitor(me, entry->sink, &entry->monitor) == COP_OK)
        entry->is_watched = true;
    return COP_OK;
}

COP_HANDLER(source, cop_node_down)
{
    other *entry = other_of(st, msg->node);

    judge_that(st->judge, entry->is_up, "a down follows an up");
    judge_that(st->judge, entry->incarnation == msg->incarnation, "the down of that up");
    judge_that(st->judge, msg->why.kind == COP_EXIT_NOCONNECTION, "noconnection");
    judge_that(st->judge, !entry->is_watched, "the monitor's end comes before the down");
    entry->is_up = false;
    entry->downs++;
    return COP_OK;
}

COP_HANDLER(source, cop_down)
{
    for (other *entry = st->others; entry->name[0] != '\0'; entry++) {
        if (entry->monitor.bits != msg->ref.bits)
            continue;
        judge_that(st->judge, entry->is_watched, "one end for each monitor");
        judge_that(st->judge, msg->why.kind == COP_EXIT_NOCONNECTION, "ends by noconnection");
        entry->is_watched = false;
        entry->ends++;
    }
    return COP_OK;
}

COP_REPLY(source, total)
{
    judge_that(st->judge, st->open_calls > 0, "one answer for each call");
    judge_that(st->judge, err == COP_OK || err == COP_E_NOCONNECTION || err == COP_E_CANCELLED,
               "answered or lost");
    st->open_calls--;
    return COP_OK;
}

COP_HANDLER(source, work)
{
    static const char filling[20000];

    for (other *entry = st->others; entry->name[0] != '\0'; entry++) {
        size_t size =
            cop_random(me) % 16 == 0 ? sizeof filling : (size_t)(cop_random(me) % 100);
        if (!entry->is_up)
            continue;
        judge_that(st->judge, !entry->is_over, "names are known at the up");
        cop_err err = cop_send(me, entry->sink, item, .session = entry->session,
                               .number = entry->sent + 1, .filling = {filling, size});
        if (err == COP_OK)
            entry->sent++;
        else
            judge_that(st->judge,
                       err == COP_E_NOCONNECTION || err == COP_E_BUSY || err == COP_E_NOPROC,
                       "sent, busy or lost");
        if (cop_random(me) % 8 == 0 &&
            cop_ask(me, entry->sink, 60000, COP_THEN(source, total), ask_total) == COP_OK)
            st->open_calls++;
    }
    return COP_OK;
}

static const cop_behaviour source_b = {
    .name = "source",
    .state_size = sizeof(source),
    .handlers = COP_HANDLERS(COP_ON(source, cop_start), COP_ON(source, cop_node_up),
                             COP_ON(source, cop_node_down), COP_ON(source, cop_down),
                             COP_ON(source, work)),
};

/* ------------------------------------------------------------------------ cluster */

typedef struct cluster {
    cop_sim *sim;
    cop_net *net;
    unsigned count;
    cop_node *nodes[NODES_MAX];
    judge judge;
} cluster;

static inline void
say_nothing(void *ctx, const char *line)
{
    (void)ctx;
    if (getenv("NODES_LOG") != NULL)
        fprintf(stderr, "  %s\n", line);
}

/* Ends at once if its argument says so. */
static inline cop_err
worker_init(cop_actor *me, void *state, const void *arg)
{
    const item *given = arg;

    (void)state;
    return given->number == 0 ? cop_fail(me, 9, "nothing to do") : COP_OK;
}

static const cop_behaviour worker_b = {
    .name = "worker", .arg_type = &item_type, .init = worker_init};

typedef struct slow {
    int unused;
} slow;

/* Stays until its owner's patience ends. */
COP_HANDLER(slow, cop_stopping)
{
    return COP_OK;
}

static const cop_behaviour slow_b = {
    .name = "slow",
    .state_size = sizeof(slow),
    .handlers = COP_HANDLERS(COP_ON(slow, cop_stopping)),
};

typedef struct noisy {
    unsigned rounds;
} noisy;

/* Ends when the line to node a is as full as it can be, and stays so for a while. */
COP_HANDLER(noisy, boom)
{
    static const char filling[10000];
    cop_pid to = cop_whereis(me, "sink@a");
    cop_err err = COP_OK;

    while (err == COP_OK)
        err = cop_send(me, to, item, .filling = {filling, sizeof filling});
    if (++st->rounds < 20)
        return cop_send_after(me, 1, NULL, boom, .code = msg->code);
    return cop_fail(me, err == COP_E_BUSY ? msg->code : 1, "loud");
}

COP_HANDLER(noisy, cop_start)
{
    return cop_send(me, cop_self(me), boom, .code = 5);
}

static const cop_behaviour noisy_b = {
    .name = "noisy",
    .state_size = sizeof(noisy),
    .handlers = COP_HANDLERS(COP_ON(noisy, cop_start), COP_ON(noisy, boom)),
};

/* Node i, "a" to "d"; all have the seeds "a" and "b". */
static inline void
cluster_start_node(cluster *self, unsigned i)
{
    const cop_behaviour *offer[] = {&sink_b, &worker_b, &slow_b, &noisy_b, NULL};
    char name[] = {(char)('a' + i), '\0'}, address[40];
    cop_cluster_opts opts = {.listen = address,
                             .join = "tcp://127.0.0.1:1000, tcp://127.0.0.1:1001",
                             .behaviours = offer,
                             .net = self->net};
    cop_spawn_opts spawn = {.name = "sink", .arg = &self->judge};

    snprintf(address, sizeof address, "tcp://127.0.0.1:%u", 1000 + i);
    assert_int_equal(cop_sim_node(self->sim,
                                  &(cop_node_opts){.name = name, .on_log = say_nothing},
                                  &self->nodes[i]),
                     COP_OK);
    assert_int_equal(cop_cluster_start(self->nodes[i], &opts), COP_OK);
    assert_int_equal(cop_sim_spawn(self->nodes[i], &sink_b, &spawn, NULL), COP_OK);
    spawn.name = "source";
    assert_int_equal(cop_sim_spawn(self->nodes[i], &source_b, &spawn, NULL), COP_OK);
}

static inline void
cluster_init(cluster *self, unsigned seed, unsigned count)
{
    *self = (cluster){.count = count, .judge = {.seed = seed}};
    assert_int_equal(cop_sim_new(&self->sim, seed), COP_OK);
    assert_int_equal(cop_net_new(&self->net, seed), COP_OK);
    for (unsigned i = 0; i < count; i++)
        cluster_start_node(self, i);
}

static inline void
cluster_fini(cluster *self)
{
    cop_sim_free(&self->sim);
    cop_net_free(&self->net);
}

/* As when its process is killed and started again. */
static inline void
cluster_restart_node(cluster *self, unsigned i)
{
    cop_net_crash(self->net, self->nodes[i]);
    cop_sim_crash(self->sim, self->nodes[i]);
    cluster_start_node(self, i);
}

/* How many of the live nodes' sources see how many of the live nodes. */
static inline unsigned
cluster_sessions(const cluster *self)
{
    unsigned sessions = 0;

    for (unsigned i = 0; i < self->count; i++)
        for (unsigned k = 0; k < self->count; k++)
            for (const other *entry = self->judge.sources[i]->others; entry->name[0] != '\0';
                 entry++)
                sessions +=
                    entry->is_up && entry->incarnation == cop_node_incarnation(self->nodes[k]);
    return sessions;
}

static inline void
cluster_expect_kept(const cluster *self)
{
    if (self->judge.wrong != NULL)
        fail_msg("seed %u: not kept: %s", self->judge.seed, self->judge.wrong);
}

#endif /* COPPICE_TESTS_TRANSPORT_NODES_H */
