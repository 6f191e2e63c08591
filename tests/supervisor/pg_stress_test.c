/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pg_stress_test.c - groups on real threads: dancers join, leave and fall; readers read and
 * publish; a follower believes what it is told; and in some rounds the scope is killed again
 * and again.
 *
 * Nothing depends on how long it takes: dancers take a number of turns, and when they are
 * done and gone, a follower that has missed nothing believes in no member.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <coppice/node.h>
#include <coppice/pg.h>
#include <coppice/supervisor.h>

enum {
    DANCERS = 4,
    READERS = 2,
    GROUPS = 3,
    TURNS = 4000, /* of each dancer, its successors included */
    ROUNDS = 4,
    MOST = 2 * TURNS * DANCERS, /* memberships, if a scope were to forget none */
    PATIENCE = 50,              /* seconds; for machines that are busy with other things */
};

#define STRESS(M, F)                                                                           \
    M(1, turn)                                                                                 \
    M(2, note_, F(buf, data))                                                                  \
    M(3, bow)
COP_PROTOCOL(STRESS)

static const cop_str names[GROUPS] = {
    {"a", 1},
    {"b", 1},
    {"c", 1}
};

typedef struct dance {
    bool kills; /* the scope is killed now and then */
    cop_node *node;
    cop_buf *sheet;
    _Atomic unsigned turns[DANCERS]; /* left */
    _Atomic unsigned dancing;        /* dancers with turns left */
    _Atomic unsigned falls, heard, sent, refused, seen, scopes;
    _Atomic(const char *) failure;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_over; /* guarded by lock */
} dance;

static void
fail_dance(dance *self, const char *what)
{
    const char *none = NULL;

    if (atomic_compare_exchange_strong(&self->failure, &none, what))
        fprintf(stderr, "broken: %s\n", what);
}

static void
end_dance(dance *self)
{
    pthread_mutex_lock(&self->lock);
    self->is_over = true;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
}

/* In a round that kills there may be no scope just now. */
static void
expect(dance *self, cop_err err, cop_err other, const char *what)
{
    if (err != COP_OK && err != other && !(self->kills && err == COP_E_NO_NAME))
        fail_dance(self, what);
}

/* ------------------------------------------------------------------------------ dancers */

typedef struct step {
    dance *dance;
    unsigned index;
} step;

COP_HANDLER(step, cop_start)
{
    *st = *(const step *)msg->arg;
    return cop_send(me, cop_self(me), turn);
}

static void
step_once(cop_actor *me, dance *self)
{
    cop_str group = names[cop_random(me) % GROUPS];
    const cop_pid twice[] = {cop_self(me), cop_self(me)};

    switch (cop_random(me) % 4) {
    case 0: expect(self, cop_pg_join(me, NULL, group, twice[0]), COP_OK, "join"); break;
    case 1: expect(self, cop_pg_join_all(me, NULL, group, twice, 2), COP_OK, "join"); break;
    case 2:
        expect(self, cop_pg_leave_all(me, NULL, group, twice, 2), COP_E_NOT_FOUND, "leave");
        break;
    default:
        expect(self, cop_pg_leave(me, NULL, group, twice[0]), COP_E_NOT_FOUND, "leave");
        break;
    }
}

/* Whether the others have had their turns as well; the last one is danced until they have. */
static bool
is_enough(dance *self)
{
    return atomic_load(&self->seen) > 0 && atomic_load(&self->sent) > 0 &&
           (!self->kills || atomic_load(&self->scopes) > 1);
}

COP_HANDLER(step, turn)
{
    dance *self = st->dance;
    unsigned left = atomic_load(&self->turns[st->index]);

    if (left == 0)
        return cop_stop(me);
    step_once(me, self);
    if (left == 1 && !is_enough(self))
        return cop_send(me, cop_self(me), turn);
    if (atomic_fetch_sub(&self->turns[st->index], 1) == 1) {
        atomic_fetch_sub(&self->dancing, 1);
        COP_TRY(cop_send(me, cop_whereis(me, "follower"), bow));
        return cop_stop(me);
    }
    COP_TRY(cop_send(me, cop_self(me), turn));
    if (cop_random(me) % 32 != 0)
        return COP_OK;
    atomic_fetch_add(&self->falls, 1);
    return cop_fail(me, 1, "slipped");
}

COP_HANDLER(step, note_)
{
    atomic_fetch_add(&st->dance->heard, cop_buf_size(msg->data) > 0);
    return COP_OK;
}
COP_BEHAVIOUR(dancer_b, step, COP_ON(step, cop_start), COP_ON(step, turn), COP_ON(step, note_));

/* ------------------------------------------------------------------------------ readers */

typedef struct reader {
    dance *dance;
} reader;

COP_HANDLER(reader, cop_start)
{
    st->dance = *(dance *const *)msg->arg;
    return cop_send(me, cop_self(me), turn);
}

static uint64_t
sum_of(const cop_pid *pids, size_t count)
{
    uint64_t sum = count;

    for (size_t i = 0; i < count; i++)
        sum = sum * 31 + pids[i].id;
    return sum;
}

/* What is held stays as it was, whatever the others do. */
static void
read_all(cop_actor *me, dance *self)
{
    cop_pg_groups groups;
    cop_err err = cop_pg_which_groups(me, NULL, &groups);

    expect(self, err, COP_OK, "which_groups");
    if (err != COP_OK)
        return;
    for (size_t i = 0; i < groups.count; i++) {
        const cop_pg_members *members = &groups.items[i].members;
        uint64_t before = sum_of(members->pids, members->count);
        cop_pg_members again = cop_pg_get_members(me, NULL, groups.items[i].name);
        if (members->count == 0)
            fail_dance(self, "a group without members");
        for (size_t j = 0; j < again.count; j++)
            if (again.pids[j].node != cop_self(me).node)
                fail_dance(self, "a member of no node");
        if (sum_of(members->pids, members->count) != before)
            fail_dance(self, "a list has changed");
        atomic_fetch_add(&self->seen, (unsigned)again.count);
        cop_pg_members_free(&again);
    }
    cop_pg_groups_free(&groups);
}

COP_HANDLER(reader, turn)
{
    dance *self = st->dance;

    if (atomic_load(&self->dancing) == 0)
        return cop_stop(me);
    read_all(me, self);
    cop_published done = cop_publish(me, NULL, names[cop_random(me) % GROUPS], note_,
                                     .data = cop_buf_ref(self->sheet));
    atomic_fetch_add(&self->sent, (unsigned)done.sent);
    atomic_fetch_add(&self->refused, (unsigned)done.refused);
    return cop_send(me, cop_self(me), turn);
}
COP_BEHAVIOUR(reader_b, reader, COP_ON(reader, cop_start), COP_ON(reader, turn));

/* --------------------------------------------------------------------------- a follower */

typedef struct follower {
    dance *dance;
    cop_ref ref;
    cop_pid members[MOST]; /* of all groups, with the group's number for the node */
    size_t count;
} follower;

static cop_pid
entry(cop_str group, cop_pid who)
{
    return (cop_pid){(uint64_t)group.data[0], who.id};
}

static void
believe(follower *self, cop_str group, const cop_pid *pids, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (self->count == MOST)
            fail_dance(self->dance, "very many members");
        else
            self->members[self->count++] = entry(group, pids[i]);
}

static void
doubt(follower *self, cop_str group, cop_pid who)
{
    for (size_t i = self->count; i-- > 0;)
        if (cop_pid_equal(self->members[i], entry(group, who))) {
            self->members[i] = self->members[--self->count];
            return;
        }
    fail_dance(self->dance, "somebody has left who had not joined");
}

/* Whether the dance is over, and nobody is left on the floor. */
static void
look_round(follower *self)
{
    if (self->count == 0 && atomic_load(&self->dance->dancing) == 0)
        end_dance(self->dance);
}

static cop_err
follow(cop_actor *me, follower *st)
{
    cop_pg_groups now;

    if (cop_pg_monitor_scope(me, NULL, &st->ref, &now) != COP_OK)
        return cop_send(me, cop_self(me), turn); /* until it is back */
    atomic_fetch_add(&st->dance->scopes, 1);
    st->count = 0;
    for (size_t i = 0; i < now.count; i++)
        believe(st, now.items[i].name, now.items[i].members.pids, now.items[i].members.count);
    cop_pg_groups_free(&now);
    look_round(st);
    return COP_OK;
}

COP_HANDLER(follower, cop_start)
{
    st->dance = *(dance *const *)msg->arg;
    return follow(me, st);
}

COP_HANDLER(follower, turn)
{
    return follow(me, st);
}

/* A dancer has done its turns, and may have been no member at the end. */
COP_HANDLER(follower, bow)
{
    look_round(st);
    return COP_OK;
}

COP_HANDLER(follower, cop_down)
{
    return msg->ref.bits == st->ref.bits ? follow(me, st) : COP_OK;
}

COP_HANDLER(follower, cop_pg_joined)
{
    if (msg->ref.bits == st->ref.bits)
        believe(st, msg->group, msg->pids.items, msg->pids.count);
    return COP_OK;
}

COP_HANDLER(follower, cop_pg_left)
{
    for (size_t i = 0; msg->ref.bits == st->ref.bits && i < msg->pids.count; i++)
        doubt(st, msg->group, msg->pids.items[i]);
    look_round(st);
    return COP_OK;
}
COP_BEHAVIOUR(follower_b, follower, COP_ON(follower, cop_start), COP_ON(follower, turn),
              COP_ON(follower, bow), COP_ON(follower, cop_down),
              COP_ON(follower, cop_pg_joined), COP_ON(follower, cop_pg_left));

/* ------------------------------------------------------------------------------- killer */

COP_HANDLER(step, cop_down)
{
    cop_ref ref;

    if (atomic_load(&st->dance->dancing) == 0)
        return cop_stop(me);
    cop_kill(me, cop_whereis(me, COP_PG));
    return cop_monitor(me, cop_whereis(me, COP_PG), &ref);
}

/* Kills a scope when the last one is gone. */
static cop_err
killer_init(cop_actor *me, void *state, const void *arg)
{
    cop_ref ref;

    *(step *)state = *(const step *)arg;
    return cop_monitor(me, COP_PID_NONE, &ref);
}

static const cop_behaviour killer_b = {.name = "killer",
                                       .state_size = sizeof(step),
                                       .init = killer_init,
                                       .handlers = COP_HANDLERS(COP_ON(step, cop_down))};

/* ------------------------------------------------------------------------------ a round */

static void
drop_line(COP_UNUSED void *ctx, COP_UNUSED const char *line)
{
}

static bool
await_end(dance *self)
{
    struct timespec until;
    bool is_over;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE;
    pthread_mutex_lock(&self->lock);
    while (!self->is_over && pthread_cond_timedwait(&self->changed, &self->lock, &until) == 0)
        continue;
    is_over = self->is_over;
    pthread_mutex_unlock(&self->lock);
    return is_over;
}

/* One row for each who takes part; permanent ones come back when they fall. */
static void
fill_tree(cop_child *rows, dance *self, dance **where, step steps[DANCERS])
{
    static const char *const dancers[DANCERS] = {"d0", "d1", "d2", "d3"};
    static const char *const readers[READERS] = {"r0", "r1"};
    size_t row = 0;

    *where = self;
    rows[row++] = (cop_child){.name = COP_PG, .run = &cop_pg_scope};
    rows[row++] = (cop_child){.name = "follower", .run = &follower_b, .arg = where};
    for (int i = 0; i < READERS; i++)
        rows[row++] = (cop_child){
            .name = readers[i], .run = &reader_b, .arg = where, .restart = COP_TRANSIENT};
    for (unsigned i = 0; i < DANCERS; i++) {
        steps[i] = (step){self, i};
        rows[row++] = (cop_child){
            .name = dancers[i], .run = &dancer_b, .arg = &steps[i], .restart = COP_TRANSIENT};
    }
    if (self->kills)
        rows[row++] = (cop_child){
            .name = "killer", .run = &killer_b, .arg = &steps[0], .restart = COP_TRANSIENT};
}

static void
check_end(dance *self)
{
    cop_node_stats stats;

    cop_node_stats_read(self->node, &stats);
    assert_int_equal(stats.actors, 0);
    assert_int_equal(stats.live_messages, 0);
    assert_null(self->failure);
    assert_true(self->falls > 0 && self->seen > 0 && self->sent > 0);
    assert_true(self->heard <= self->sent);
    assert_true(self->kills ? self->scopes > 1 : self->scopes == 1);
    assert_non_null(cop_buf_bytes(self->sheet)); /* the only reference that is left */
}

static void
run_round(uint64_t seed)
{
    dance *self = calloc(1, sizeof *self), *where;
    step steps[DANCERS];
    cop_child rows[2 + READERS + DANCERS + 2] = {0};
    const cop_child tree = {
        .name = "hall", .budget = {1000000, 1},
             .sup = rows
    };
    const cop_node_opts opts = {.workers = 2 + seed % 3, .seed = seed, .on_log = drop_line};

    assert_non_null(self);
    self->kills = seed % 2 == 0;
    self->sheet = cop_buf_new(100);
    assert_non_null(self->sheet);
    atomic_store(&self->dancing, DANCERS);
    for (int i = 0; i < DANCERS; i++)
        atomic_store(&self->turns[i], TURNS);
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->changed, NULL);
    fill_tree(rows, self, &where, steps);
    assert_int_equal(cop_node_new(&self->node, &opts), COP_OK);
    assert_int_equal(cop_node_start(self->node, &cop_supervisor,
                                    &(cop_spawn_opts){.arg = &tree, .stop_ms = COP_INFINITY},
                                    NULL),
                     COP_OK);
    assert_true(await_end(self));
    cop_node_stop(self->node, NULL);
    (void)cop_node_wait(self->node, NULL);
    check_end(self);
    print_message("%u falls, %u scopes, %u members seen, %u notes sent, %u refused\n",
                  self->falls, self->scopes, self->seen, self->sent, self->refused);
    cop_node_free(&self->node);
    cop_buf_unref(self->sheet);
    pthread_cond_destroy(&self->changed);
    pthread_mutex_destroy(&self->lock);
    free(self);
}

static void
nobody_is_forgotten_in_the_crowd(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= ROUNDS; seed++)
        run_round(seed);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_is_forgotten_in_the_crowd),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
