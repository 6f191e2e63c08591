/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buf.h - what is behind <coppice/buf.h>.
 *
 *      thread A                 depot                thread B
 *      lists <---- batches ---> lists <--- batches ----> lists
 *                                 |
 *                               free
 *
 * A freed buffer is kept for the next one of its class.  The allocator would give large ones
 * back to the kernel and get them again with a page fault each; and it would take its locks
 * for each that is made on one thread and freed on another.
 *
 * The depot and the threads' lists are the process's and not a node's, as malloc is: anybody
 * may make a buffer, and free it after the last node is gone.
 */
#ifndef COPPICE_BASE_BUF_H
#define COPPICE_BASE_BUF_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>

#include <coppice/buf.h>

enum {
    COPI_BUF_CLASSES = 13,       /* by powers of two */
    COPI_BUF_SMALLEST = 256,     /* bytes of class 0; what fills less than half is malloc's */
    COPI_BUF_BATCH = 256 * 1024, /* bytes that move between a thread and the depot at most, */
    COPI_BUF_BATCH_COUNT = 32,   /* and so many buffers; but always one */
    COPI_BUF_THREAD_MAX = 2 * 1024 * 1024, /* bytes that a thread keeps */
    COPI_BUF_DEPOT_MAX = 64 * 1024 * 1024, /* bytes that the depot keeps */
};

struct cop_buf {
    /*
     * How many references there are.  Whoever reads or changes it holds one, so:
     *  - it is never zero where anybody can see it, and nothing is made out of zero
     *  - who reads 1 is alone: to make a second reference takes one, and that one is its own
     */
    _Atomic(size_t) references;
    size_t size;
    alignas(max_align_t) uint8_t bytes[];
};

/* Bytes of the buffers in the depot.  Any thread. */
size_t copi_bufs_kept(void);
/* Frees what the depot keeps.  Any thread. */
void copi_bufs_trim(void);

#endif /* COPPICE_BASE_BUF_H */
