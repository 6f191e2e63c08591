/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_nodes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <coppice/coppice.h>

/* The peer asks what to do, and does it. */
#define NODES(M, F)                                                                            \
    M(1, hello_bench)                                                                          \
    M(2, stream_to_me, F(i64, count))                                                          \
    M(3, parcel, F(bytes, data))                                                               \
    M(4, there, F(i64, n) F(bytes, data))                                                      \
    M(5, back, F(i64, n) F(bytes, data))                                                       \
    M(6, stream_on)
COP_PROTOCOL(NODES)

enum {
    PARCELS = 3000000,
    TRIPS = 5000,
    SLICE = 64,
};

static const char payload[56]; /* with number and framing about 64 bytes */

static double
now(void)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec * 1e-9;
}

/* ---------------------------------------------------------------- the first process */

typedef struct bench {
    const char *name;
    unsigned workers;
    const char *address;
} bench;

typedef struct sink {
    bench bench;
    cop_pid peer;
    int64_t seen;
    double started;
    cop_process_spec process;
    const char *argv[4];
} sink;

COP_HANDLER(sink, cop_start)
{
    st->bench = *(const bench *)msg->arg;
    const char *argv[] = {"/proc/self/exe", "--peer", st->bench.address, NULL};
    memcpy(st->argv, argv, sizeof argv);
    st->process = (cop_process_spec){.argv = st->argv};
    COP_TRY(cop_register(me, "sink", cop_self(me)));
    return cop_spawn(me, &cop_process, &(cop_spawn_opts){.arg = &st->process}, NULL);
}

COP_HANDLER(sink, hello_bench)
{
    st->peer = cop_sender(me);
    st->started = now();
    if (strcmp(st->bench.name, "node-rtt") == 0)
        return cop_send(me, st->peer, there, .n = 0, .data = {payload, sizeof payload});
    return cop_send(me, st->peer, stream_to_me, .count = PARCELS);
}

static cop_err
finish(cop_actor *me, const sink *st, double value, const char *unit)
{
    printf("%s coppice %u %.4g %s\n", st->bench.name, st->bench.workers, value, unit);
    return cop_stop(me);
}

COP_HANDLER(sink, back)
{
    if (msg->n < TRIPS)
        return cop_send(me, st->peer, there, .n = msg->n + 1,
                        .data = {payload, sizeof payload});
    return finish(me, st, (now() - st->started) / TRIPS * 1e6, "us");
}

COP_HANDLER(sink, parcel)
{
    if (++st->seen < PARCELS)
        return COP_OK;
    return finish(me, st, PARCELS / (now() - st->started) * 1e-6, "M/s");
}
COP_BEHAVIOUR(sink_b, sink, COP_ON(sink, cop_start), COP_ON(sink, hello_bench),
              COP_ON(sink, back), COP_ON(sink, parcel));

static int
run_node(const char *name, unsigned workers, const char *join, const cop_behaviour *behaviour,
         bench *arg)
{
    cop_node *node = NULL;
    cop_err err = cop_node_new(
        &node, &(cop_node_opts){.name = name, .workers = workers, .unix_signals = true});

    if (err == COP_OK)
        err = cop_cluster_start(node, &(cop_cluster_opts){.join = join});
    if (err == COP_OK) {
        arg->address = cop_cluster_address(node);
        err = cop_node_start(node, behaviour, &(cop_spawn_opts){.arg = arg}, NULL);
    }
    if (err != COP_OK)
        fprintf(stderr, "bench_coppice: %s\n", cop_err_text(err));
    int status = err == COP_OK ? cop_node_wait(node, NULL) : 1;
    cop_node_free(&node);
    return status;
}

int
bench_nodes(const char *name, unsigned workers)
{
    return run_node("bench", workers, NULL, &sink_b, &(bench){name, workers, NULL});
}

/* ---------------------------------------------------------------- the other process */

typedef struct source {
    cop_pid to;
    int64_t left;
} source;

COP_HANDLER(source, cop_start)
{
    return cop_watch_nodes(me);
}

COP_HANDLER(source, cop_node_up)
{
    st->to = cop_whereis(me, "sink@bench");
    return cop_send(me, st->to, hello_bench);
}

COP_HANDLER(source, there)
{
    return cop_send(me, st->to, back, .n = msg->n, .data = msg->data);
}

COP_HANDLER(source, stream_on)
{
    for (int i = 0; i < SLICE && st->left > 0; i++, st->left--) {
        cop_err err = cop_send(me, st->to, parcel, .data = {payload, sizeof payload});
        if (err == COP_E_BUSY)
            return cop_send_after(me, 1, NULL, stream_on);
        COP_TRY(err);
    }
    return st->left > 0 ? cop_send(me, cop_self(me), stream_on) : COP_OK;
}

COP_HANDLER(source, stream_to_me)
{
    st->left = msg->count;
    return cop_send(me, cop_self(me), stream_on);
}
COP_BEHAVIOUR(source_b, source, COP_ON(source, cop_start), COP_ON(source, cop_node_up),
              COP_ON(source, there), COP_ON(source, stream_on), COP_ON(source, stream_to_me));

int
bench_nodes_peer(const char *address)
{
    return run_node("peer", 1, address, &source_b, &(bench){0});
}
