/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "property/storm.h"

/*
 * What an actor's children know of it.  Made by its spawner, freed when it is disposed
 * of: its children are gone by then, or they touch what is freed.
 */
typedef struct bough {
    storm *storm;
    struct bough *parent; /* NULL: not known */
    _Atomic int children;
} bough;

typedef struct leaf {
    bough *self;
    storm *storm;
    uint64_t seq;
    struct {
        cop_pid who;
        uint64_t seq;
    } heard[HEARD];
    cop_ref watched[WATCHED];
    cop_timer drips[DRIPS];
    bool drips_armed[DRIPS];
    cop_token deferred[DEFERRED];
    int deferred_count;
    uint64_t open_calls;
    bool is_stopping, has_ended;
} leaf;

static const cop_behaviour *behaviour_for(uint64_t random);

static uint64_t
pick(cop_actor *me, uint64_t bound)
{
    return (cop_random(me) >> 20) % bound;
}

static cop_pid
anybody(leaf *st, cop_actor *me)
{
    return storm_anybody(st->storm, cop_random(me));
}

/* Whatever came of it is fine. */
static void
any(cop_err err)
{
    (void)err;
}

/* -------------------------------------------------------------------------- messages */

static void
blow(leaf *st, cop_actor *me, uint32_t hops)
{
    gust one = {.from = cop_self(me), .to = anybody(st, me), .seq = ++st->seq, .hops = hops};

    if (cop_pid_is_none(one.to))
        return;
    if (pick(me, 8) == 0) {
        storm_count(&st->storm->sent, &one);
        cop_cast_message(me, one.to, &gust_type, &one);
    } else if (cop_send_message(me, one.to, &gust_type, &one) == COP_OK) {
        storm_count(&st->storm->sent, &one);
    }
}

static void
check_order(leaf *st, const gust *one)
{
    size_t place = (one->from.id ^ (one->from.id >> 32)) % HEARD;

    if (cop_pid_equal(st->heard[place].who, one->from))
        STORM_EXPECT(st->storm, one->seq > st->heard[place].seq);
    st->heard[place].who = one->from;
    st->heard[place].seq = one->seq;
}

/* ----------------------------------------------------------------------------- calls */

static void
ask(leaf *st, cop_actor *me, const cop_then *then)
{
    shout one = {.how = (uint32_t)pick(me, 8)};
    int32_t within_ms = 1 + (int32_t)pick(me, 30);
    cop_ref ref;
    cop_pid to = anybody(st, me);

    if (cop_pid_is_none(to))
        return;
    if (cop_ask_message(me, to, within_ms, then, &shout_type, &one, &ref) != COP_OK)
        return;
    atomic_fetch_add(&st->storm->asked, 1);
    st->open_calls++;
    if (pick(me, 6) == 0) {
        STORM_EXPECT(st->storm, cop_ask_cancel(me, ref));
        atomic_fetch_add(&st->storm->ended_calls, 1);
        st->open_calls--;
    }
}

COP_REPLY(leaf, echo)
{
    atomic_fetch_add(&st->storm->ended_calls, 1);
    st->open_calls--;
    STORM_EXPECT(st->storm, (err == COP_OK) == (msg != NULL));
    STORM_EXPECT(st->storm, !st->has_ended);
    return COP_OK;
}

COP_HANDLER(leaf, shout)
{
    if (msg->how == 0)
        return COP_OK;
    if (msg->how == 1)
        return cop_fail(me, 1, "shouted at");
    if (msg->how > 3 || st->deferred_count == DEFERRED)
        return cop_reply(me, echo, msg->how);
    return cop_defer(me, &st->deferred[st->deferred_count++]);
}

static void
answer_one(leaf *st, cop_actor *me)
{
    if (st->deferred_count > 0)
        STORM_EXPECT(st->storm,
                     cop_answer(me, &st->deferred[--st->deferred_count], echo, 9) == COP_OK);
}

/* --------------------------------------------------------------------- ties and timers */

static void
watch(leaf *st, cop_actor *me)
{
    cop_ref *place = &st->watched[pick(me, WATCHED)];
    cop_pid who = anybody(st, me);

    if (place->bits != 0) {
        (void)cop_demonitor_flush(me, *place);
        place->bits = 0;
    } else if (!cop_pid_is_none(who)) {
        any(cop_monitor(me, who, place));
    }
}

COP_HANDLER(leaf, cop_down)
{
    bool is_known = false;

    for (int i = 0; i < WATCHED; i++)
        if (st->watched[i].bits == msg->ref.bits) {
            is_known = true;
            st->watched[i].bits = 0;
        }
    STORM_EXPECT(st->storm, is_known);
    STORM_EXPECT(st->storm, !cop_is_alive(me, msg->who));
    return COP_OK;
}

COP_HANDLER(leaf, cop_exited)
{
    STORM_EXPECT(st->storm, !msg->by_link || !cop_is_alive(me, msg->who));
    return COP_OK;
}

static void
drop_or_arm(leaf *st, cop_actor *me)
{
    uint32_t place = (uint32_t)pick(me, DRIPS);
    int64_t ms = 1 + (int64_t)pick(me, 10);
    drip one = {.due = cop_now_ms(me) + ms, .place = place};
    cop_err err;

    if (st->drips_armed[place]) {
        (void)cop_timer_cancel(me, st->drips[place]);
        st->drips_armed[place] = false;
        return;
    }
    if (pick(me, 3) == 0)
        err = cop_send_every_message(me, ms, &st->drips[place], &drip_type, &one);
    else
        err = cop_send_after_message(me, ms, &st->drips[place], &drip_type, &one);
    st->drips_armed[place] = err == COP_OK;
}

COP_HANDLER(leaf, drip)
{
    STORM_EXPECT(st->storm, st->drips_armed[msg->place]);
    STORM_EXPECT(st->storm, cop_now_ms(me) >= msg->due - 1);
    blow(st, me, 1);
    if (st->is_stopping)
        return cop_stop(me);
    return COP_OK;
}

static void
use_name(leaf *st, cop_actor *me)
{
    char name[] = {'n', (char)('0' + pick(me, STORM_NAMES)), 0};

    switch (pick(me, 3)) {
    case 0: (void)cop_unregister(me, name); break;
    case 1: (void)cop_whereis(me, name); break;
    default: any(cop_register(me, name, anybody(st, me))); break;
    }
}

/* -------------------------------------------------------------------- beginning, end */

static bough *
new_bough(storm *self, bough *parent)
{
    bough *made = malloc(sizeof *made);

    if (made == NULL)
        abort();
    made->storm = self;
    made->parent = parent;
    atomic_init(&made->children, 0);
    return made;
}

/* A child without init has no dispose either. */
static void
discard_unused(storm *self, bough *one, cop_err err)
{
    if (err != COP_E_GONE && err != COP_E_NAME_TAKEN)
        return;
    if (one->parent != NULL)
        atomic_fetch_sub(&one->parent->children, 1);
    atomic_fetch_sub(&self->alive, 1);
    free(one);
}

static void
sprout(leaf *st, cop_actor *me)
{
    static const int32_t patience[] = {COP_STOP_BRUTAL, COP_STOP_NO_WAIT, 1, 20, 50};
    char name[] = {'n', (char)('0' + pick(me, STORM_NAMES)), 0};
    cop_ref *place = &st->watched[pick(me, WATCHED)];
    uint64_t whose = pick(me, 10);

    if (atomic_fetch_add(&st->storm->alive, 1) >= CROWD) {
        atomic_fetch_sub(&st->storm->alive, 1);
        return;
    }
    bough *made = new_bough(st->storm, whose < 7 ? st->self : NULL);
    if (made->parent != NULL)
        atomic_fetch_add(&made->parent->children, 1);
    cop_err err = cop_spawn(me, behaviour_for(cop_random(me)),
                            &(cop_spawn_opts){
                                .arg = made,
                                .owner = whose < 7   ? COP_PID_NONE
                                         : whose < 8 ? cop_root(me)
                                                     : anybody(st, me),
                                .name = pick(me, 6) == 0 ? name : NULL,
                                .link = pick(me, 3) == 0,
                                .monitor = place->bits == 0 && pick(me, 3) == 0 ? place : NULL,
                                .stop_ms = patience[pick(me, COP_COUNT(patience))],
                                .mailbox = pick(me, 4) == 0 ? 4 : 0,
                            },
                            NULL);
    discard_unused(st->storm, made, err);
}

/* One random thing; what the handler is to return. */
static cop_err
act(leaf *st, cop_actor *me, const cop_then *then)
{
    cop_exit_kind kind =
        (cop_exit_kind)(pick(me, 2) == 0 ? COP_EXIT_SHUTDOWN : COP_EXIT_NORMAL);
    cop_pid who = anybody(st, me);

    switch (pick(me, 20)) {
    case 0:
    case 1:
    case 2:
    case 3: sprout(st, me); break;
    case 4:
    case 5: watch(st, me); break;
    case 6: any(cop_link(me, who)); break;
    case 7: cop_unlink(me, who); break;
    case 8: cop_signal(me, who, &(cop_exit){.kind = kind}); break;
    case 9:
        if (pick(me, 4) == 0)
            cop_kill(me, who);
        break;
    case 10:
        if (pick(me, 8) == 0)
            return cop_stop(me);
        break;
    case 11:
        if (pick(me, 16) == 0)
            return cop_fail(me, 3, "blown over");
        break;
    case 12: any(cop_stop_child(me, who)); break;
    case 13:
    case 14: ask(st, me, then); break;
    case 15: answer_one(st, me); break;
    case 16:
    case 17: drop_or_arm(st, me); break;
    case 18: use_name(st, me); break;
    default: (void)cop_trap_exit(me, pick(me, 2) == 0); break;
    }
    return COP_OK;
}

COP_HANDLER(leaf, gust)
{
    storm_count(&st->storm->handled, msg);
    STORM_EXPECT(st->storm, cop_pid_equal(msg->to, cop_self(me)));
    STORM_EXPECT(st->storm, cop_pid_equal(msg->from, cop_sender(me)));
    STORM_EXPECT(st->storm, !st->has_ended);
    if (!cop_pid_is_none(msg->from))
        check_order(st, msg);
    if (msg->hops > 0)
        blow(st, me, msg->hops - 1);
    return act(st, me, COP_THEN(leaf, echo));
}

COP_HANDLER(leaf, cop_start)
{
    bough *mine = (bough *)(uintptr_t)msg->arg;

    st->self = mine;
    st->storm = mine->storm;
    atomic_fetch_add(&st->storm->started, 1);
    atomic_store(&st->storm->board[pick(me, BOARD)], cop_self(me).id);
    cop_err err = act(st, me, COP_THEN(leaf, echo));
    return err == COP_OK && pick(me, 12) == 0 ? COP_E_FAILED : err;
}

COP_HANDLER(leaf, cop_stopping)
{
    STORM_EXPECT(st->storm, !st->is_stopping);
    st->is_stopping = true;
    drop_or_arm(st, me);
    return pick(me, 2) == 0 ? cop_stop(me) : COP_OK;
}

COP_HANDLER(leaf, cop_end)
{
    STORM_EXPECT(st->storm, st->open_calls == 0);
    STORM_EXPECT(st->storm, !st->has_ended);
    st->has_ended = true;
    blow(st, me, 1);
    return COP_OK;
}

static void
dispose(void *state)
{
    leaf *st = state;
    bough *mine = st->self;

    if (mine == NULL)
        return;
    STORM_EXPECT(st->storm, atomic_load(&mine->children) == 0);
    atomic_fetch_add(&st->storm->lost_calls, st->open_calls);
    atomic_fetch_add(&st->storm->disposed, 1);
    atomic_fetch_sub(&st->storm->alive, 1);
    if (mine->parent != NULL)
        atomic_fetch_sub(&mine->parent->children, 1);
    free(mine);
}

#define LEAF                                                                                   \
    .state_size = sizeof(leaf), .dispose = dispose,                                            \
    .handlers =                                                                                \
        COP_HANDLERS(COP_ON(leaf, cop_start), COP_ON(leaf, cop_end), COP_ON(leaf, gust),       \
                     COP_ON(leaf, shout), COP_ON(leaf, drip), COP_ON(leaf, cop_down),          \
                     COP_ON(leaf, cop_exited), COP_ON(leaf, cop_stopping))

static const cop_behaviour leaves[] = {
    {.name = "leaf",     LEAF},
    { .name = "tough", .policy = COP_ISOLATE, .trap_exit = true, LEAF},
    { .name = "tidy",  .policy = COP_ISOLATE,   .ordered = true, LEAF},
};

static const cop_behaviour *
behaviour_for(uint64_t random)
{
    return &leaves[(random >> 20) % COP_COUNT(leaves)];
}

cop_err
leaf_plant(storm *self, uint64_t random)
{
    bough *made = new_bough(self, NULL);

    atomic_fetch_add(&self->alive, 1);
    cop_err err = cop_node_spawn(self->node, behaviour_for(random),
                                 &(cop_spawn_opts){.arg = made, .stop_ms = 50}, NULL);
    discard_unused(self, made, err);
    return err;
}
