/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lifeline.h - how a process that was started by <coppice/process.h> learns that its
 * parent is gone, however that died.
 *
 * The parent keeps the write end of a pipe and gives nobody a copy; the child has the
 * read end, and COPPICE_LIFELINE=descriptor:inode in its environment.  End of file is the
 * parent's end.  The inode proves that the descriptor still is that pipe, in case a
 * program in between has closed it and opened something else.
 *
 * The kernel's parent-death signal does the same for children that know nothing of this,
 * but it is lost when a child starts a child, or runs a set-user-id program.
 */
#ifndef COPPICE_PROCESS_LIFELINE_H
#define COPPICE_PROCESS_LIFELINE_H

#include <coppice/actor.h>

enum {
    COPI_LIFELINE_TEXT = 64,  /* room for the entry of the environment */
    COPI_ORPHAN_STATUS = 137, /* what an orphan exits with: as if it had been killed */
};

/* Opens a lifeline and writes its entry for a child's environment.  COP_E_OS with errno. */
COP_MUST_USE cop_err copi_lifeline_open(int *read_end, int *write_end,
                                        char entry[COPI_LIFELINE_TEXT]);

/* The lifeline of this process, or -1 if nobody gave it one.  Not inherited by programs
 * that this process starts from now on. */
int copi_lifeline_fd(void);

/* Watches it, and ends the process at once when the parent is gone.  For the root of a
 * node in a process that has one. */
extern const cop_behaviour copi_lifeline_service;

#endif /* COPPICE_PROCESS_LIFELINE_H */
