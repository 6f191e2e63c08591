/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker.h - a node that counts the words of one file at a time.
 */
#ifndef WORDCOUNT_WORKER_H
#define WORDCOUNT_WORKER_H

/* Runs a worker node of that name until it is told to stop; what main should return. */
int worker_main(const char *name, const char *coordinator_address);

#endif /* WORDCOUNT_WORKER_H */
