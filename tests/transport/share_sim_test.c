/* SPDX-License-Identifier: Apache-2.0 */
/*
 * share_sim_test.c - buffers between two simulated nodes.
 *
 * As in share_test.c the test keeps one reference to a page, and only that may be left.
 */
#include "transport/nodes.h"

#include "base/buf.h"

/* clang-format off */
#define SHARING(M, F)                                                                          \
    M(1, chunk, F(buf, data) F(list, buf, more))                                               \
    M(2, fetch, F(buf, data))                                                                  \
    M(3, fetched, F(buf, data))
/* clang-format on */
COP_PROTOCOL(SHARING)

enum {
    PAGE = 65536,
};

#define TWO .data = cop_buf_ref(page), .more = COP_LIST(cop_buf *, NULL, cop_buf_ref(page))

typedef struct scene {
    cop_sim *sim;
    cop_net *net;
    cop_node *nodes[2];
    cop_pid near, far;
} scene;

/* One test at a time. */
static scene now;
static cop_buf *page;
static cop_err result, answer, letter;
static unsigned handled, answers, letters, started;

/* How many more buffers there is memory for. */
static unsigned budget = UINT32_MAX;

cop_buf *__real_cop_buf_new(size_t size);
cop_buf *__wrap_cop_buf_new(size_t size);

cop_buf *
__wrap_cop_buf_new(size_t size)
{
    if (budget == 0)
        return NULL;
    budget--;
    return __real_cop_buf_new(size);
}

/* ------------------------------------------------------------------------- actors */

typedef struct hand {
    int unused;
} hand;

/* To an actor: run this. */
typedef struct act {
    cop_err (*run)(cop_actor *me);
} act;

static const cop_type act_type = {
    .protocol = "test", .name = "act", .size = sizeof(act), .flat = true};

/* Another buffer with the same bytes, and the message has its only reference. */
static void
expect_page(cop_buf *data)
{
    assert_ptr_not_equal(data, page);
    assert_int_equal(cop_buf_size(data), PAGE);
    assert_memory_equal(cop_buf_view(data).data, cop_buf_view(page).data, PAGE);
    assert_int_equal(atomic_load(&data->references), 1);
}

COP_HANDLER(hand, act)
{
    result = msg->run(me);
    return COP_OK;
}

COP_HANDLER(hand, chunk)
{
    expect_page(msg->data);
    assert_int_equal(msg->more.count, 2);
    assert_null(msg->more.items[0]);
    expect_page(msg->more.items[1]);
    handled++;
    return COP_OK;
}

COP_HANDLER(hand, fetch)
{
    expect_page(msg->data);
    handled++;
    return cop_reply(me, fetched, .data = cop_buf_ref(msg->data));
}

COP_REPLY(hand, fetched)
{
    if (err == COP_OK)
        expect_page(msg->data);
    answers++;
    answer = err;
    return COP_OK;
}

COP_REPLY(hand, cop_spawned)
{
    answers++;
    answer = err;
    return COP_OK;
}

static const cop_behaviour hand_b = {
    .name = "hand",
    .state_size = sizeof(hand),
    .handlers = COP_HANDLERS(COP_ON(hand, act), COP_ON(hand, chunk), COP_ON(hand, fetch)),
};

static cop_err
started_init(cop_actor *me, void *state, const void *arg)
{
    (void)me;
    (void)state;
    expect_page(((const chunk *)arg)->data);
    started++;
    return COP_OK;
}

static const cop_behaviour started_b = {
    .name = "started", .arg_type = &chunk_type, .init = started_init};

static void
on_letter(void *ctx, const cop_dead_letter *dead)
{
    (void)ctx;
    letters++;
    letter = dead->why;
}

/* ------------------------------------------------------------------------- a scene */

static void
open_node(unsigned i)
{
    static const cop_behaviour *const offer[] = {&started_b, NULL};
    const char *const name = i == 0 ? "near" : "far";
    const cop_node_opts opts = {
        .name = name, .on_log = say_nothing, .on_dead_letter = on_letter};
    const cop_cluster_opts cluster = {.listen = i == 0 ? "tcp://127.0.0.1:1000"
                                                       : "tcp://127.0.0.1:1001",
                                      .join = "tcp://127.0.0.1:1000",
                                      .behaviours = offer,
                                      .net = now.net};
    const cop_spawn_opts hand = {.name = "hand"};

    assert_int_equal(cop_sim_node(now.sim, &opts, &now.nodes[i]), COP_OK);
    assert_int_equal(cop_cluster_start(now.nodes[i], &cluster), COP_OK);
    assert_int_equal(cop_sim_spawn(now.nodes[i], &hand_b, &hand, i == 0 ? &now.near : &now.far),
                     COP_OK);
}

static void
open_scene(void)
{
    now = (scene){0};
    result = answer = letter = COP_OK;
    handled = answers = letters = started = 0;
    page = cop_buf_new(PAGE);
    assert_non_null(page);
    for (int i = 0; i < PAGE; i++)
        ((uint8_t *)cop_buf_bytes(page))[i] = (uint8_t)(i * 7 + i / 256);
    assert_int_equal(cop_sim_new(&now.sim, 3), COP_OK);
    assert_int_equal(cop_net_new(&now.net, 3), COP_OK);
    open_node(0);
    open_node(1);
    cop_sim_run_for(now.sim, 1000);
    assert_true(cop_pid_equal(cop_node_whereis(now.nodes[0], "hand@far"), now.far));
}

static void
perform(cop_err (*run)(cop_actor *me))
{
    assert_int_equal(cop_post(now.nodes[0], now.near, act, .run = run), COP_OK);
    cop_sim_run_for(now.sim, 200);
}

/* Nobody has a reference to the page any more but the test. */
static void
close_scene(void)
{
    cop_sim_free(&now.sim);
    cop_net_free(&now.net);
    assert_int_equal(atomic_load(&page->references), 1);
    cop_buf_unref(page);
}

/* --------------------------------------------------------------------------- sends */

static cop_err
send_it(cop_actor *me)
{
    return cop_send(me, now.far, chunk, TWO);
}

static cop_err
cast_it(cop_actor *me)
{
    cop_cast(me, now.far, chunk, TWO);
    return COP_OK;
}

static cop_err
ask_it(cop_actor *me)
{
    return cop_ask(me, now.far, 1000, COP_THEN(hand, fetched), fetch,
                   .data = cop_buf_ref(page));
}

static void
a_buffer_arrives_as_another_with_the_same_bytes(void **state)
{
    (void)state;
    open_scene();
    perform(send_it);
    assert_int_equal(result, COP_OK);
    assert_int_equal(atomic_load(&page->references), 1);
    perform(cast_it);
    assert_int_equal(handled, 2);
    assert_int_equal(cop_post(now.nodes[0], now.far, chunk, TWO), COP_OK);
    perform(ask_it);
    assert_int_equal(result, COP_OK);
    assert_int_equal(handled, 4);
    assert_int_equal(answers, 1);
    assert_int_equal(answer, COP_OK);
    assert_int_equal(letters, 0);
    close_scene();
}

/* Of both nodes the limit is 1 MiB. */
static cop_err
send_too_large(cop_actor *me)
{
    cop_buf *large = cop_buf_new(1 << 20);

    assert_non_null(large);
    memset(cop_buf_bytes(large), 0, 1 << 20);
    return cop_send(me, now.far, chunk, .data = large,
                    .more = COP_LIST(cop_buf *, cop_buf_ref(page)));
}

static void
more_than_a_frame_takes_is_refused(void **state)
{
    (void)state;
    open_scene();
    perform(send_too_large);
    assert_int_equal(result, COP_E_TOO_LARGE);
    assert_int_equal(handled, 0);
    close_scene();
}

static cop_err
send_until_busy(cop_actor *me)
{
    cop_err err = COP_OK;

    for (int i = 0; i < 1000 && err == COP_OK; i++)
        err = cop_send(me, now.far, chunk, TWO);
    return err;
}

static void
a_busy_line_refuses_and_a_lost_one_loses_without_a_leak(void **state)
{
    (void)state;
    open_scene();
    perform(send_until_busy);
    assert_int_equal(result, COP_E_BUSY);
    assert_true(handled > 0);
    assert_int_equal(cop_net_cut(now.net, now.nodes[0], now.nodes[1]), COP_OK);
    perform(send_it);
    assert_int_equal(result, COP_OK);
    cop_sim_run_for(now.sim, 5000);
    perform(send_it);
    assert_int_equal(result, COP_E_NOCONNECTION);
    perform(ask_it);
    assert_int_equal(result, COP_E_NOCONNECTION);
    letters = 0;
    perform(cast_it);
    assert_int_equal(letters, 1);
    assert_int_equal(letter, COP_E_NOCONNECTION);
    close_scene();
}

static void
what_a_node_has_no_memory_for_is_a_dead_letter_or_an_error(void **state)
{
    (void)state;
    open_scene();
    for (unsigned i = 0; i < 2; i++) {
        budget = i;
        perform(send_it);
        assert_int_equal(letters, i + 1);
        assert_int_equal(letter, COP_E_NOMEM);
    }
    budget = 0;
    perform(ask_it); /* the callee cannot decode the request */
    assert_int_equal(answers, 1);
    assert_int_equal(answer, COP_E_NOMEM);
    budget = 1;
    perform(ask_it); /* the caller cannot decode the answer */
    assert_int_equal(handled, 1);
    assert_int_equal(answers, 2);
    assert_int_equal(answer, COP_E_NOMEM);
    budget = UINT32_MAX;
    perform(send_it);
    assert_int_equal(handled, 2);
    close_scene();
}

/* -------------------------------------------------------------------------- spawns */

static cop_err
start_it(cop_actor *me)
{
    return cop_spawn_at(me, "far", "started", 1000, COP_THEN(hand, cop_spawned), chunk, TWO);
}

static cop_err
start_nowhere(cop_actor *me)
{
    return cop_spawn_at(me, "elsewhere", "started", 1000, COP_THEN(hand, cop_spawned), chunk,
                        TWO);
}

static cop_err
start_without_time(cop_actor *me)
{
    return cop_spawn_at(me, "far", "started", 0, COP_THEN(hand, cop_spawned), chunk, TWO);
}

static void
an_argument_is_a_message_too(void **state)
{
    (void)state;
    open_scene();
    perform(start_it);
    assert_int_equal(result, COP_OK);
    assert_int_equal(answers, 1);
    assert_int_equal(answer, COP_OK);
    assert_int_equal(started, 1);
    perform(start_nowhere);
    assert_int_equal(result, COP_E_NO_NODE);
    perform(start_without_time);
    assert_int_equal(result, COP_E_INVAL);
    budget = 1;
    perform(start_it);
    budget = UINT32_MAX;
    assert_int_equal(answers, 2);
    assert_int_equal(answer, COP_E_NOMEM);
    assert_int_equal(started, 1);
    close_scene();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_buffer_arrives_as_another_with_the_same_bytes),
        cmocka_unit_test(more_than_a_frame_takes_is_refused),
        cmocka_unit_test(a_busy_line_refuses_and_a_lost_one_loses_without_a_leak),
        cmocka_unit_test(what_a_node_has_no_memory_for_is_a_dead_letter_or_an_error),
        cmocka_unit_test(an_argument_is_a_message_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
