/* SPDX-License-Identifier: Apache-2.0 */
/*
 * board.h - who counts what, and what has been counted; and, for the demo, who is hit.
 *
 * Every file is given to one worker at a time.  What a worker sends about it is kept apart
 * until the worker says that it is complete; if it is lost before, that is thrown away and
 * the file is given to another.  So nothing is counted twice and nothing is missing.
 */
#ifndef WORDCOUNT_BOARD_H
#define WORDCOUNT_BOARD_H

#include <coppice/coppice.h>

enum {
    WORKERS_MAX = 32
};

/* Its argument is a job, which must stay until the node has ended. */
extern const cop_behaviour board_b;

#endif /* WORDCOUNT_BOARD_H */
