/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cluster.h - what all nodes of the demo have in common.
 */
#ifndef WORDCOUNT_CLUSTER_H
#define WORDCOUNT_CLUSTER_H

#include <coppice/coppice.h>

#define COORDINATOR "coordinator"

/* A node that says nothing for two seconds is lost: more than any handler here takes, even
 * with files of many million words. */
static inline cop_cluster_opts
cluster_opts(void)
{
    return (cop_cluster_opts){.heartbeat_ms = 250, .dead_ms = 2000};
}

#endif /* WORDCOUNT_CLUSTER_H */
