/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/probe.h"

#include <stdlib.h>
#include <string.h>

#include "message/bufs.h"
#include "message/copy.h"

/* ------------------------------------------------------------------------ letters */

static void
append(cop_probe *self, copi_letter *letter)
{
    if (self->first == NULL)
        self->first = letter;
    else
        self->last->next = letter;
    self->last = letter;
}

/* With a copy of the message, if there is one. */
static copi_letter *
add(cop_probe *self, const cop_type *type, const void *message)
{
    size_t size = type == NULL ? 0 : type->size;

    if (type != NULL && !type->flat)
        size += copi_message_extra(type, message);
    copi_letter *made = calloc(1, sizeof *made + size);
    COPI_CHECK(made != NULL);
    made->type = type;
    if (type != NULL && type->flat)
        memcpy(made->message, message, type->size);
    else if (type != NULL && copi_message_copy(type, made->message, message))
        copi_message_hold(type, made->message);
    append(self, made);
    return made;
}

static void
free_letter(copi_letter *letter)
{
    if (letter != NULL && letter->type != NULL && letter->type->has_bufs)
        copi_message_drop(letter->type, letter->message);
    free(letter);
}

void
copi_probe_take(cop_probe *self, copi_letter *letter)
{
    copi_letter *before = NULL;

    free_letter(self->taken);
    for (copi_letter *other = self->first; other != letter; other = other->next)
        before = other;
    if (before == NULL)
        self->first = letter->next;
    else
        before->next = letter->next;
    if (self->last == letter)
        self->last = before;
    self->taken = letter;
}

/* ----------------------------------------------------------------------- the actor */

static cop_err
on_message(cop_actor *me, void *state, const cop_type *type, const void *message)
{
    copi_letter *letter = add(*(cop_probe **)state, type, message);

    letter->from = cop_sender(me);
    if (cop_defer(me, &letter->token) != COP_OK)
        letter->token = (cop_token){0}; /* it is no call */
    return COP_OK;
}

/* Which of the calls has ended is known from its number. */
static cop_err
on_answer(cop_actor *me, void *state, cop_err err, const void *message)
{
    cop_probe *self = *(cop_probe **)state;
    uint64_t ref = cop_current_call(me).bits;

    for (unsigned i = 0; i < COPI_PROBE_ASKS; i++) {
        if (self->asks[i].ref != ref)
            continue;
        self->asks[i].ref = 0;
        copi_letter *letter = add(self, err == COP_OK ? self->asks[i].answer : NULL, message);
        letter->err = err;
        letter->from = cop_sender(me);
    }
    return COP_OK;
}

static cop_err
init(cop_actor *me, void *state, const void *arg)
{
    (void)me;
    memcpy(state, &arg, sizeof arg);
    return COP_OK;
}

static const cop_behaviour probe_behaviour = {
    .name = "probe",
    .state_size = sizeof(cop_probe *),
    .policy = COP_ISOLATE,
    .trap_exit = true,
    .init = init,
    .on_message = on_message,
};

bool
copi_is_probe(const cop_actor *actor)
{
    return actor->behaviour == &probe_behaviour;
}

cop_err
cop_probe_new(cop_node *node, const char *name, cop_probe **out)
{
    cop_probe *self = calloc(1, sizeof *self);

    if (self == NULL)
        return COP_E_NOMEM;
    *self = (cop_probe){.sim = node->sim, .node = node};
    cop_err err = cop_sim_spawn(node, &probe_behaviour,
                                &(cop_spawn_opts){.name = name, .arg = self}, &self->pid);
    if (err != COP_OK) {
        free(self);
        return err;
    }
    self->next = self->sim->probes;
    self->sim->probes = self;
    *out = self;
    return COP_OK;
}

void
copi_probes_free(cop_sim *self)
{
    for (cop_probe *probe = self->probes, *next; probe != NULL; probe = next) {
        next = probe->next;
        while (probe->first != NULL)
            copi_probe_take(probe, probe->first);
        free_letter(probe->taken);
        free(probe);
    }
}

/* --------------------------------------------------------------------- what it does */

/* The actor, whose code runs until leave; NULL if it has ended. */
static cop_actor *
enter(const cop_probe *self)
{
    cop_actor *actor = copi_table_find(&self->node->table, copi_slot(self->pid.id));

    if (self->node->is_crashed || !copi_lives(actor, self->pid))
        return NULL;
    copi_set_current(actor->worker, actor);
    return actor;
}

static cop_err
leave(cop_actor *me, cop_err err)
{
    copi_set_current(me->worker, NULL);
    return err;
}

cop_pid
cop_probe_pid(const cop_probe *probe)
{
    return probe->pid;
}

cop_pid
cop_probe_sender(const cop_probe *probe)
{
    return probe->taken == NULL ? COP_PID_NONE : probe->taken->from;
}

size_t
cop_probe_count(const cop_probe *probe)
{
    size_t count = 0;

    for (const copi_letter *letter = probe->first; letter != NULL; letter = letter->next)
        count++;
    return count;
}

const void *
cop_probe_next(cop_probe *probe, const cop_type **type)
{
    copi_letter *letter = probe->first;

    if (letter == NULL)
        return NULL;
    copi_probe_take(probe, letter);
    *type = letter->type;
    return letter->type == NULL ? (const void *)&letter->err : letter->message;
}

cop_err
cop_probe_send_message(cop_probe *probe, cop_pid to, const cop_type *type, const void *message)
{
    cop_actor *me = enter(probe);

    return me == NULL ? copi_taken(type, message, COP_E_GONE)
                      : leave(me, cop_send_message(me, to, type, message));
}

cop_err
cop_probe_ask_message(cop_probe *probe, cop_pid to, const cop_type *answer,
                      const cop_type *type, const void *message)
{
    cop_actor *me = enter(probe);
    cop_ref ref;
    unsigned at = 0;

    while (at < COPI_PROBE_ASKS && probe->asks[at].ref != 0)
        at++;
    if (me == NULL)
        return copi_taken(type, message, COP_E_GONE);
    if (at == COPI_PROBE_ASKS)
        return leave(me, copi_taken(type, message, COP_E_FULL));
    cop_err err = cop_ask_message(me, to, COP_PROBE_PATIENCE, &(cop_then){answer, on_answer},
                                  type, message, &ref);
    if (err == COP_OK) {
        probe->asks[at].ref = ref.bits;
        probe->asks[at].answer = answer;
    }
    return leave(me, err);
}

cop_err
cop_probe_answer_message(cop_probe *probe, const cop_type *type, const void *message)
{
    cop_actor *me = enter(probe);

    if (me == NULL)
        return copi_taken(type, message, COP_E_GONE);
    if (probe->taken == NULL)
        return leave(me, copi_taken(type, message, COP_E_GONE));
    return leave(me, cop_answer_message(me, &probe->taken->token, type, message));
}

cop_err
cop_probe_answer_error(cop_probe *probe, cop_err err)
{
    cop_actor *me = enter(probe);

    if (me == NULL)
        return COP_E_GONE;
    return leave(me, probe->taken == NULL ? COP_E_GONE
                                          : cop_answer_error(me, &probe->taken->token, err));
}

cop_err
cop_probe_watch(cop_probe *probe, cop_pid who)
{
    cop_actor *me = enter(probe);
    cop_ref ref;

    return me == NULL ? COP_E_GONE : leave(me, cop_monitor(me, who, &ref));
}
