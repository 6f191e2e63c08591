/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cluster.h - what all nodes of the demo have in common.
 */
#ifndef WORDCOUNT_CLUSTER_H
#define WORDCOUNT_CLUSTER_H

#include <coppice/coppice.h>

#define COORDINATOR "coordinator"

/* A node that says nothing for 600 ms is lost. */
static inline cop_cluster_opts
cluster_opts(void)
{
    return (cop_cluster_opts){.heartbeat_ms = 150, .dead_ms = 600};
}

#endif /* WORDCOUNT_CLUSTER_H */
