/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "structured/trees/check.h"
#include "structured/trees/shrink.h"

enum {
    SECONDS = 20, /* of processor time, for one play that takes milliseconds */
};

static void
judge(const plan *self, char *verdict)
{
    play *played = calloc(1, sizeof *played);
    check *checked = calloc(1, sizeof *checked);

    if (played == NULL || checked == NULL)
        abort();
    play_run(played, self);
    if (!check_play(checked, played))
        snprintf(verdict, VERDICT, "%s", checked->fault);
    /* Memory is not freed: it may be what is wrong, and the process ends. */
    _exit(0);
}

void
trial(const plan *self, char *verdict)
{
    char *shared =
        mmap(NULL, VERDICT, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int status = 0;

    if (shared == MAP_FAILED)
        abort();
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0)
        abort();
    if (pid == 0) {
        /* What a crash has to say is said when the smallest plan is played. */
        if (freopen("/dev/null", "w", stderr) == NULL)
            abort();
        alarm(SECONDS);
        judge(self, shared);
    }
    if (waitpid(pid, &status, 0) != pid)
        abort();
    if (WIFSIGNALED(status))
        snprintf(shared, VERDICT, "it dies of signal %d", WTERMSIG(status));
    else if (WEXITSTATUS(status) != 0)
        snprintf(shared, VERDICT, "it exits with %d", WEXITSTATUS(status));
    memcpy(verdict, shared, VERDICT);
    munmap(shared, VERDICT);
}
