/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fd.h - descriptors that no other program inherits, and none of 0, 1 and 2: those are
 * given away to a child, even by a program that has closed its own.
 */
#ifndef COPPICE_IO_FD_H
#define COPPICE_IO_FD_H

#include <coppice/err.h>

/* Both ends, or COP_E_OS with errno and nothing. */
COP_MUST_USE cop_err copi_fd_pipe(int ends[2]);
/* As open(2); COP_E_OS with errno. */
COP_MUST_USE cop_err copi_fd_open(const char *path, int flags, int *out);
/* Moves a descriptor of ours above the standard ones.  COP_E_OS with errno: it is closed. */
COP_MUST_USE cop_err copi_fd_raise(int *fd);
/* Closes it, unless it is -1, and sets it to -1; errno stays. */
void copi_fd_close(int *fd);

#endif /* COPPICE_IO_FD_H */
