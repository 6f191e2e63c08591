/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapshot_test.c - the tree of a node as rows and as text; requirements M1 and M2.
 */
#define _GNU_SOURCE /* pthread_sigqueue, sem_t */
#include "stage.h"

#include <semaphore.h>
#include <signal.h>

#include <coppice/co.h>
#include <coppice/debug.h>
#include <coppice/scope.h>
#include <coppice/sim.h>
#include <coppice/snapshot.h>
#include <coppice/timer.h>

#define WOOD(M, F)                                                                             \
    M(1, grow)                                                                                 \
    M(2, tend)                                                                                 \
    M(3, tended, F(i64, n))                                                                    \
    M(4, look)                                                                                 \
    M(5, hold)                                                                                 \
    M(6, rest)                                                                                 \
    M(7, fell)                                                                                 \
    M(8, plant)
COP_PROTOCOL(WOOD)

typedef struct play {
    cop_sim *sim;
    cop_node *node;
    cop_pid who, branch, keeper;
    cop_snapshot *got; /* what an actor was answered, copied */
    cop_err err;
    unsigned answers;
    unsigned slow_stops;
    char chain[256], line[512], logged[4096];
    pthread_mutex_t lock; /* of `logged` */
    sem_t is_held, may_go, is_logged;
} play;

/* ------------------------------------------------------------------------------ actors */

typedef struct actor {
    play *play;
    cop_token token;
} actor;

static cop_err
init(cop_actor *me, void *state, const void *arg)
{
    (void)me;
    memcpy(&((actor *)state)->play, &arg, sizeof arg);
    return COP_OK;
}

static const cop_behaviour leaf_b = {.name = "leaf"};

/* It keeps what it is asked for, and never ends by itself. */
COP_HANDLER(actor, tend)
{
    return cop_defer(me, &st->token);
}

COP_HANDLER(actor, cop_stopping)
{
    return COP_OK;
}

COP_HANDLER(actor, hold)
{
    sem_post(&st->play->is_held);
    while (sem_wait(&st->play->may_go) != 0)
        continue;
    return COP_OK;
}

static const cop_behaviour keeper_b = {
    .name = "keeper",
    .state_size = sizeof(actor),
    .init = init,
    .handlers =
        COP_HANDLERS(COP_ON(actor, tend), COP_ON(actor, cop_stopping), COP_ON(actor, hold)),
};

static cop_err
sprout(cop_actor *me, void *state, const void *arg)
{
    COP_TRY(init(me, state, arg));
    return cop_spawn(me, &keeper_b,
                     &(cop_spawn_opts){.label = "acorn", .arg = arg, .stop_ms = 1000}, NULL);
}

static const cop_behaviour oak_b = {
    .name = "keeper",
    .state_size = sizeof(actor),
    .init = sprout,
    .handlers = COP_HANDLERS(COP_ON(actor, tend), COP_ON(actor, cop_stopping)),
};

COP_REPLY(actor, tended)
{
    return COP_OK;
}

static cop_err
never(cop_actor *me, void *state, void *arg)
{
    (void)me, (void)state, (void)arg;
    return COP_OK;
}

/* One of everything that may hang on an actor. */
COP_HANDLER(actor, grow)
{
    cop_scope scope;

    COP_TRY(cop_spawn(me, &oak_b,
                      &(cop_spawn_opts){.label = "oak", .arg = st->play, .stop_ms = 200},
                      &st->play->keeper));
    COP_TRY(cop_spawn(me, &leaf_b, NULL, NULL));
    COP_TRY(cop_ask(me, st->play->keeper, 1000, COP_THEN(actor, tended), tend));
    COP_TRY(cop_send_after(me, 700, NULL, rest));
    COP_TRY(cop_send_after(me, 900, NULL, rest));
    COP_TRY(cop_scope_every(me, cop_here(me), 50000, never, NULL, NULL, NULL));
    COP_TRY(
        cop_scope_open(me, &(cop_scope_opts){.name = "glade", .deadline_ms = 5000}, &scope));
    return cop_spawn(me, &leaf_b, &(cop_spawn_opts){.scope = scope, .label = "fern"}, NULL);
}

static cop_snapshot *
copy(const cop_snapshot *tree)
{
    cop_row *rows = calloc(tree->rows.count, sizeof *rows);
    cop_snapshot *made = malloc(sizeof *made);

    *made = *tree;
    memcpy(rows, tree->rows.items, tree->rows.count * sizeof *rows);
    made->rows.items = rows;
    return made;
}

static void
uncopy(cop_snapshot *tree)
{
    free((void *)(uintptr_t)tree->rows.items);
    free(tree);
}

COP_REPLY(actor, cop_snapshot)
{
    st->play->answers++;
    st->play->err = err;
    st->play->got = err == COP_OK ? copy(msg) : NULL;
    return COP_OK;
}

COP_HANDLER(actor, look)
{
    st->play->err = cop_snapshot_ask(me, NULL, COP_THEN(actor, cop_snapshot));
    return COP_OK;
}

COP_HANDLER(actor, rest)
{
    return COP_OK;
}

COP_BODY(bee, void, nectar)
{
    cop_received got;

    return cop_receive(co, COP_INFINITY, &got);
}

static COP_SEQUENTIAL(bee_b, bee);

/* One that ends as soon as it is killed, and one that has a body. */
COP_HANDLER(actor, plant)
{
    COP_TRY(cop_spawn(me, &bee_b, NULL, NULL));
    return cop_spawn(me, &keeper_b,
                     &(cop_spawn_opts){.label = "elm", .arg = st->play, .stop_ms = 50}, NULL);
}

COP_HANDLER(actor, fell)
{
    return cop_fail(me, 3, "felled");
}

static const cop_behaviour tree_b = {
    .name = "tree",
    .state_size = sizeof(actor),
    .init = init,
    .handlers = COP_HANDLERS(COP_ON(actor, grow), COP_ON(actor, look), COP_ON(actor, rest),
                             COP_ON(actor, fell), COP_ON(actor, plant)),
};

/* ------------------------------------------------------------------------------- a stage */

static void
on_event(void *ctx, const cop_event *event)
{
    play *p = ctx;

    if (event->kind != COP_EVENT_SLOW_STOP)
        return;
    p->slow_stops++;
    snprintf(p->chain, sizeof p->chain, "%s", event->chain);
    cop_event_print(event, p->line, sizeof p->line);
}

static void
on_log(void *ctx, const char *line)
{
    play *p = ctx;

    pthread_mutex_lock(&p->lock);
    size_t used = strlen(p->logged);
    snprintf(p->logged + used, sizeof p->logged - used, "%s\n", line);
    pthread_mutex_unlock(&p->lock);
    sem_post(&p->is_logged);
}

static void
open_sim(play *p, bool origins)
{
    *p = (play){0};
    pthread_mutex_init(&p->lock, NULL);
    sem_init(&p->is_logged, 0, 0);
    assert_int_equal(cop_sim_new(&p->sim, 7), COP_OK);
    assert_int_equal(
        cop_sim_node(p->sim,
                     &(cop_node_opts){
                         .origins = origins, .on_event = on_event, .on_log = on_log, .ctx = p},
                     &p->node),
        COP_OK);
    assert_int_equal(
        cop_sim_spawn(p->node, &tree_b, &(cop_spawn_opts){.label = "wood", .arg = p}, &p->who),
        COP_OK);
    assert_int_equal(cop_post(p->node, p->who, grow), COP_OK);
    cop_sim_settle(p->sim);
}

static void
close_sim(play *p)
{
    cop_node_stats left;

    assert_true(cop_sim_stop(p->sim, p->node, 60000));
    cop_node_stats_read(p->node, &left);
    assert_int_equal(left.actors, 0);
    assert_int_equal(left.timers, 0);
    assert_int_equal(left.live_messages, 0);
    cop_sim_free(&p->sim);
    sem_destroy(&p->is_logged);
    pthread_mutex_destroy(&p->lock);
}

static cop_snapshot *
take(play *p, const cop_snapshot_opts *opts)
{
    cop_snapshot *tree = NULL;

    assert_int_equal(cop_node_snapshot(p->node, opts, &tree), COP_OK);
    return tree;
}

/* The row of that label. */
static const cop_row *
row_of(const cop_snapshot *tree, const char *label)
{
    for (size_t i = 0; i < tree->rows.count; i++)
        if (strcmp(tree->rows.items[i].label, label) == 0)
            return &tree->rows.items[i];
    fail_msg("no row of %s", label);
    return NULL;
}

static const cop_row *
row_of_kind(const cop_snapshot *tree, cop_row_kind kind)
{
    for (size_t i = 0; i < tree->rows.count; i++)
        if (tree->rows.items[i].kind == (int32_t)kind)
            return &tree->rows.items[i];
    fail_msg("no row of kind %s", cop_row_kind_name(kind));
    return NULL;
}

/* ------------------------------------------------------------------------- simulated */

static const struct {
    uint32_t depth;
    cop_row_kind kind;
    cop_row_state state;
    const char *label;
} all_rows[] = {
    {0, COP_ROW_ACTOR,    COP_ROW_IDLE, "root"          },
    {1, COP_ROW_ACTOR,    COP_ROW_IDLE, "wood"          },
    {2, COP_ROW_CALL,     COP_ROW_OPEN, "tended"        },
    {2, COP_ROW_TIMER,    COP_ROW_OPEN, ""              },
    {2, COP_ROW_CALLBACK, COP_ROW_OPEN, "every 50000 ms"},
    {2, COP_ROW_SCOPE,    COP_ROW_OPEN, "glade"         },
    {3, COP_ROW_ACTOR,    COP_ROW_IDLE, "fern"          },
    {2, COP_ROW_ACTOR,    COP_ROW_IDLE, "oak"           },
    {3, COP_ROW_REPLY,    COP_ROW_OPEN, ""              },
    {3, COP_ROW_ACTOR,    COP_ROW_IDLE, "acorn"         },
    {2, COP_ROW_ACTOR,    COP_ROW_IDLE, "leaf"          },
};

static void
expect_rows(const cop_snapshot *tree)
{
    assert_int_equal(tree->rows.count, COP_COUNT(all_rows));
    assert_int_equal(tree->left_out, 0);
    for (size_t i = 0; i < COP_COUNT(all_rows); i++) {
        const cop_row *row = &tree->rows.items[i];
        assert_int_equal(row->depth, all_rows[i].depth);
        assert_int_equal(row->kind, all_rows[i].kind);
        assert_int_equal(row->state, all_rows[i].state);
        assert_string_equal(row->label, all_rows[i].label);
    }
}

static void
a_tree_has_a_row_for_all_that_has_an_owner(void **state)
{
    (void)state;
    play p;

    open_sim(&p, false);
    cop_sim_run_for(p.sim, 100);
    cop_snapshot *tree = take(&p, NULL);
    expect_rows(tree);
    const cop_row *wood = row_of(tree, "wood"), *call = row_of(tree, "tended");
    assert_true(cop_pid_equal(wood->pid, p.who));
    assert_int_equal(wood->children, 3);
    assert_int_equal(wood->age_ms, 100);
    assert_string_equal(wood->blocked_on, "1 answer");
    assert_true(cop_pid_equal(wood->peer, p.keeper));
    assert_true(cop_pid_equal(call->peer, p.keeper));
    assert_true(cop_pid_equal(call->owner, p.who));
    assert_int_equal(call->deadline_ms, 900);
    assert_int_equal(row_of_kind(tree, COP_ROW_TIMER)->count, 2);
    assert_int_equal(row_of_kind(tree, COP_ROW_TIMER)->deadline_ms, 600);
    assert_int_equal(row_of(tree, "glade")->deadline_ms, 4900);
    assert_string_equal(row_of(tree, "glade")->behaviour, "fail fast");
    assert_true(cop_pid_equal(row_of_kind(tree, COP_ROW_REPLY)->peer, p.who));
    cop_snapshot_free(&tree);
    assert_null(tree);
    close_sim(&p);
}

/* Both ways to it find the same, whatever the schedule. */
static void
an_actor_gets_the_tree_by_asking(void **state)
{
    (void)state;
    play p;

    open_sim(&p, false);
    assert_int_equal(cop_post(p.node, p.who, look), COP_OK);
    cop_sim_settle(p.sim);
    assert_int_equal(p.answers, 1);
    assert_int_equal(p.err, COP_OK);
    /* It has one more open call, for the tree itself. */
    assert_int_equal(p.got->rows.count, COP_COUNT(all_rows) + 1);
    assert_string_equal(row_of(p.got, "wood")->blocked_on, "2 answers");
    assert_int_equal(row_of(p.got, "cop_snapshot")->kind, COP_ROW_CALL);
    assert_int_equal(row_of(p.got, "oak")->depth, 2);
    assert_int_equal(row_of(p.got, "fern")->depth, 3);
    assert_true(cop_pid_equal(row_of(p.got, "fern")->owner, p.who));
    uncopy(p.got);
    /* Nobody goes around any more. */
    cop_snapshot *tree = take(&p, NULL);
    expect_rows(tree);
    cop_snapshot_free(&tree);
    close_sim(&p);
}

static void
where_an_actor_comes_from_is_kept_of_those_with_a_label_or_of_all(void **state)
{
    (void)state;
    play p;

    for (int origins = 0; origins < 2; origins++) {
        open_sim(&p, origins);
        cop_sim_run_for(p.sim, 30);
        cop_snapshot *tree = take(&p, NULL);
        assert_non_null(strstr(row_of(tree, "oak")->site, "snapshot_test.c:"));
        assert_int_equal(row_of(tree, "oak")->age_ms, 30);
        const cop_row *leaf = row_of(tree, "leaf");
        assert_int_equal(leaf->age_ms, origins ? 30 : -1);
        if (origins)
            assert_non_null(strstr(leaf->site, "snapshot_test.c:"));
        else
            assert_null(leaf->site);
        cop_snapshot_free(&tree);
        close_sim(&p);
    }
}

static void
rows_that_have_no_room_are_counted(void **state)
{
    (void)state;
    play p;

    open_sim(&p, false);
    cop_snapshot *tree = take(&p, &(cop_snapshot_opts){.max_rows = 4});
    assert_int_equal(tree->rows.count, 4);
    assert_int_equal(tree->left_out > 0, true);
    cop_snapshot_free(&tree);
    tree = take(&p, &(cop_snapshot_opts){.from = p.keeper});
    assert_int_equal(tree->rows.count, 3);
    assert_string_equal(tree->rows.items[0].label, "oak");
    assert_int_equal(tree->rows.items[0].depth, 0);
    cop_snapshot_free(&tree);
    close_sim(&p);
}

static void
what_makes_no_sense_is_refused(void **state)
{
    (void)state;
    play p;
    cop_snapshot *tree;
    cop_node *idle;

    open_sim(&p, false);
    assert_int_equal(cop_node_snapshot(p.node, &(cop_snapshot_opts){.within_ms = -1}, &tree),
                     COP_E_INVAL);
    assert_int_equal(cop_node_snapshot(p.node,
                                       &(cop_snapshot_opts){
                                           .from = {p.who.node + 2, 1}
    },
                                       &tree),
                     COP_E_INVAL);
    assert_int_equal(
        cop_node_snapshot(p.node,
                          &(cop_snapshot_opts){
                              .from = {p.who.node, p.who.id + (UINT64_C(1) << 40)}
    },
                          &tree),
        COP_E_GONE);
    close_sim(&p);
    assert_int_equal(cop_node_new(&idle, &(cop_node_opts){.workers = 1}), COP_OK);
    assert_int_equal(cop_node_snapshot(idle, NULL, &tree), COP_E_GONE);
    cop_node_free(&idle);
}

static void
a_row_is_printed_with_all_that_it_has(void **state)
{
    (void)state;
    play p;
    char text[512];

    open_sim(&p, false);
    cop_sim_run_for(p.sim, 100);
    cop_snapshot *tree = take(&p, NULL);
    cop_row_print(tree, 1, text, sizeof text);
    assert_memory_equal(
        text, "  wood (tree) actor: idle, blocked on 1 answer of wood/oak, age 100 ms", 70);
    assert_non_null(strstr(text, ", pid <"));
    assert_string_equal(cop_row_print(tree, 2, text, sizeof text),
                        "    call tended from wood/oak, due in 900 ms");
    assert_string_equal(cop_row_print(tree, 3, text, sizeof text),
                        "    2 timer, due in 600 ms");
    assert_string_equal(cop_row_print(tree, 5, text, sizeof text),
                        "    glade (fail fast) scope: open, deadline in 4.9 s");
    assert_string_equal(cop_row_print(tree, 5, text, 10), "    glade");
    assert_string_equal(cop_row_print(tree, 99, text, sizeof text), "");
    cop_snapshot_free(&tree);
    close_sim(&p);
}

/* M1: the reason, and the time left, of one that was told to stop. */
static void
of_an_actor_that_was_told_to_stop_it_is_said_why_and_how_long_it_has(void **state)
{
    (void)state;
    play p;

    open_sim(&p, false);
    assert_int_equal(cop_post(p.node, p.who, fell), COP_OK);
    cop_sim_run_for(p.sim, 80);
    cop_snapshot *tree = take(&p, NULL);
    const cop_row *wood = row_of(tree, "wood"), *oak = row_of(tree, "oak");
    assert_int_equal(wood->state, COP_ROW_ENDING);
    assert_string_equal(wood->blocked_on, "its child oak");
    assert_string_equal(wood->why, "error 3: felled (wood)");
    assert_int_equal(oak->state, COP_ROW_STOPPING);
    assert_true(oak->is_told);
    assert_int_equal(oak->deadline_ms, 120);
    assert_string_equal(oak->why, "shutdown 3: felled (wood)");
    assert_int_equal(row_of(tree, "acorn")->state, COP_ROW_IDLE);
    cop_snapshot_free(&tree);
    close_sim(&p);
}

/* M2.  The acorn is killed after its time as well, but that was the end of the chain. */
static void
a_stop_that_takes_too_long_is_told_once_with_who_waits_for_whom(void **state)
{
    (void)state;
    play p;

    open_sim(&p, false);
    assert_int_equal(cop_post(p.node, p.who, fell), COP_OK);
    cop_sim_run_for(p.sim, 190);
    assert_int_equal(p.slow_stops, 0);
    cop_sim_run_for(p.sim, 20);
    assert_int_equal(p.slow_stops, 1);
    assert_string_equal(p.chain, "wood -> oak (ending, blocked on its child acorn)"
                                 " -> acorn (stopping)");
    assert_string_equal(p.line, "slow stop: wood (tree), child oak was killed after 200 ms:"
                                " wood -> oak (ending, blocked on its child acorn)"
                                " -> acorn (stopping)");
    cop_sim_run_for(p.sim, 2000);
    assert_int_equal(p.slow_stops, 1);
    close_sim(&p);
}

static void
one_that_ended_by_the_kill_is_said_to_have_done_so(void **state)
{
    (void)state;
    play p;

    open_sim(&p, false);
    assert_int_equal(cop_post(p.node, p.who, plant), COP_OK);
    cop_sim_settle(p.sim);
    assert_int_equal(cop_post(p.node, p.who, fell), COP_OK);
    cop_sim_run_for(p.sim, 60);
    assert_int_equal(p.slow_stops, 1);
    assert_string_equal(p.chain, "wood -> elm (was told, did not stop, has ended when killed)");
    close_sim(&p);
}

static void
a_body_is_shown_with_what_it_waits_for(void **state)
{
    (void)state;
    play p;
    char text[512];

    open_sim(&p, false);
    assert_int_equal(cop_post(p.node, p.who, plant), COP_OK);
    cop_sim_settle(p.sim);
    cop_snapshot *tree = take(&p, NULL);
    const cop_row *bee = row_of_kind(tree, COP_ROW_SEQUENTIAL);
    assert_string_equal(bee->label, "bee_b");
    assert_int_equal(bee->state, COP_ROW_IDLE);
    cop_row_print(tree, (size_t)(bee - tree->rows.items), text, sizeof text);
    assert_non_null(
        strstr(text, "bee_b sequential: idle, blocked on a message at snapshot_test.c:"));
    cop_snapshot_free(&tree);
    close_sim(&p);
}

/* Nobody can go around for it then. */
static void
a_slow_stop_while_the_root_is_ending_is_told_with_what_the_owner_knows(void **state)
{
    (void)state;
    play p;

    open_sim(&p, false);
    cop_node_stop(p.node, NULL);
    cop_sim_run_for(p.sim, 300);
    assert_int_equal(p.slow_stops, 1);
    assert_string_equal(p.chain, "wood -> oak (of whom nothing is known)");
    close_sim(&p);
}

/* ---------------------------------------------------------------------------------- real */

static void
open_real(play *p, cop_node_opts opts)
{
    *p = (play){0};
    pthread_mutex_init(&p->lock, NULL);
    sem_init(&p->is_held, 0, 0);
    sem_init(&p->may_go, 0, 0);
    sem_init(&p->is_logged, 0, 0);
    opts.on_log = on_log;
    opts.ctx = p;
    assert_int_equal(cop_node_new(&p->node, &opts), COP_OK);
    assert_int_equal(cop_node_start(p->node, &keeper_b,
                                    &(cop_spawn_opts){.label = "oak", .arg = p, .stop_ms = 10},
                                    &p->who),
                     COP_OK);
}

static void
close_real(play *p)
{
    cop_node_stats left;

    cop_node_stop(p->node, NULL);
    (void)cop_node_wait(p->node, NULL);
    cop_node_stats_read(p->node, &left);
    assert_int_equal(left.actors, 0);
    assert_int_equal(left.timers, 0);
    assert_int_equal(left.live_messages, 0);
    cop_node_free(&p->node);
    sem_destroy(&p->is_held);
    sem_destroy(&p->may_go);
    sem_destroy(&p->is_logged);
    pthread_mutex_destroy(&p->lock);
}

static void
hold_it(play *p)
{
    assert_int_equal(cop_post(p->node, p->who, hold), COP_OK);
    while (sem_wait(&p->is_held) != 0)
        continue;
}

static void
an_actor_that_does_not_answer_is_shown_with_what_it_handles(void **state)
{
    (void)state;
    play p;

    open_real(&p, (cop_node_opts){.workers = 2});
    hold_it(&p);
    cop_snapshot *tree = take(&p, &(cop_snapshot_opts){.within_ms = 50});
    const cop_row *oak = row_of(tree, "oak");
    assert_int_equal(oak->state, COP_ROW_BUSY);
    assert_string_equal(oak->blocked_on, "hold");
    assert_true(oak->busy_ms > 0);
    assert_int_equal(row_of(tree, "root")->state, COP_ROW_IDLE);
    cop_snapshot_free(&tree);
    sem_post(&p.may_go);
    close_real(&p);
}

static void
if_no_worker_is_free_the_wait_has_an_end(void **state)
{
    (void)state;
    play p;
    cop_snapshot *tree;

    open_real(&p, (cop_node_opts){.workers = 1});
    hold_it(&p);
    assert_int_equal(cop_node_snapshot(p.node, &(cop_snapshot_opts){.within_ms = 1}, &tree),
                     COP_E_TIMEOUT);
    assert_null(tree);
    sem_post(&p.may_go); /* and now somebody goes around for nobody */
    close_real(&p);
}

static bool
has_logged(play *p, const char *text)
{
    pthread_mutex_lock(&p->lock);
    bool found = strstr(p->logged, text) != NULL;
    pthread_mutex_unlock(&p->lock);
    return found;
}

static void
the_signal_prints_the_tree_to_the_log(void **state)
{
    (void)state;
    play p;
    struct timespec until;

    open_real(&p, (cop_node_opts){.workers = 2, .tree_signal = SIGUSR1});
    kill(getpid(), SIGUSR1);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += STAGE_PATIENCE;
    while (!has_logged(&p, "\n  oak (keeper) actor: idle"))
        assert_int_equal(sem_timedwait(&p.is_logged, &until), 0);
    assert_true(has_logged(&p, "root actor: idle"));
    close_real(&p);
}

static void
a_number_that_is_no_signal_is_refused(void **state)
{
    (void)state;
    cop_node *node;

    assert_int_equal(cop_node_new(&node, &(cop_node_opts){.tree_signal = 1000}), COP_E_INVAL);
    assert_int_equal(cop_node_new(&node, &(cop_node_opts){.tree_signal = SIGKILL}),
                     COP_E_INVAL);
    assert_int_equal(cop_node_new(&node, &(cop_node_opts){.tree_signal = -2}), COP_E_INVAL);
}

/* Many actors that come and go while others look: for the sanitizers. */
typedef struct flicker {
    int unused;
} flicker;

static cop_err
brief_init(cop_actor *me, void *state, const void *arg)
{
    (void)state;
    (void)arg;
    return cop_stop(me);
}

static const cop_behaviour brief_b = {.name = "brief", .init = brief_init};

static cop_err
flicker_init(cop_actor *me, void *state, const void *arg)
{
    (void)state;
    (void)arg;
    return cop_send_every(me, 1, NULL, rest);
}

COP_HANDLER(flicker, rest)
{
    for (int i = 0; i < 20; i++)
        COP_TRY(cop_spawn(me, &brief_b, &(cop_spawn_opts){.label = "brief"}, NULL));
    return COP_OK;
}

static const cop_behaviour flicker_b = {
    .name = "flicker",
    .state_size = sizeof(flicker),
    .init = flicker_init,
    .handlers = COP_HANDLERS(COP_ON(flicker, rest)),
};

static void
a_tree_that_changes_all_the_time_can_be_looked_at(void **state)
{
    (void)state;
    play p;
    char text[512];

    open_real(&p, (cop_node_opts){.workers = 2, .origins = true});
    for (int i = 0; i < 10; i++)
        assert_int_equal(cop_node_spawn(p.node, &flicker_b, NULL, NULL), COP_OK);
    for (int i = 0; i < 30; i++) {
        cop_snapshot *tree = take(&p, &(cop_snapshot_opts){.within_ms = 5000});
        assert_int_equal(row_of(tree, "flicker")->depth, 1);
        for (size_t row = 0; row < tree->rows.count; row++)
            cop_row_print(tree, row, text, sizeof text);
        cop_snapshot_free(&tree);
    }
    close_real(&p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tree_has_a_row_for_all_that_has_an_owner),
        cmocka_unit_test(an_actor_gets_the_tree_by_asking),
        cmocka_unit_test(where_an_actor_comes_from_is_kept_of_those_with_a_label_or_of_all),
        cmocka_unit_test(rows_that_have_no_room_are_counted),
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(a_row_is_printed_with_all_that_it_has),
        cmocka_unit_test(of_an_actor_that_was_told_to_stop_it_is_said_why_and_how_long_it_has),
        cmocka_unit_test(a_stop_that_takes_too_long_is_told_once_with_who_waits_for_whom),
        cmocka_unit_test(one_that_ended_by_the_kill_is_said_to_have_done_so),
        cmocka_unit_test(a_body_is_shown_with_what_it_waits_for),
        cmocka_unit_test(
            a_slow_stop_while_the_root_is_ending_is_told_with_what_the_owner_knows),
        cmocka_unit_test(an_actor_that_does_not_answer_is_shown_with_what_it_handles),
        cmocka_unit_test(if_no_worker_is_free_the_wait_has_an_end),
        cmocka_unit_test(the_signal_prints_the_tree_to_the_log),
        cmocka_unit_test(a_number_that_is_no_signal_is_refused),
        cmocka_unit_test(a_tree_that_changes_all_the_time_can_be_looked_at),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
