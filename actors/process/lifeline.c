/* SPDX-License-Identifier: Apache-2.0 */
#include "process/lifeline.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <coppice/watch.h>

#include "io/fd.h"

static const char variable[] = "COPPICE_LIFELINE";

static bool
is_pipe(int fd, uintmax_t inode)
{
    struct stat about;

    return fstat(fd, &about) == 0 && S_ISFIFO(about.st_mode) && about.st_ino == inode;
}

cop_err
copi_lifeline_open(int *read_end, int *write_end, char entry[COPI_LIFELINE_TEXT])
{
    struct stat about;
    int ends[2];

    COP_TRY(copi_fd_pipe(ends));
    if (fstat(ends[0], &about) != 0) {
        copi_fd_close(&ends[0]);
        copi_fd_close(&ends[1]);
        return COP_E_OS;
    }
    snprintf(entry, COPI_LIFELINE_TEXT, "%s=%d:%ju", variable, ends[0],
             (uintmax_t)about.st_ino);
    *read_end = ends[0];
    *write_end = ends[1];
    return COP_OK;
}

int
copi_lifeline_fd(void)
{
    const char *text = getenv(variable);
    uintmax_t inode = 0;
    int fd = -1, length = 0;

    if (text == NULL || sscanf(text, "%d:%ju%n", &fd, &inode, &length) != 2 ||
        text[length] != '\0' || fd <= STDERR_FILENO || !is_pipe(fd, inode))
        return -1;
    return fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 ? fd : -1;
}

/* Nothing is ever written: readable means that all writers are gone. */
static bool
is_cut(int fd)
{
    char byte;

    return read(fd, &byte, 1) == 0;
}

static cop_err
lifeline_init(cop_actor *me, void *state, const void *arg)
{
    (void)state;
    (void)arg;
    cop_watch watch;
    int fd = copi_lifeline_fd();

    return fd < 0 ? COP_E_IGNORE : cop_watch_open(me, fd, COP_READABLE, &watch);
}

static cop_err
lifeline_on_ready(cop_actor *me, void *state, const void *message)
{
    (void)me;
    (void)state;
    if (is_cut(((const cop_ready *)message)->fd))
        _exit(COPI_ORPHAN_STATUS);
    return COP_OK;
}

const cop_behaviour copi_lifeline_service = {
    .name = "lifeline",
    .init = lifeline_init,
    .handlers = COP_HANDLERS({&cop_ready_type, lifeline_on_ready}),
};
