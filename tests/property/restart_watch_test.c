/* SPDX-License-Identifier: Apache-2.0 */
/*
 * restart_watch_test.c - restarts on threads: sockets, and watches of them.
 *
 * Each worker listens at an address of its own, watches that, and connects to itself; when it
 * is told so it fails, and with it all the others.  So they restart as fast as they can, and
 * each start needs the address, the watch and the name of the one before.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include <coppice/supervisor.h>
#include <coppice/watch.h>

enum {
    PLACES = 3,
    STARTS = 600
};

typedef struct place {
    int number;
    atomic_int alive; /* actors in it; more than one have met */
    atomic_int starts;
} place;

static place places[PLACES];
static atomic_int met, refused, strange;

static struct sockaddr_un
address_of(const place *at)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "coppice-watch-%d-%d",
             (int)getpid(), at->number);
    return address;
}

typedef struct worker {
    place *place;
    int listening, connecting;
    cop_watch watch;
} worker;

static bool
open_sockets(worker *st)
{
    struct sockaddr_un address = address_of(st->place);
    const struct sockaddr *to = (const struct sockaddr *)&address;
    int kind = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

    st->listening = socket(AF_UNIX, kind, 0);
    st->connecting = socket(AF_UNIX, kind, 0);
    return st->listening >= 0 && st->connecting >= 0 &&
           bind(st->listening, to, sizeof address) == 0 && listen(st->listening, 8) == 0 &&
           connect(st->connecting, to, sizeof address) == 0;
}

COP_HANDLER(worker, cop_start)
{
    st->place = *(place *const *)msg->arg;
    if (atomic_fetch_add(&st->place->alive, 1) != 0)
        atomic_fetch_add(&met, 1);
    if (!open_sockets(st)) {
        atomic_fetch_add(&refused, 1);
        return cop_fail(me, 1, "the address is not free");
    }
    if (atomic_fetch_add(&st->place->starts, 1) == STARTS)
        cop_node_stop(cop_node_of(me), NULL);
    return cop_watch_open(me, st->listening, COP_READABLE, &st->watch);
}

COP_HANDLER(worker, cop_ready)
{
    if (msg->watch.ref.bits != st->watch.ref.bits || msg->fd != st->listening)
        atomic_fetch_add(&strange, 1);
    return cop_fail(me, 2, "somebody is there");
}

static void
dispose(void *state)
{
    worker *st = state;

    if (st->place == NULL)
        return;
    close(st->listening);
    close(st->connecting);
    atomic_fetch_sub(&st->place->alive, 1);
}

static const cop_behaviour worker_b = {
    .name = "worker",
    .state_size = sizeof(worker),
    .dispose = dispose,
    .handlers = COP_HANDLERS(COP_ON(worker, cop_start), COP_ON(worker, cop_ready)),
};

static void
no_log(COP_UNUSED void *ctx, COP_UNUSED const char *line)
{
}

static place *const at[PLACES] = {&places[0], &places[1], &places[2]};
static const cop_child tree = {
    .name = "top",
    .strategy = COP_ONE_FOR_ALL,
    .budget = {1000000,           1            },
    .sup = COP_CHILDREN({ .name = "a", .run = &worker_b, .arg = &at[0]},
                        { .name = "b", .run = &worker_b, .arg = &at[1]},
                        { .name = "c", .run = &worker_b, .arg = &at[2]}
      )
};

static void
sockets_and_watches_are_free_before_the_next_start(COP_UNUSED void **state)
{
    const cop_node_opts opts = {.workers = 2, .on_log = no_log};
    cop_node *node = NULL;
    cop_node_stats stats;

    for (int i = 0; i < PLACES; i++)
        places[i] = (place){.number = i};
    assert_int_equal(cop_node_new(&node, &opts), COP_OK);
    assert_int_equal(cop_node_start(node, &cop_supervisor,
                                    &(cop_spawn_opts){.arg = &tree, .stop_ms = COP_INFINITY},
                                    NULL),
                     COP_OK);
    assert_int_equal(cop_node_wait(node, NULL), 0);
    cop_node_stats_read(node, &stats);
    cop_node_free(&node);
    assert_int_equal(met, 0);
    assert_int_equal(refused, 0);
    assert_int_equal(strange, 0);
    assert_int_equal(stats.watches, 0);
    for (int i = 0; i < PLACES; i++) {
        assert_int_equal(places[i].alive, 0);
        assert_true(places[i].starts > STARTS / 2);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sockets_and_watches_are_free_before_the_next_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
