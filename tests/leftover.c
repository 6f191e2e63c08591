/* SPDX-License-Identifier: Apache-2.0 */
/*
 * leftover.c - after every test of the suite: is anything left that was not there before it?
 *
 * Linked into each test program, around cmocka's runner.  Threads, descriptors and child
 * processes are those of the process; what a node had and did not give back it says itself
 * (copi_node_look_for_leftovers).  A thread that has been joined may be seen a moment longer, so
 * what is left is looked at again for a while before it counts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <pthread.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    FDS = 4096,
    LOOKS = 500, /* with 10 ms in between */
};

typedef struct what_is_there {
    unsigned threads;
    bool has_child;
    bool fds[FDS]; /* open */
} what_is_there;

static const struct CMUnitTest *tests; /* as the program has them */
static size_t current;                 /* of them, plus one */
static what_is_there before;

static unsigned
count_threads(void)
{
    unsigned count = 0;
    DIR *dir = opendir("/proc/self/task");

    if (dir == NULL)
        return 0;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(dir);
    return count;
}

static void
list_fds(bool fds[FDS])
{
    DIR *dir = opendir("/proc/self/fd");

    memset(fds, 0, FDS * sizeof *fds);
    if (dir == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        int fd = atoi(entry->d_name);
        if (entry->d_name[0] != '.' && fd < FDS && fd != dirfd(dir))
            fds[fd] = true;
    }
    closedir(dir);
}

/* Running, or ended and not reaped. */
static bool
has_child(void)
{
    siginfo_t info;

    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

static void
look(what_is_there *out)
{
    out->threads = count_threads();
    out->has_child = has_child();
    list_fds(out->fds);
}

static bool
is_more(const what_is_there *now, bool say)
{
    bool more = now->threads > before.threads || (now->has_child && !before.has_child);
    char target[256], path[64];

    if (say && now->threads > before.threads)
        print_error("left: %u threads\n", now->threads - before.threads);
    if (say && now->has_child && !before.has_child)
        print_error("left: a child process\n");
    for (int fd = 0; fd < FDS; fd++) {
        if (!now->fds[fd] || before.fds[fd])
            continue;
        more = true;
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        ssize_t length = say ? readlink(path, target, sizeof target - 1) : 0;
        if (say)
            print_error("left: descriptor %d, %.*s\n", fd, (int)(length > 0 ? length : 0),
                        target);
    }
    return more;
}

static int
first(void **state)
{
    const struct CMUnitTest *test = &tests[current++];

    look(&before);
    return test->setup_func == NULL ? 0 : test->setup_func(state);
}

static int
last(void **state)
{
    static what_is_there now;
    const struct CMUnitTest *test = &tests[current - 1];
    const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
    int failed = test->teardown_func == NULL ? 0 : test->teardown_func(state);

    look(&now);
    for (int i = 0; i < LOOKS && is_more(&now, false); i++) {
        nanosleep(&pause, NULL);
        look(&now);
    }
    if (!is_more(&now, false))
        return failed;
    print_error("%s has left something behind\n", test->name);
    (void)is_more(&now, true);
    return -1;
}

static void *
nothing(void *arg)
{
    return arg;
}

/* A sanitizer has a thread of its own as soon as there is any, and keeps it. */
static void
begin_threads(void)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, nothing, NULL) == 0)
        pthread_join(thread, NULL);
}

int __real__cmocka_run_group_tests(const char *name, const struct CMUnitTest *those,
                                   size_t count, CMFixtureFunction setup,
                                   CMFixtureFunction teardown);
int __wrap__cmocka_run_group_tests(const char *name, const struct CMUnitTest *those,
                                   size_t count, CMFixtureFunction setup,
                                   CMFixtureFunction teardown);

int
__wrap__cmocka_run_group_tests(const char *name, const struct CMUnitTest *those, size_t count,
                               CMFixtureFunction setup, CMFixtureFunction teardown)
{
    struct CMUnitTest *around = calloc(count, sizeof *around);

    if (around == NULL)
        return -1;
    for (size_t i = 0; i < count; i++) {
        around[i] = those[i];
        around[i].setup_func = first;
        around[i].teardown_func = last;
    }
    tests = those;
    current = 0;
    begin_threads();
    int failed = __real__cmocka_run_group_tests(name, around, count, setup, teardown);
    free(around);
    return failed;
}
