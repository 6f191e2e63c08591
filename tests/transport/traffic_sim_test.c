/* SPDX-License-Identifier: Apache-2.0 */
/*
 * traffic_sim_test.c - what crosses one session between two simulated nodes, and what
 * strangers can do to it.
 */
#include "transport/nodes.h"

#include "base/rng.h"

#include "carrier/loopback.h"
#include "node/crossing.h"
#include "wire/frame.h"
#include "wire/record.h"

/* What one test looks at; its actors write here. */
typedef struct scene {
    cluster all;
    cop_pid far; /* the actor on node b that the test is about */
    cop_err err;
    unsigned answers, exits, letters, handled;
    cop_exit why;
    cop_err letter;
    size_t size;
} scene;

static void
on_letter(void *ctx, const cop_dead_letter *letter)
{
    scene *self = ctx;

    self->letters++;
    self->letter = letter->why;
}

static void
settle(scene *self)
{
    cop_sim_run_for(self->all.sim, 200);
}

/* Two nodes without sinks and sources. */
static void
open_scene(scene *self)
{
    static const char *const addresses[] = {"tcp://127.0.0.1:1000", "tcp://127.0.0.1:1001"};

    *self = (scene){.all = {.count = 2}};
    assert_int_equal(cop_sim_new(&self->all.sim, 11), COP_OK);
    assert_int_equal(cop_net_new(&self->all.net, 11), COP_OK);
    for (unsigned i = 0; i < 2; i++) {
        cop_node_opts opts = {.name = i == 0 ? "a" : "b",
                              .on_log = say_nothing,
                              .on_dead_letter = on_letter,
                              .ctx = self};
        cop_cluster_opts cluster = {
            .listen = addresses[i], .join = addresses[0], .net = self->all.net};
        assert_int_equal(cop_sim_node(self->all.sim, &opts, &self->all.nodes[i]), COP_OK);
        assert_int_equal(cop_cluster_start(self->all.nodes[i], &cluster), COP_OK);
    }
}

static void
close_scene(scene *self)
{
    cluster_fini(&self->all);
}

/* ------------------------------------------------------------------------- actors */

typedef struct part {
    scene *scene;
} part;

COP_HANDLER(part, cop_start)
{
    st->scene = (scene *)(uintptr_t)msg->arg;
    return COP_OK;
}

COP_HANDLER(part, item)
{
    st->scene->handled++;
    st->scene->size = msg->filling.size;
    return COP_OK;
}

COP_HANDLER(part, ask_total)
{
    return cop_reply(me, total, .items = 7);
}

COP_HANDLER(part, boom)
{
    return cop_fail(me, msg->code, "boom");
}

COP_HANDLER(part, cop_exited)
{
    st->scene->exits++;
    st->scene->why = msg->why;
    return COP_OK;
}

COP_REPLY(part, total)
{
    st->scene->answers++;
    st->scene->err = err;
    return COP_OK;
}

/* To an actor: run this. */
typedef struct act {
    cop_err (*run)(cop_actor *me, scene *scene);
} act;

static const cop_type act_type = {
    .protocol = "test", .name = "act", .size = sizeof(act), .flat = true};

COP_HANDLER(part, act)
{
    st->scene->err = msg->run(me, st->scene);
    return COP_OK;
}

static const cop_behaviour part_b = {
    .name = "part",
    .state_size = sizeof(part),
    .trap_exit = true,
    .handlers =
        COP_HANDLERS(COP_ON(part, cop_start), COP_ON(part, item), COP_ON(part, ask_total),
                     COP_ON(part, boom), COP_ON(part, cop_exited), COP_ON(part, act)),
};

static cop_pid
start_part(scene *self, unsigned node, const char *name, uint32_t mailbox)
{
    cop_spawn_opts opts = {.name = name, .arg = self, .mailbox = mailbox};
    cop_pid pid;

    assert_int_equal(cop_sim_spawn(self->all.nodes[node], &part_b, &opts, &pid), COP_OK);
    return pid;
}

static void
make_act(scene *self, unsigned node, cop_pid who, cop_err (*run)(cop_actor *me, scene *scene))
{
    assert_int_equal(cop_post(self->all.nodes[node], who, act, .run = run), COP_OK);
    settle(self);
}

/* An actor on a, and `far` on b. */
static cop_pid
start_pair(scene *self, uint32_t mailbox)
{
    open_scene(self);
    cop_pid near = start_part(self, 0, "near", 0);
    self->far = start_part(self, 1, "far", mailbox);
    cop_sim_run_for(self->all.sim, 1000);
    assert_true(cop_pid_equal(cop_node_whereis(self->all.nodes[0], "far@b"), self->far));
    return near;
}

/* ---------------------------------------------------------------------------- sends */

static cop_err
send_large(cop_actor *me, scene *scene)
{
    char *filling = calloc(1, 1000000);
    cop_err err = cop_send(me, scene->far, item, .filling = {filling, 1000000});

    free(filling);
    return err;
}

static cop_err
send_too_large(cop_actor *me, scene *scene)
{
    char *filling = calloc(1, 1100000);
    cop_err err = cop_send(me, scene->far, item, .filling = {filling, 1100000});

    free(filling);
    return err;
}

static void
a_large_message_arrives_whole_and_a_larger_one_is_refused(void **state)
{
    scene s;

    (void)state;
    cop_pid near = start_pair(&s, 0);
    make_act(&s, 0, near, send_large);
    assert_int_equal(s.err, COP_OK);
    assert_int_equal(s.size, 1000000);
    make_act(&s, 0, near, send_too_large);
    assert_int_equal(s.err, COP_E_TOO_LARGE);
    assert_int_equal(s.handled, 1);
    close_scene(&s);
}

static cop_err
send_until_busy(cop_actor *me, scene *scene)
{
    static const char filling[10000];
    cop_err err = COP_OK;

    for (int i = 0; i < 1000 && err == COP_OK; i++)
        err = cop_send(me, scene->far, item, .filling = {filling, sizeof filling});
    return err;
}

static void
a_sender_that_is_too_fast_is_told_busy_and_loses_nothing(void **state)
{
    scene s;

    (void)state;
    cop_pid near = start_pair(&s, 0);
    make_act(&s, 0, near, send_until_busy);
    assert_int_equal(s.err, COP_E_BUSY);
    assert_in_range(s.handled, 100, 200);
    make_act(&s, 0, near, send_until_busy);
    assert_int_equal(s.err, COP_E_BUSY);
    assert_int_equal(s.letters, 0);
    close_scene(&s);
}

static cop_err
send_one(cop_actor *me, scene *scene)
{
    return cop_send(me, scene->far, item, .number = 1);
}

static void
without_acknowledgement_no_more_leaves_than_the_window(void **state)
{
    scene s;

    (void)state;
    cop_pid near = start_pair(&s, 0);
    assert_int_equal(cop_net_cut(s.all.net, s.all.nodes[0], s.all.nodes[1]), COP_OK);
    make_act(&s, 0, near, send_until_busy);
    assert_int_equal(s.err, COP_E_BUSY);
    make_act(&s, 0, near, send_until_busy);
    make_act(&s, 0, near, send_one);
    assert_int_equal(s.err, COP_E_BUSY);
    close_scene(&s);
}

static cop_err
send_many(cop_actor *me, scene *scene)
{
    for (int i = 0; i < 100; i++)
        COP_TRY(cop_send(me, scene->far, item, .number = (uint64_t)i));
    return cop_ask(me, scene->far, 5000, COP_THEN(part, total), ask_total);
}

static void
what_a_full_mailbox_over_there_refuses_is_a_dead_letter_there(void **state)
{
    scene s;

    (void)state;
    cop_pid near = start_pair(&s, 10);
    make_act(&s, 0, near, send_many);
    assert_int_equal(s.answers, 1);
    assert_int_equal(s.err, COP_E_FULL);
    assert_true(s.letters > 0);
    assert_int_equal(s.handled + s.letters, 100 + 1); /* and the request */
    assert_int_equal(s.letter, COP_E_FULL);
    close_scene(&s);
}

static cop_err
send_local_type(cop_actor *me, scene *scene)
{
    return cop_send(me, scene->far, act, .run = NULL);
}

static void
a_type_that_has_no_wire_form_does_not_leave(void **state)
{
    scene s;

    (void)state;
    cop_pid near = start_pair(&s, 0);
    make_act(&s, 0, near, send_local_type);
    assert_int_equal(s.err, COP_E_INVAL);
    close_scene(&s);
}

/* ---------------------------------------------------------------------------- links */

static cop_err
link_far(cop_actor *me, scene *scene)
{
    return cop_link(me, scene->far);
}

static cop_err
unlink_far(cop_actor *me, scene *scene)
{
    cop_unlink(me, scene->far);
    return COP_OK;
}

static cop_err
kill_far(cop_actor *me, scene *scene)
{
    cop_kill(me, scene->far);
    return COP_OK;
}

static void
a_link_across_tells_how_the_other_ended(void **state)
{
    scene s;

    (void)state;
    cop_pid near = start_pair(&s, 0);
    make_act(&s, 0, near, link_far);
    assert_int_equal(cop_post(s.all.nodes[0], s.far, boom, .code = 3), COP_OK);
    settle(&s);
    assert_int_equal(s.exits, 1);
    assert_int_equal(s.why.kind, COP_EXIT_ERROR);
    assert_int_equal(s.why.code, 3);
    assert_string_equal(s.why.text, "boom");
    assert_true(cop_pid_equal(s.why.origin, s.far));
    close_scene(&s);
}

static void
a_link_across_ends_by_noconnection_on_both_sides(void **state)
{
    scene s;

    (void)state;
    cop_pid near = start_pair(&s, 0);
    make_act(&s, 0, near, link_far);
    assert_int_equal(cop_net_cut(s.all.net, s.all.nodes[0], s.all.nodes[1]), COP_OK);
    cop_sim_run_for(s.all.sim, 3000);
    assert_int_equal(s.exits, 2);
    assert_int_equal(s.why.kind, COP_EXIT_NOCONNECTION);
    close_scene(&s);
}

static void
a_link_that_was_taken_away_tells_nothing(void **state)
{
    scene s;

    (void)state;
    cop_pid near = start_pair(&s, 0);
    make_act(&s, 0, near, link_far);
    make_act(&s, 0, near, unlink_far);
    assert_int_equal(cop_net_cut(s.all.net, s.all.nodes[0], s.all.nodes[1]), COP_OK);
    cop_sim_run_for(s.all.sim, 3000);
    assert_int_equal(s.exits, 0);
    close_scene(&s);
}

static void
a_link_to_an_actor_that_has_ended_tells_noproc(void **state)
{
    scene s;

    (void)state;
    cop_pid near = start_pair(&s, 0);
    make_act(&s, 0, near, kill_far);
    make_act(&s, 0, near, link_far);
    assert_int_equal(s.exits, 1);
    assert_int_equal(s.why.kind, COP_EXIT_NOPROC);
    close_scene(&s);
}

/* ---------------------------------------------------------------------------- names */

static void
names_come_and_go_with_their_holders(void **state)
{
    scene s;

    (void)state;
    cop_pid near = start_pair(&s, 0);
    make_act(&s, 0, near, kill_far);
    assert_true(cop_pid_is_none(cop_node_whereis(s.all.nodes[0], "far@b")));
    cop_pid second = start_part(&s, 1, "far", 0);
    settle(&s);
    assert_true(cop_pid_equal(cop_node_whereis(s.all.nodes[0], "far@b"), second));
    assert_int_equal(cop_net_cut(s.all.net, s.all.nodes[0], s.all.nodes[1]), COP_OK);
    cop_sim_run_for(s.all.sim, 3000);
    assert_true(cop_pid_is_none(cop_node_whereis(s.all.nodes[0], "far@b")));
    close_scene(&s);
}

/* --------------------------------------------------------------------------- bounds */

static void
calls_that_nobody_waits_for_are_forgotten(void **state)
{
    copi_crossing crossing = {0};

    (void)state;
    for (uint64_t ref = 1; ref <= 10000; ref++) {
        int64_t now = (int64_t)ref;
        assert_true(copi_crossing_note(&crossing, COPI_OUTWARD, COPI_CALL, 1, 2, ref, false,
                                       now + 100));
        copi_crossing_sweep(&crossing, now);
        assert_in_range(crossing.calls.count, 0, 300);
    }
    /* One that is late is no matter, one in time is not forgotten. */
    assert_true(copi_crossing_note(&crossing, COPI_INWARD, COPI_REPLY, 1, 2, 1, false, 0));
    assert_non_null(copi_map_find(&crossing.calls, 0, 10000));
    copi_crossing_sweep(&crossing, 100000);
    assert_int_equal(crossing.calls.count, 0);
    copi_crossing_fini(&crossing);
}

/* ------------------------------------------------------------------------ strangers */

/* An actor with a carrier of its own, which says to node b what the test wants. */
typedef struct stranger {
    cop_net *net;
    copi_carrier *carrier;
    copi_line *line;
    copi_rng rng;
    unsigned frames; /* sent */
    bool knows_greeting;
} stranger;

static uint8_t stranger_frame[COPI_FRAME_MAX];

static void
stranger_hears(void *ctx, uint64_t pipe, const uint8_t *bytes, size_t size)
{
    (void)ctx;
    (void)pipe;
    (void)bytes;
    (void)size;
}

static void
stranger_is_answered(void *ctx, void *tag, const uint8_t *bytes, size_t size)
{
    (void)tag;
    stranger_hears(ctx, 0, bytes, size);
}

static void
stranger_is_told(void *ctx, void *tag)
{
    (void)ctx;
    (void)tag;
}

static const copi_carrier_told stranger_told = {stranger_hears, stranger_is_answered,
                                                stranger_is_told, stranger_is_told};

static size_t
noise(copi_rng *rng, uint8_t *at)
{
    size_t size = copi_rng_below(rng, 300);

    for (size_t i = 0; i < size; i++)
        at[i] = (uint8_t)copi_rng_below(rng, copi_rng_below(rng, 2) == 0 ? 14 : 256);
    return size;
}

/* Records as a node would send them, with some bytes changed. */
static size_t
damaged_records(copi_rng *rng, uint8_t *at)
{
    size_t used = 0;

    for (uint32_t i = 1 + copi_rng_below(rng, 5); i > 0; i--) {
        copi_record record = {.kind = (copi_record_kind)(1 + copi_rng_below(rng, 36)),
                              .from = copi_rng_below(rng, 5),
                              .to = UINT64_C(1) << 32 | copi_rng_below(rng, 200),
                              .ref = copi_rng_below(rng, 5),
                              .size = copi_rng_below(rng, 40)};
        used += copi_record_write(at + used, &record);
        for (size_t k = 0; k < record.size; k++)
            at[used++] = (uint8_t)copi_rng_below(rng, 20);
    }
    if (copi_rng_below(rng, 3) == 0)
        at[copi_rng_below(rng, (uint32_t)used)] = (uint8_t)copi_rng_next(rng);
    return used;
}

static size_t
next_frame(stranger *self)
{
    copi_hello hello = {.version = COPI_PROTOCOL_VERSION,
                        .incarnation = 4711,
                        .message_max = 1000,
                        .name = "stranger",
                        .address = "tcp://127.0.0.1:1999"};
    uint8_t *payload = stranger_frame + COPI_FRAME_HEAD;
    unsigned counter = self->frames++;

    if (!self->knows_greeting)
        return noise(&self->rng, stranger_frame);
    if (counter == 0) {
        copi_frame_write(stranger_frame, COPI_FRAME_HELLO, 1, 0);
        return COPI_FRAME_HEAD + copi_hello_write(payload, &hello);
    }
    copi_frame_write(stranger_frame, COPI_FRAME_DATA, 1, counter);
    return COPI_FRAME_HEAD + damaged_records(&self->rng, payload);
}

COP_HANDLER(stranger, cop_start)
{
    const stranger *wanted = msg->arg;

    *st = *wanted;
    COP_TRY(copi_loopback_new(me, st->net, &stranger_told, st, &st->carrier));
    COP_TRY(st->carrier->ops->open(st->carrier, "tcp://127.0.0.1:1001", NULL, &st->line));
    return cop_send_every(me, 1, NULL, work, .unused = 0);
}

COP_HANDLER(stranger, work)
{
    size_t size = next_frame(st);

    if (st->knows_greeting && st->frames > 3) {
        /* By now the line is closed to him: he comes back on another. */
        st->carrier->ops->close(st->line);
        st->frames = 0;
        return st->carrier->ops->open(st->carrier, "tcp://127.0.0.1:1001", NULL, &st->line);
    }
    return st->carrier->ops->send(st->line, stranger_frame, size, NULL, 0);
}

COP_HANDLER(stranger, copi_arrived)
{
    copi_loopback_due(st->carrier);
    return COP_OK;
}

static void
dispose_stranger(void *state)
{
    stranger *self = state;

    if (self->carrier != NULL)
        self->carrier->ops->free(self->carrier);
}

static const cop_behaviour stranger_b = {
    .name = "stranger",
    .state_size = sizeof(stranger),
    .handlers = COP_HANDLERS(COP_ON(stranger, cop_start), COP_ON(stranger, work),
                             COP_ON(stranger, copi_arrived)),
    .dispose = dispose_stranger,
};

static void
suffer(bool knows_greeting)
{
    scene s;

    cop_pid near = start_pair(&s, 0);
    for (unsigned seed = 1; seed <= 20; seed++) {
        cop_node *node;
        stranger wanted = {.net = s.all.net, .rng = {seed}, .knows_greeting = knows_greeting};
        assert_int_equal(cop_sim_node(s.all.sim,
                                      &(cop_node_opts){.name = "s", .on_log = say_nothing},
                                      &node),
                         COP_OK);
        assert_int_equal(
            cop_sim_spawn(node, &stranger_b, &(cop_spawn_opts){.arg = &wanted}, NULL), COP_OK);
    }
    cop_sim_run_for(s.all.sim, 1000);
    /* The honest session has not suffered. */
    make_act(&s, 0, near, send_many);
    assert_int_equal(s.answers, 1);
    assert_int_equal(s.err, COP_OK);
    assert_int_equal(s.exits, 0);
    close_scene(&s);
}

static void
noise_from_strangers_harms_nobody(void **state)
{
    (void)state;
    suffer(false);
}

static void
strangers_who_know_how_to_greet_harm_nobody(void **state)
{
    (void)state;
    suffer(true);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_large_message_arrives_whole_and_a_larger_one_is_refused),
        cmocka_unit_test(a_sender_that_is_too_fast_is_told_busy_and_loses_nothing),
        cmocka_unit_test(without_acknowledgement_no_more_leaves_than_the_window),
        cmocka_unit_test(what_a_full_mailbox_over_there_refuses_is_a_dead_letter_there),
        cmocka_unit_test(a_type_that_has_no_wire_form_does_not_leave),
        cmocka_unit_test(a_link_across_tells_how_the_other_ended),
        cmocka_unit_test(a_link_across_ends_by_noconnection_on_both_sides),
        cmocka_unit_test(a_link_that_was_taken_away_tells_nothing),
        cmocka_unit_test(a_link_to_an_actor_that_has_ended_tells_noproc),
        cmocka_unit_test(names_come_and_go_with_their_holders),
        cmocka_unit_test(calls_that_nobody_waits_for_are_forgotten),
        cmocka_unit_test(noise_from_strangers_harms_nobody),
        cmocka_unit_test(strangers_who_know_how_to_greet_harm_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
