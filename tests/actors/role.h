/* SPDX-License-Identifier: Apache-2.0 */
/*
 * role.h - this test program once more, in a process of its own, in a role: for what ends
 * the whole process.
 *
 * A role and its children write to one pipe and have nothing
 * else of ours, so what is heard on it, and silence in the end, say how they are.
 */
#ifndef COPPICE_TESTS_ACTORS_ROLE_H
#define COPPICE_TESTS_ACTORS_ROLE_H

#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stage.h"

typedef struct role {
    pid_t pid;
    int output;
} role;

/* Starts the role; `kept` is a descriptor that it gets as well, or -1. */
static inline role
role_play(const char *name, char *const *envp, int kept)
{
    int ends[2];
    char path[4096] = "";
    char *const argv[] = {path, (char *)(uintptr_t)name, NULL};

    /* Not /proc/self/exe itself, which under valgrind is valgrind. */
    assert_true(readlink("/proc/self/exe", path, sizeof path - 1) > 0);

    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        if (kept >= 0)
            fcntl(kept, F_SETFD, 0);
        execve(path, argv, envp);
        _exit(127);
    }
    close(ends[1]);
    return (role){pid, ends[0]};
}

/* Reads until `text` has come; false at the end of all writers, or of the patience. */
static inline bool
role_says(const role *who, const char *text)
{
    struct pollfd poll_for = {.fd = who->output, .events = POLLIN};
    char heard[256] = "";
    size_t used = 0;

    while (strstr(heard, text) == NULL) {
        if (poll(&poll_for, 1, STAGE_PATIENCE * 1000) != 1)
            return false;
        ssize_t got = read(who->output, heard + used, sizeof heard - 1 - used);
        if (got <= 0)
            return false;
        used += (size_t)got;
        heard[used] = '\0';
    }
    return true;
}

/* Nobody has the write end any more. */
static inline bool
role_falls_silent(const role *who)
{
    struct pollfd poll_for = {.fd = who->output, .events = POLLIN};
    char bytes[256];
    ssize_t got;

    do {
        if (poll(&poll_for, 1, STAGE_PATIENCE * 1000) != 1)
            return false;
        got = read(who->output, bytes, sizeof bytes);
    } while (got > 0);
    return got == 0;
}

/* Its exit status, or minus the signal that it died of. */
static inline int
role_status(const role *who)
{
    int status = 0;

    assert_int_equal(waitpid(who->pid, &status, 0), who->pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* For a role: says something to the test. */
static inline void
role_tell(const char *text)
{
    if (write(STDOUT_FILENO, text, strlen(text)) < 0)
        _exit(99);
}

#endif /* COPPICE_TESTS_ACTORS_ROLE_H */
