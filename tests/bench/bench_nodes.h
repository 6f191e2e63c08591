/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_nodes.h - the cases with two nodes, which are two processes.
 */
#ifndef COPPICE_BENCH_NODES_H
#define COPPICE_BENCH_NODES_H

/* "node-to-node" or "node-rtt": starts the other process, prints the result line.  What
 * main should return. */
int bench_nodes(const char *name, unsigned workers);

/* The other process; `address` is the first one's. */
int bench_nodes_peer(const char *address);

#endif /* COPPICE_BENCH_NODES_H */
