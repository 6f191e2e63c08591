/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* pipe2 */
#include "io/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

void
copi_fd_close(int *fd)
{
    int error = errno;

    if (*fd >= 0)
        close(*fd);
    *fd = -1;
    errno = error;
}

cop_err
copi_fd_raise(int *fd)
{
    if (*fd > STDERR_FILENO)
        return COP_OK;
    int raised = fcntl(*fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    copi_fd_close(fd);
    *fd = raised;
    return raised < 0 ? COP_E_OS : COP_OK;
}

cop_err
copi_fd_pipe(int ends[2])
{
    if (pipe2(ends, O_CLOEXEC) != 0)
        return COP_E_OS;
    cop_err first = copi_fd_raise(&ends[0]), second = copi_fd_raise(&ends[1]);
    if (first == COP_OK && second == COP_OK)
        return COP_OK;
    copi_fd_close(&ends[0]);
    copi_fd_close(&ends[1]);
    return COP_E_OS;
}

cop_err
copi_fd_open(const char *path, int flags, int *out)
{
    int fd = open(path, flags | O_CLOEXEC);

    if (fd < 0)
        return COP_E_OS;
    COP_TRY(copi_fd_raise(&fd));
    *out = fd;
    return COP_OK;
}
