/* SPDX-License-Identifier: Apache-2.0 */
/*
 * restart_actors.c - the workers, their helpers, and the eye that sees them end.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "property/restart.h"

/* ------------------------------------------------------------------------------ ports */

/* A listening socket whose address only one can have at a time; -1 if somebody has it. */
static int
open_port(const char *name, int number)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    /* Abstract: the first byte is zero, and nothing is left in the file system. */
    snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "coppice-restart-%d-%s-%d",
             (int)getpid(), name, number);
    if (fd >= 0 &&
        (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 1) != 0)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* ------------------------------------------------------------------ worker and helper */

typedef struct worker {
    wood *wood;
    slot *slot;
    int life, port;
    int stop_ms; /* how long it takes to stop */
    cop_token tokens[TOKENS];
    int token_count;
} worker;

/* What a helper is told. */
typedef struct helping {
    slot *slot;
    int number;
    bool has_helper; /* of its own */
} helping;

static const cop_behaviour helper_b;

static cop_err
take_port(worker *st, int number)
{
    st->port = open_port(st->slot->name, number);
    EXPECT(st->wood, st->port >= 0, "%s: port %d is not free: %s", st->slot->name, number,
           strerror(errno));
    return COP_OK;
}

static cop_err
spawn_helper(worker *st, cop_actor *me, int number, bool has_helper)
{
    static const int32_t patience[] = {0, 10, 30, COP_STOP_BRUTAL, COP_STOP_NO_WAIT};
    const helping arg = {st->slot, number, has_helper};

    return cop_spawn(
        me, &helper_b,
        &(cop_spawn_opts){.arg = &arg,
                          .stop_ms = patience[wood_pick(st->wood, COP_COUNT(patience))]},
        NULL);
}

COP_HANDLER(worker, tick)
{
    EXPECT(st->wood, msg->life == st->life, "life %d got a timer of life %d", st->life,
           msg->life);
    return COP_OK;
}

COP_REPLY(worker, say)
{
    st->wood->lives[st->life].calls--;
    return COP_OK;
}

COP_HANDLER(worker, ask)
{
    if (st->token_count == TOKENS || wood_pick(st->wood, 4) == 0)
        return cop_reply(me, say);
    return cop_defer(me, &st->tokens[st->token_count++]);
}

COP_HANDLER(worker, fall)
{
    return cop_fail(me, 1, "fell");
}

COP_HANDLER(worker, leave)
{
    return cop_stop(me);
}

COP_HANDLER(worker, finish)
{
    return cop_stop(me);
}

COP_HANDLER(worker, cop_stopping)
{
    return st->stop_ms == 0 ? cop_stop(me) : cop_send_after(me, st->stop_ms, NULL, finish);
}

COP_HANDLER(worker, cop_end)
{
    const life *one = &st->wood->lives[st->life];

    EXPECT(st->wood, one->calls == 0, "life %d ends with %d calls under way", st->life,
           one->calls);
    wood_expect_bereaved(st->wood, st->life, "at its cop_end");
    return COP_OK;
}

static void
dispose(void *state)
{
    worker *st = state;

    if (st->wood == NULL || st->life == NOBODY)
        return;
    close(st->port);
    st->wood->lives[st->life].is_gone = true;
}

/* A timer, and a call to somebody who may or may not answer. */
static cop_err
own_more(worker *st, cop_actor *me)
{
    slot *other = &st->wood->slots[wood_pick(st->wood, (uint32_t)st->wood->slot_count)];
    cop_pid to = cop_whereis(me, other->name);

    COP_TRY(cop_send_every(me, 1 + wood_pick(st->wood, 20), NULL, tick, .life = st->life));
    if (cop_pid_is_none(to) || cop_pid_equal(to, cop_self(me)))
        return COP_OK;
    if (cop_ask(me, to, 3600000, COP_THEN(worker, say), ask) == COP_OK)
        st->wood->lives[st->life].calls++;
    return COP_OK;
}

static void
begin(worker *st, cop_actor *me, slot *slot)
{
    st->wood = slot->wood;
    st->slot = slot;
    st->life = wood_begin(slot->wood, me, false);
    st->port = -1;
    st->stop_ms = wood_pick(slot->wood, 2) == 0 ? 0 : (int)wood_pick(slot->wood, 40);
}

COP_HANDLER(worker, cop_start)
{
    slot *slot = *(struct slot *const *)msg->arg;
    wood *wood = slot->wood;
    int before = slot->last;

    begin(st, me, slot);
    if (st->life == NOBODY)
        return cop_fail(me, 1, "enough");
    if (before != NOBODY) {
        wood->restarts++;
        wood_expect_gone(wood, before, "when its successor begins");
    }
    slot->last = st->life;
    wood->lives[st->life].slot = slot;
    EXPECT(wood, cop_pid_equal(cop_whereis(me, slot->name), cop_self(me)),
           "life %d has not its name", st->life);
    COP_TRY(take_port(st, 0));
    for (uint32_t i = wood_pick(wood, HELPERS + 1); i > 0; i--)
        COP_TRY(spawn_helper(st, me, (int)i, wood_pick(wood, 2) == 0));
    if (before != NOBODY && !wood->is_calm && wood_pick(wood, 6) == 0)
        return cop_fail(me, 2, "this time not");
    return own_more(st, me);
}

#define WORKER .state_size = sizeof(worker), .policy = COP_ISOLATE, .dispose = dispose
#define DEEDS                                                                                  \
    COP_ON(worker, tick), COP_ON(worker, ask), COP_ON(worker, fall), COP_ON(worker, leave),    \
        COP_ON(worker, finish), COP_ON(worker, cop_stopping), COP_ON(worker, cop_end)

const cop_behaviour wood_worker = {
    .name = "worker", WORKER, .handlers = COP_HANDLERS(COP_ON(worker, cop_start), DEEDS)};

static cop_err
helper_init(cop_actor *me, void *state, const void *arg)
{
    const helping *told = arg;
    worker *st = state;

    begin(st, me, told->slot);
    if (st->life == NOBODY)
        return cop_fail(me, 1, "enough");
    COP_TRY(take_port(st, told->number));
    if (told->has_helper)
        COP_TRY(spawn_helper(st, me, told->number + HELPERS, false));
    return own_more(st, me);
}

static const cop_behaviour helper_b = {
    .name = "helper", WORKER, .init = helper_init, .handlers = COP_HANDLERS(DEEDS)};

/* -------------------------------------------------------------------------------- eye */

typedef struct eye {
    wood *wood;
} eye;

COP_HANDLER(eye, cop_start)
{
    st->wood = *(wood *const *)msg->arg;
    return COP_OK;
}

COP_REPLY(eye, say)
{
    cop_ref call = cop_current_call(me);

    for (int i = 0; i < st->wood->life_count; i++)
        if (st->wood->lives[i].question.bits == call.bits)
            st->wood->lives[i].is_asked = false;
    return COP_OK;
}

/* Watches it, and asks it something that it will hardly answer. */
COP_HANDLER(eye, look)
{
    life *one = &st->wood->lives[msg->life];
    cop_ref ref;

    COP_TRY(cop_monitor(me, one->pid, &ref));
    if (one->is_supervisor)
        return COP_OK;
    one->is_asked = cop_ask_message(me, one->pid, 3600000, COP_THEN(eye, say), &ask_type,
                                    &COP_MSG(ask), &one->question) == COP_OK;
    return COP_OK;
}

COP_HANDLER(eye, strike)
{
    cop_kill(me, st->wood->lives[msg->life].pid);
    return COP_OK;
}

/* Its end is told, so all of it must have ended: the tokens it held, and all below it. */
COP_HANDLER(eye, cop_down)
{
    wood *wood = st->wood;
    int who = wood->life_count - 1;

    while (who >= 0 && !cop_pid_equal(wood->lives[who].pid, msg->who))
        who--;
    if (who < 0)
        return COP_OK;
    const life *one = &wood->lives[who];
    wood->downs++;
    EXPECT(wood, one->is_gone || one->is_supervisor, "life %d is down, but not gone", who);
    EXPECT(wood,
           one->slot == NULL || !cop_pid_equal(cop_whereis(me, one->slot->name), msg->who),
           "life %d is down and has its name", who);
    EXPECT(wood, !one->is_asked, "life %d is down, and still holds a token", who);
    EXPECT(wood, !cop_is_alive(me, msg->who), "life %d is down and alive", who);
    wood_expect_bereaved(wood, who, "when its end is told");
    return COP_OK;
}

const cop_behaviour wood_eye = {
    .name = "eye",
    .state_size = sizeof(eye),
    .handlers = COP_HANDLERS(COP_ON(eye, cop_start), COP_ON(eye, look), COP_ON(eye, strike),
                             COP_ON(eye, cop_down)),
};
