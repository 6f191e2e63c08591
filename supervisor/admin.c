/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin.c - what others have a supervisor do with its children.
 */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"
#include "spec.h"
#include "supervisor.h"

/* An order that is kept until it can be answered. */
struct copi_errand {
    copi_turn turn;
    int32_t verb;
    cop_token token;
    cop_pid pid;
    cop_child *spec;     /* of START_CHILD, until the child has it */
    void *copy;          /* of the argument of START_DYNAMIC, until the child has it */
    const void *pointer; /* ... or borrowed */
    copi_child *child;   /* once there is a plan */
    size_t name_size;
    char name[];
};

copi_errand *
copi_errand_of(copi_turn *turn)
{
    return COPI_CONTAINER(turn, copi_errand, turn);
}

void
copi_errand_free(copi_errand *errand)
{
    if (errand == NULL)
        return;
    free(errand->spec);
    free(errand->copy);
    free(errand);
}

static bool
keep_packed(copi_errand *errand, cop_bytes packed)
{
    if (packed.size == 0)
        return true;
    if (errand->verb == COPI_START_CHILD)
        return (errand->spec = copi_spec_unpack(packed)) != NULL;
    errand->copy = copi_malloc(packed.size);
    if (errand->copy != NULL)
        memcpy(errand->copy, packed.data, packed.size);
    return errand->copy != NULL;
}

static copi_errand *
new_errand(const copi_order *order)
{
    copi_errand *errand = copi_calloc(1, sizeof *errand + order->name.size);

    if (errand == NULL)
        return NULL;
    errand->verb = order->verb;
    errand->pid = order->pid;
    errand->pointer = (const void *)(uintptr_t)order->pointer;
    errand->name_size = order->name.size;
    if (order->name.size > 0)
        memcpy(errand->name, order->name.data, order->name.size);
    if (keep_packed(errand, order->packed))
        return errand;
    copi_errand_free(errand);
    return NULL;
}

static bool
only_looks(const copi_errand *errand)
{
    return errand->verb >= COPI_WHICH_CHILDREN;
}

cop_err
copi_on_order(cop_actor *me, copi_supervisor *self, const copi_order *order)
{
    copi_errand *errand = new_errand(order);
    cop_err err = errand == NULL ? COP_E_NOMEM : cop_defer(me, &errand->token);

    if (err != COP_OK) {
        copi_errand_free(errand);
        cop_reply_error(me, err);
        return COP_OK;
    }
    if (self->awaited != NULL && !self->is_suspended && only_looks(errand))
        return copi_errand_begin(me, self, errand);
    copi_wait_for_turn(self, &errand->turn, COPI_TURN_ERRAND);
    return copi_go_on(me, self);
}

/* ---------------------------------------------------------------------------- answers */

static void
answer_error(cop_actor *me, copi_errand *errand, cop_err err)
{
    (void)cop_answer_error(me, &errand->token, err);
    copi_errand_free(errand);
}

static void
answer_done(cop_actor *me, copi_errand *errand)
{
    (void)cop_answer_message(me, &errand->token, &cop_child_done_type, &(cop_child_done){0});
    copi_errand_free(errand);
}

static void
answer_started(cop_actor *me, copi_errand *errand, cop_pid pid)
{
    (void)cop_answer_message(me, &errand->token, &cop_child_started_type,
                             &(cop_child_started){pid});
    copi_errand_free(errand);
}

/* ------------------------------------------------------------------ orders with a plan */

static void
plan_for(copi_supervisor *self, copi_errand *errand, copi_child *child)
{
    errand->child = child;
    self->errand = errand;
    self->subject = child;
    if (errand->verb == COPI_TERMINATE_CHILD || errand->verb == COPI_TERMINATE_DYNAMIC)
        copi_plan_stop(&self->plan, child);
    else
        copi_plan_start(&self->plan, child);
}

static cop_err
start_child(cop_actor *me, copi_supervisor *self, copi_errand *errand)
{
    COP_TRY(copi_check_new(me, self, errand->spec));
    copi_child *child = copi_children_add(&self->children, errand->spec);
    if (child == NULL)
        return COP_E_NOMEM;
    child->owned = errand->spec;
    errand->spec = NULL;
    plan_for(self, errand, child);
    return COP_OK;
}

static cop_err
start_dynamic(copi_supervisor *self, copi_errand *errand)
{
    if (!self->children.is_dynamic)
        return COP_E_INVAL;
    copi_child *child = copi_children_add(&self->children, self->spec->sup);
    if (child == NULL)
        return COP_E_NOMEM;
    child->owned = errand->copy;
    child->arg = errand->copy != NULL ? errand->copy : errand->pointer;
    errand->copy = NULL;
    plan_for(self, errand, child);
    return COP_OK;
}

/* Instances of a dynamic supervisor have no names. */
static cop_err
named_child(const copi_supervisor *self, const copi_errand *errand, copi_child **out)
{
    if (self->children.is_dynamic)
        return COP_E_INVAL;
    *out = copi_children_find(&self->children, (cop_str){errand->name, errand->name_size});
    return *out == NULL ? COP_E_NOT_FOUND : COP_OK;
}

static cop_err
terminate_child(copi_supervisor *self, copi_errand *errand)
{
    copi_child *child;

    COP_TRY(named_child(self, errand, &child));
    plan_for(self, errand, child);
    return COP_OK;
}

/* Who is dead is terminated well enough, whosever child it was. */
static cop_err
terminate_dynamic(cop_actor *me, copi_supervisor *self, copi_errand *errand)
{
    if (!self->children.is_dynamic)
        return COP_E_INVAL;
    copi_child *child = copi_children_of_pid(&self->children, errand->pid);
    if (child != NULL)
        plan_for(self, errand, child);
    else if (cop_is_alive(me, errand->pid))
        return COP_E_NOT_FOUND;
    else
        answer_done(me, errand);
    return COP_OK;
}

static cop_err
restart_child(copi_supervisor *self, copi_errand *errand)
{
    copi_child *child;

    COP_TRY(named_child(self, errand, &child));
    COP_TRY(copi_known_err(child));
    plan_for(self, errand, child);
    return COP_OK;
}

static cop_err
delete_child(cop_actor *me, copi_supervisor *self, copi_errand *errand)
{
    copi_child *child;

    COP_TRY(named_child(self, errand, &child));
    COP_TRY(copi_known_err(child));
    copi_drop_mail(me, child); /* it may have waited for a restart of all */
    copi_children_drop(&self->children, child);
    answer_done(me, errand);
    return COP_OK;
}

/* A child that was started is dropped again if nothing came of it. */
static void
end_start(cop_actor *me, copi_supervisor *self, copi_errand *errand, cop_err err)
{
    copi_child *child = errand->child;
    cop_pid pid = child->phase == COPI_CHILD_RUNNING ? child->pid : COP_PID_NONE;
    bool was_known = errand->verb == COPI_RESTART_CHILD;

    if (err != COP_OK && was_known)
        copi_child_set_phase(&self->children, child, COPI_CHILD_STOPPED);
    else if (err != COP_OK)
        copi_children_drop(&self->children, child);
    else if (cop_pid_is_none(pid) &&
             (self->children.is_dynamic || child->spec->restart == COP_TEMPORARY))
        copi_children_drop(&self->children, child);
    if (err != COP_OK)
        answer_error(me, errand, err);
    else
        answer_started(me, errand, pid);
}

static void
end_terminate(cop_actor *me, copi_supervisor *self, copi_errand *errand)
{
    copi_child *child = errand->child;

    copi_drop_mail(me, child);
    child->in_row = 0;
    copi_child_set_phase(&self->children, child, COPI_CHILD_STOPPED);
    if (self->children.is_dynamic || child->spec->restart == COP_TEMPORARY)
        copi_children_drop(&self->children, child);
    answer_done(me, errand);
}

void
copi_errand_end(cop_actor *me, copi_supervisor *self, cop_err err)
{
    copi_errand *errand = self->errand;

    self->errand = NULL;
    if (errand->verb == COPI_TERMINATE_CHILD || errand->verb == COPI_TERMINATE_DYNAMIC)
        end_terminate(me, self, errand);
    else
        end_start(me, self, errand, err);
}

/* --------------------------------------------------------------------------- all verbs */

static cop_err
answer_look(cop_actor *me, copi_supervisor *self, copi_errand *errand)
{
    cop_str name = {errand->name, errand->name_size};

    switch (errand->verb) {
    case COPI_COUNT_CHILDREN: COP_TRY(copi_answer_count(me, self, &errand->token)); break;
    case COPI_WHICH_CHILDREN: COP_TRY(copi_answer_which(me, self, &errand->token)); break;
    default: COP_TRY(copi_answer_spec(me, self, name, errand->pid, &errand->token)); break;
    }
    copi_errand_free(errand);
    return COP_OK;
}

/* COP_OK: it is answered or has a plan; else it is still to be answered with the error. */
static cop_err
begin(cop_actor *me, copi_supervisor *self, copi_errand *errand)
{
    switch ((copi_verb)errand->verb) {
    case COPI_START_CHILD: return start_child(me, self, errand);
    case COPI_START_DYNAMIC: return start_dynamic(self, errand);
    case COPI_TERMINATE_CHILD: return terminate_child(self, errand);
    case COPI_TERMINATE_DYNAMIC: return terminate_dynamic(me, self, errand);
    case COPI_RESTART_CHILD: return restart_child(self, errand);
    case COPI_DELETE_CHILD: return delete_child(me, self, errand);
    case COPI_WHICH_CHILDREN:
    case COPI_COUNT_CHILDREN:
    case COPI_GET_CHILDSPEC: return answer_look(me, self, errand);
    }
    return COP_E_INVAL;
}

cop_err
copi_errand_begin(cop_actor *me, copi_supervisor *self, copi_errand *errand)
{
    cop_err err = begin(me, self, errand);

    if (err != COP_OK)
        answer_error(me, errand, err);
    return COP_OK;
}
