/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session_sim_test.c - sessions between simulated nodes, with whatever goes wrong chosen
 * by seeds.
 */
#include "transport/nodes.h"

/* All sources see all other nodes. */
static bool
is_full_mesh(const cluster *all)
{
    return cluster_sessions(all) == all->count * (all->count - 1);
}

static void
expect_mesh(cluster *all, int64_t ms)
{
    for (int64_t waited = 0; !is_full_mesh(all) && waited < ms; waited += 50)
        cop_sim_run_for(all->sim, 50);
    if (!is_full_mesh(all))
        fail_msg("seed %u: %u sessions of %u", all->judge.seed, cluster_sessions(all),
                 all->count * (all->count - 1));
}

static void
nodes_with_one_seed_make_a_full_mesh(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 50; seed++) {
        cluster all;
        cluster_init(&all, seed, 2 + seed % 3);
        expect_mesh(&all, 5000);
        cop_sim_run_for(all.sim, 5000);
        assert_true(is_full_mesh(&all));
        assert_true(all.judge.received > 400);
        /* However many dialled each other at once, there was one session each. */
        for (unsigned i = 0; i < all.count; i++)
            for (unsigned k = 0; k + 1 < all.count; k++)
                assert_int_equal(all.judge.sources[i]->others[k].ups, 1);
        cluster_expect_kept(&all);
        cluster_fini(&all);
    }
}

static void
a_cut_is_found_by_silence_and_healed(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 50; seed++) {
        cluster all;
        cluster_init(&all, seed, 2);
        expect_mesh(&all, 5000);
        assert_int_equal(cop_net_cut(all.net, all.nodes[0], all.nodes[1]), COP_OK);
        cop_sim_run_for(all.sim, 1500);
        assert_int_equal(cluster_sessions(&all), 0);
        cop_net_heal(all.net, all.nodes[0], all.nodes[1]);
        expect_mesh(&all, 5000);
        cluster_expect_kept(&all);
        cluster_fini(&all);
    }
}

static void
a_short_cut_that_lost_frames_ends_the_session(void **state)
{
    cluster all;

    (void)state;
    cluster_init(&all, 7, 2);
    expect_mesh(&all, 5000);
    cop_sim_run_for(all.sim, 1000);
    cop_net_lose(all.net, all.nodes[0], all.nodes[1]);
    bool has_ended = false;
    for (int i = 0; i < 1000 && !has_ended; i++) {
        cop_sim_run_for(all.sim, 1);
        has_ended = !is_full_mesh(&all);
    }
    assert_true(has_ended);
    expect_mesh(&all, 5000);
    cluster_expect_kept(&all);
    cluster_fini(&all);
}

static void
a_broken_connection_ends_the_session_at_once(void **state)
{
    cluster all;

    (void)state;
    cluster_init(&all, 8, 2);
    expect_mesh(&all, 5000);
    cop_net_break(all.net, all.nodes[0], all.nodes[1]);
    cop_sim_run_for(all.sim, 20);
    assert_int_equal(cluster_sessions(&all), 0);
    expect_mesh(&all, 5000);
    cluster_expect_kept(&all);
    cluster_fini(&all);
}

/* -------------------------------------------------------------------------- faults */

static void
do_harm(cluster *all)
{
    unsigned a = (unsigned)(cop_sim_random(all->sim) % all->count);
    unsigned b = (unsigned)((a + 1 + cop_sim_random(all->sim) % (all->count - 1)) % all->count);

    switch (cop_sim_random(all->sim) % 5) {
    case 0:
        assert_int_equal(cop_net_cut(all->net, all->nodes[a], all->nodes[b]), COP_OK);
        break;
    case 1: cop_net_heal(all->net, all->nodes[a], all->nodes[b]); break;
    case 2: cop_net_break(all->net, all->nodes[a], all->nodes[b]); break;
    case 3: cop_net_lose(all->net, all->nodes[a], all->nodes[b]); break;
    case 4: cluster_restart_node(all, a); break;
    }
}

static void
heal_all(cluster *all)
{
    for (unsigned a = 0; a < all->count; a++)
        for (unsigned b = 0; b < a; b++)
            cop_net_heal(all->net, all->nodes[a], all->nodes[b]);
}

static void
promises_hold_under_random_faults(void **state)
{
    unsigned usual = getenv("COPPICE_UNDER_VALGRIND") != NULL ? 10 : 100;
    unsigned seeds = getenv("COPPICE_FULL") != NULL ? 3000 : usual;

    (void)state;
    for (unsigned seed = 1; seed <= seeds; seed++) {
        cluster all;
        cluster_init(&all, seed, 2 + seed % 3);
        if (seed % 4 == 0)
            cop_net_delay(all.net, 1, 60);
        for (int i = 0; i < 20; i++) {
            cop_sim_run_for(all.sim, (int64_t)(cop_sim_random(all.sim) % 600));
            do_harm(&all);
        }
        heal_all(&all);
        cop_sim_run_for(all.sim, 2000);
        expect_mesh(&all, 10000);
        cop_sim_run_for(all.sim, 2000);
        assert_true(is_full_mesh(&all));
        cluster_expect_kept(&all);
        cluster_fini(&all);
    }
}

/* ------------------------------------------------------------------------ restarts */

typedef struct asker {
    cop_pid to;
    cop_err result;
    cop_exit end;
    bool is_answered, is_down;
} asker;

typedef struct asker_state {
    asker *ask;
} asker_state;

COP_REPLY(asker_state, total)
{
    st->ask->result = err;
    st->ask->is_answered = true;
    return COP_OK;
}

COP_HANDLER(asker_state, cop_down)
{
    st->ask->end = msg->why;
    st->ask->is_down = true;
    return COP_OK;
}

COP_HANDLER(asker_state, cop_start)
{
    cop_ref unused;

    st->ask = (asker *)(uintptr_t)msg->arg;
    COP_TRY(cop_monitor(me, st->ask->to, &unused));
    cop_err err = cop_ask(me, st->ask->to, 30000, COP_THEN(asker_state, total), ask_total);
    if (err != COP_OK) {
        st->ask->result = err;
        st->ask->is_answered = true;
    }
    return COP_OK;
}

static const cop_behaviour asker_b = {
    .name = "asker",
    .state_size = sizeof(asker_state),
    .handlers = COP_HANDLERS(COP_ON(asker_state, cop_start), COP_ON(asker_state, cop_down)),
};

/* `asked` outlives the cluster. */
static void
ask_from(cluster *all, unsigned node, asker *asked)
{
    cop_spawn_opts opts = {.arg = asked};

    assert_int_equal(cop_sim_spawn(all->nodes[node], &asker_b, &opts, NULL), COP_OK);
    cop_sim_settle(all->sim);
}

static void
a_pid_of_an_earlier_run_is_refused(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 20; seed++) {
        cluster all;
        cluster_init(&all, seed, 2);
        expect_mesh(&all, 5000);
        cop_pid old = cop_node_whereis(all.nodes[0], "sink@b");
        assert_false(cop_pid_is_none(old));
        cluster_restart_node(&all, 1);
        cop_sim_run_for(all.sim, 4000);
        cop_pid young = cop_node_whereis(all.nodes[0], "sink@b");
        assert_false(cop_pid_is_none(young));
        assert_false(cop_pid_equal(young, old));
        asker lost = {.to = old};
        ask_from(&all, 0, &lost);
        assert_true(lost.is_answered);
        assert_int_equal(lost.result, COP_E_NOPROC);
        assert_true(lost.is_down);
        assert_int_equal(lost.end.kind, COP_EXIT_NOPROC);
        cluster_fini(&all);
    }
}

/* ------------------------------------------------------------------------- spawning */

typedef struct boss_log {
    cop_pid pid, child;
    cop_err result;
    cop_exit end;
    unsigned answers, ends;
} boss_log;

typedef struct boss {
    boss_log *log;
} boss;

COP_REPLY(boss, cop_spawned)
{
    st->log->answers++;
    st->log->result = err;
    if (err != COP_OK)
        return COP_OK;
    st->log->pid = msg->pid;
    st->log->child = msg->child;
    return COP_OK;
}

COP_HANDLER(boss, cop_child_down)
{
    st->log->ends++;
    st->log->end = msg->why;
    return COP_OK;
}

COP_HANDLER(boss, cop_start)
{
    st->log = (boss_log *)(uintptr_t)msg->arg;
    return COP_OK;
}

/* To the boss: start this at node b. */
typedef struct hire {
    const char *behaviour;
    bool has_arg;
    uint64_t arg;
} hire;

static const cop_type hire_type = {
    .protocol = "nodes", .name = "hire", .size = sizeof(hire), .flat = true};

COP_HANDLER(boss, hire)
{
    const cop_then *then = COP_THEN(boss, cop_spawned);

    if (msg->has_arg)
        st->log->result =
            cop_spawn_at(me, "b", msg->behaviour, 1000, then, item, .number = msg->arg);
    else
        st->log->result = cop_spawn_at_with(me, "b", msg->behaviour, NULL, NULL, 1000, then);
    return COP_OK;
}

/* To the boss: stop it again. */
typedef struct fire {
    int unused;
} fire;

static const cop_type fire_type = {
    .protocol = "nodes", .name = "fire", .size = sizeof(fire), .flat = true};

COP_HANDLER(boss, fire)
{
    return cop_stop_child(me, st->log->child);
}

COP_HANDLER(boss, boom)
{
    return cop_send(me, st->log->pid, boom, .code = msg->code);
}

static const cop_behaviour boss_b = {
    .name = "boss",
    .state_size = sizeof(boss),
    .handlers = COP_HANDLERS(COP_ON(boss, cop_start), COP_ON(boss, hire), COP_ON(boss, fire),
                             COP_ON(boss, boom), COP_ON(boss, cop_child_down)),
    .policy = COP_ISOLATE,
};

static cop_err
post_hire(cop_node *node, cop_pid to, const char *behaviour)
{
    return cop_post(node, to, hire, .behaviour = behaviour);
}

static uint64_t
actors_of(cop_node *node)
{
    cop_node_stats stats;

    cop_node_stats_read(node, &stats);
    return stats.actors;
}

static void
start_boss(cluster *all, boss_log *log, cop_pid *boss)
{
    cluster_init(all, 3, 2);
    expect_mesh(all, 5000);
    assert_int_equal(cop_sim_spawn(all->nodes[0], &boss_b, &(cop_spawn_opts){.arg = log}, boss),
                     COP_OK);
}

static void
an_actor_started_elsewhere_ends_here_with_its_own_record(void **state)
{
    boss_log log = {0};
    cluster all;
    cop_pid boss;

    (void)state;
    start_boss(&all, &log, &boss);
    assert_int_equal(post_hire(all.nodes[0], boss, "sink"), COP_OK);
    cop_sim_run_for(all.sim, 200);
    assert_int_equal(log.answers, 1);
    assert_int_equal(log.result, COP_OK);
    assert_true(log.pid.node == cop_node_incarnation(all.nodes[1]));
    assert_int_equal(cop_post(all.nodes[0], boss, boom, .code = 42), COP_OK);
    cop_sim_run_for(all.sim, 200);
    assert_int_equal(log.ends, 1);
    assert_int_equal(log.end.kind, COP_EXIT_ERROR);
    assert_int_equal(log.end.code, 42);
    assert_string_equal(log.end.text, "boom");
    cluster_fini(&all);
}

static void
a_behaviour_that_is_not_offered_is_refused(void **state)
{
    boss_log log = {0};
    cluster all;
    cop_pid boss;

    (void)state;
    start_boss(&all, &log, &boss);
    assert_int_equal(post_hire(all.nodes[0], boss, "nothing"), COP_OK);
    cop_sim_run_for(all.sim, 200);
    assert_int_equal(log.answers, 1);
    assert_int_equal(log.result, COP_E_NO_BEHAVIOUR);
    assert_int_equal(log.ends, 0);
    cluster_fini(&all);
}

static cop_err
hire_with(cluster *all, boss_log *log, cop_pid boss, const char *behaviour, uint64_t arg)
{
    assert_int_equal(cop_post(all->nodes[0], boss, hire, .behaviour = behaviour,
                              .has_arg = true, .arg = arg),
                     COP_OK);
    cop_sim_run_for(all->sim, 200);
    return log->result;
}

static void
an_argument_goes_along_and_what_init_says_comes_back(void **state)
{
    boss_log log = {0};
    cluster all;
    cop_pid boss;

    (void)state;
    start_boss(&all, &log, &boss);
    uint64_t before = actors_of(all.nodes[0]), there = actors_of(all.nodes[1]);
    assert_int_equal(hire_with(&all, &log, boss, "worker", 0), COP_E_FAILED);
    assert_int_equal(hire_with(&all, &log, boss, "sink", 1), COP_E_BAD_MESSAGE);
    assert_int_equal(actors_of(all.nodes[0]), before);
    assert_int_equal(actors_of(all.nodes[1]), there);
    assert_int_equal(hire_with(&all, &log, boss, "worker", 1), COP_OK);
    assert_int_equal(actors_of(all.nodes[0]), before + 1);
    assert_int_equal(actors_of(all.nodes[1]), there + 1);
    /* Told to stop here, it stops there. */
    assert_int_equal(cop_post(all.nodes[0], boss, fire, .unused = 0), COP_OK);
    cop_sim_run_for(all.sim, 200);
    assert_int_equal(actors_of(all.nodes[0]), before);
    assert_int_equal(actors_of(all.nodes[1]), there);
    assert_int_equal(log.ends, 0);
    cluster_fini(&all);
}

static void
what_was_started_elsewhere_ends_with_the_session(void **state)
{
    boss_log log = {0};
    cluster all;
    cop_pid boss;

    (void)state;
    start_boss(&all, &log, &boss);
    uint64_t before = actors_of(all.nodes[1]);
    assert_int_equal(post_hire(all.nodes[0], boss, "sink"), COP_OK);
    cop_sim_run_for(all.sim, 200);
    assert_int_equal(actors_of(all.nodes[1]), before + 1);
    assert_int_equal(cop_net_cut(all.net, all.nodes[0], all.nodes[1]), COP_OK);
    cop_sim_run_for(all.sim, 2000);
    assert_int_equal(log.ends, 1);
    assert_int_equal(log.end.kind, COP_EXIT_NOCONNECTION);
    assert_int_equal(actors_of(all.nodes[1]), before - 1); /* and the session's scope */
    cluster_fini(&all);
}

static void
what_was_started_elsewhere_ends_with_its_owner(void **state)
{
    boss_log log = {0};
    cluster all;
    cop_pid boss;

    (void)state;
    start_boss(&all, &log, &boss);
    uint64_t before = actors_of(all.nodes[1]);
    assert_int_equal(post_hire(all.nodes[0], boss, "sink"), COP_OK);
    cop_sim_run_for(all.sim, 200);
    assert_int_equal(actors_of(all.nodes[1]), before + 1);
    assert_true(cop_sim_stop(all.sim, all.nodes[0], 5000));
    cop_sim_run_for(all.sim, 500);
    assert_int_equal(actors_of(all.nodes[1]), before - 1);
    cluster_fini(&all);
}

/* ------------------------------------------------------------------------ bad input */

static void
an_unknown_node_is_an_error(void **state)
{
    boss_log log = {0};
    cluster all;
    cop_pid boss;

    (void)state;
    cluster_init(&all, 3, 1);
    assert_int_equal(
        cop_sim_spawn(all.nodes[0], &boss_b, &(cop_spawn_opts){.arg = &log}, &boss), COP_OK);
    assert_int_equal(post_hire(all.nodes[0], boss, "sink"), COP_OK);
    cop_sim_run_for(all.sim, 200);
    assert_int_equal(log.result, COP_E_NO_NODE);
    assert_true(cop_pid_is_none(cop_node_whereis(all.nodes[0], "sink@nowhere")));
    cluster_fini(&all);
}

static void
a_second_node_of_the_same_name_is_refused(void **state)
{
    cluster all;
    cop_node *twin;

    (void)state;
    cluster_init(&all, 5, 2);
    expect_mesh(&all, 5000);
    assert_int_equal(
        cop_sim_node(all.sim, &(cop_node_opts){.name = "b", .on_log = say_nothing}, &twin),
        COP_OK);
    assert_int_equal(cop_cluster_start(twin, &(cop_cluster_opts){.join = "tcp://127.0.0.1:1000",
                                                                 .net = all.net}),
                     COP_OK);
    cop_sim_run_for(all.sim, 5000);
    assert_true(is_full_mesh(&all));
    assert_true(cop_pid_is_none(cop_node_whereis(twin, "sink@a")));
    cluster_expect_kept(&all);
    /* When the first is gone the name is free. */
    assert_true(cop_sim_stop(all.sim, all.nodes[1], 5000));
    cop_sim_run_for(all.sim, 5000);
    assert_false(cop_pid_is_none(cop_node_whereis(twin, "sink@a")));
    cluster_fini(&all);
}

static void
a_node_ignores_its_own_address(void **state)
{
    cluster all;

    (void)state;
    cluster_init(&all, 5, 1); /* "a" has its own address as its seed */
    cop_sim_run_for(all.sim, 3000);
    assert_int_equal(cluster_sessions(&all), 0);
    cluster_expect_kept(&all);
    cluster_fini(&all);
}

static void
wrong_options_are_refused(void **state)
{
    static const struct {
        const char *listen, *join;
        cop_err err;
    } rows[] = {
        {"tcp://localhost:7001", NULL,                      COP_E_ADDRESS       },
        {"tcp://127.0.0.1:0",    NULL,                      COP_E_ADDRESS       },
        {"tcp://127.0.0.1",      NULL,                      COP_E_ADDRESS       },
        {"tcp://0.0.0.0:7001",   NULL,                      COP_E_REFUSED       },
        {"tcp://*:7001",         NULL,                      COP_E_REFUSED       },
        {"ipc://relative",       NULL,                      COP_E_ADDRESS       },
        {"tcp://127.0.0.1:1000", NULL,                      COP_E_ADDRESS_IN_USE},
        {NULL,                   "tcp://127.0.0.1:1, nope", COP_E_ADDRESS       },
        {NULL,                   "tcp://10.0.0.1:7001",     COP_E_REFUSED       },
    };
    cluster all;

    (void)state;
    cluster_init(&all, 5, 1);
    for (size_t i = 0; i < COP_COUNT(rows); i++) {
        cop_node *node;
        cop_cluster_opts opts = {
            .listen = rows[i].listen, .join = rows[i].join, .net = all.net};
        assert_int_equal(
            cop_sim_node(all.sim, &(cop_node_opts){.name = "x", .on_log = say_nothing}, &node),
            COP_OK);
        assert_int_equal(cop_cluster_start(node, &opts), rows[i].err);
    }
    assert_int_equal(cop_cluster_start(all.nodes[0], &(cop_cluster_opts){.net = all.net}),
                     COP_E_RUNNING);
    cluster_fini(&all);
}

static void
times_beyond_an_hour_are_refused(void **state)
{
    static const int32_t rows[][2] = {
        {INT32_MAX, 0        },
        {3600001,   0        },
        {-1,        0        },
        {0,         INT32_MAX},
    };
    cluster all;

    (void)state;
    cluster_init(&all, 5, 1);
    for (size_t i = 0; i < COP_COUNT(rows); i++) {
        cop_cluster_opts opts = {
            .heartbeat_ms = rows[i][0], .dead_ms = rows[i][1], .net = all.net};
        assert_int_equal(cop_cluster_start(all.nodes[0], &opts), COP_E_INVAL);
    }
    cluster_fini(&all);
}

/* ---------------------------------------------------------------------------- twins */

static void
start_twin(cluster *all, cop_node **out, const char *listen)
{
    cop_cluster_opts opts = {.listen = listen, .join = "tcp://127.0.0.1:1000", .net = all->net};

    assert_int_equal(
        cop_sim_node(all->sim, &(cop_node_opts){.name = "b", .on_log = say_nothing}, out),
        COP_OK);
    assert_int_equal(cop_sim_spawn(*out, &sink_b,
                                   &(cop_spawn_opts){.name = "thing", .arg = &all->judge},
                                   NULL),
                     COP_OK);
    assert_int_equal(cop_cluster_start(*out, &opts), COP_OK);
}

static void
a_refused_twin_leaves_the_names_of_the_other_alone(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 40; seed++) {
        cluster all;
        cop_node *twins[2];
        cluster_init(&all, seed, 1);
        cop_sim_run_for(all.sim, 500);
        start_twin(&all, &twins[0], "tcp://127.0.0.1:1002");
        start_twin(&all, &twins[1], "tcp://127.0.0.1:1003");
        cop_sim_run_for(all.sim, 10000);
        const other *b = all.judge.sources[0]->others;
        cop_pid found = cop_node_whereis(all.nodes[0], "thing@b");
        if (b->is_up ? found.node != b->incarnation : !cop_pid_is_none(found))
            fail_msg("seed %u: the names are not those of the session", seed);
        cluster_fini(&all);
    }
}

/* ------------------------------------------------------------------------- watchers */

typedef struct crowded {
    unsigned *ups;
} crowded;

COP_HANDLER(crowded, cop_start)
{
    st->ups = (unsigned *)(uintptr_t)msg->arg;
    return cop_watch_nodes(me);
}

COP_HANDLER(crowded, cop_node_up)
{
    ++*st->ups;
    return COP_OK;
}

static const cop_behaviour crowded_b = {
    .name = "crowded",
    .state_size = sizeof(crowded),
    .mailbox = 1,
    .handlers = COP_HANDLERS(COP_ON(crowded, cop_start), COP_ON(crowded, cop_node_up)),
};

static void
a_watcher_with_a_full_mailbox_misses_no_node(void **state)
{
    unsigned ups = 0;
    cluster all;

    (void)state;
    cluster_init(&all, 3, 4);
    expect_mesh(&all, 5000);
    assert_int_equal(
        cop_sim_spawn(all.nodes[0], &crowded_b, &(cop_spawn_opts){.arg = &ups}, NULL), COP_OK);
    cop_sim_run_for(all.sim, 200);
    assert_int_equal(ups, 3);
    cluster_fini(&all);
}

/* ------------------------------------------------------------------------- patience */

static void
an_owner_outlasts_what_it_has_started_elsewhere(void **state)
{
    boss_log log = {0};
    cluster all;
    cop_pid boss;

    (void)state;
    start_boss(&all, &log, &boss);
    cop_net_delay(all.net, 20, 30);
    uint64_t before = actors_of(all.nodes[0]), there = actors_of(all.nodes[1]);
    assert_int_equal(post_hire(all.nodes[0], boss, "slow"), COP_OK);
    cop_sim_run_for(all.sim, 200);
    assert_int_equal(actors_of(all.nodes[1]), there + 1);
    assert_int_equal(cop_post(all.nodes[0], boss, fire, .unused = 0), COP_OK);
    for (int i = 0; i < 10000 && actors_of(all.nodes[0]) > before; i++)
        cop_sim_run_for(all.sim, 1);
    assert_int_equal(actors_of(all.nodes[0]), before);
    assert_int_equal(actors_of(all.nodes[1]), there);
    cluster_fini(&all);
}

static void
an_end_elsewhere_is_told_once_the_line_is_free(void **state)
{
    boss_log log = {0};
    cluster all;
    cop_pid boss;

    (void)state;
    start_boss(&all, &log, &boss);
    cop_net_delay(all.net, 100, 100);
    assert_int_equal(post_hire(all.nodes[0], boss, "noisy"), COP_OK);
    cop_sim_run_for(all.sim, 5000);
    assert_int_equal(log.result, COP_OK);
    assert_int_equal(log.ends, 1);
    assert_int_equal(log.end.code, 5);
    cluster_fini(&all);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_with_one_seed_make_a_full_mesh),
        cmocka_unit_test(a_cut_is_found_by_silence_and_healed),
        cmocka_unit_test(a_short_cut_that_lost_frames_ends_the_session),
        cmocka_unit_test(a_broken_connection_ends_the_session_at_once),
        cmocka_unit_test(promises_hold_under_random_faults),
        cmocka_unit_test(a_pid_of_an_earlier_run_is_refused),
        cmocka_unit_test(an_actor_started_elsewhere_ends_here_with_its_own_record),
        cmocka_unit_test(a_behaviour_that_is_not_offered_is_refused),
        cmocka_unit_test(an_argument_goes_along_and_what_init_says_comes_back),
        cmocka_unit_test(what_was_started_elsewhere_ends_with_the_session),
        cmocka_unit_test(what_was_started_elsewhere_ends_with_its_owner),
        cmocka_unit_test(an_unknown_node_is_an_error),
        cmocka_unit_test(a_second_node_of_the_same_name_is_refused),
        cmocka_unit_test(a_node_ignores_its_own_address),
        cmocka_unit_test(wrong_options_are_refused),
        cmocka_unit_test(a_watcher_with_a_full_mailbox_misses_no_node),
        cmocka_unit_test(an_owner_outlasts_what_it_has_started_elsewhere),
        cmocka_unit_test(an_end_elsewhere_is_told_once_the_line_is_free),
        cmocka_unit_test(a_refused_twin_leaves_the_names_of_the_other_alone),
        cmocka_unit_test(times_beyond_an_hour_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
