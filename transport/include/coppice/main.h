/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.h - a whole program: a node, its place among others, and its supervision tree.
 */
#ifndef COPPICE_MAIN_H
#define COPPICE_MAIN_H

#include <coppice/cluster.h>
#include <coppice/supervisor.h>

typedef struct cop_main_opts {
    const char *node;   /* its name; default: "local" */
    const char *listen; /* as in cop_cluster_opts, the next as well; with any of them, or a */
    const char *join;   /* name, the node takes part in a cluster */
    const cop_behaviour *const *behaviours;
    int32_t heartbeat_ms;
    int32_t dead_ms;
    size_t message_max;
    unsigned workers; /* threads; 0: one per core */

    /* As in cop_node_opts. */
    void (*on_dead_letter)(void *ctx, const cop_dead_letter *letter);
    void (*on_log)(void *ctx, const char *line);
    void *ctx;
} cop_main_opts;

/*
 * Runs the tree until it ends, or SIGINT or SIGTERM stops it; a single worker is put under a
 * supervisor.  Returns what main should return: 0 if it ended well, 128 + n after unix signal
 * n, else 1, and standard error says why.  `argc` and `argv` are not looked at in this
 * version.  `opts` may be NULL.
 */
COP_API int cop_main(int argc, char **argv, const cop_child *tree, const cop_main_opts *opts);

#endif /* COPPICE_MAIN_H */
