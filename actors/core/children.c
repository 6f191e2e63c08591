/* SPDX-License-Identifier: Apache-2.0 */
/*
 * children.c - what an owner knows of its children, how it stops them, and its rule for
 * their ends.
 *
 * The list and the fields "owner" in a child's record are touched by the owner's runner
 * only.  A child's record stays until the owner has handled its end, so the pointers in
 * the list are good.
 */
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/exit.h"
#include "base/memory.h"
#include "core/dispatch.h"
#include "core/legacy.h"
#include "core/node.h"
#include "core/ties.h"

/* The child of that pid, if it is one of this actor's. */
static cop_actor *
child_of(cop_actor *self, cop_pid pid)
{
    cop_actor *child = pid.node == self->node->incarnation
                           ? copi_table_find(&self->node->table, copi_slot(pid.id))
                           : NULL;

    /* relaxed: of his own child he knows it, of others he learns no more than that. */
    if (child == NULL || atomic_load_explicit(&child->id, memory_order_relaxed) != pid.id)
        return NULL;
    return copi_owner_of(child) == self ? child : NULL;
}

/* Between two neighbours, either of which may be missing. */
static void
insert(copi_ties *ties, cop_actor *child, cop_actor *older)
{
    cop_actor *younger = older == NULL ? ties->oldest : older->younger;

    child->older = older;
    child->younger = younger;
    *(older == NULL ? &ties->oldest : &older->younger) = child;
    *(younger == NULL ? &ties->youngest : &younger->older) = child;
    ties->child_count++;
}

/* Is it in the list?  One that another actor has spawned may still be on its way there. */
static bool
has_place(const cop_actor *self, const cop_actor *child)
{
    return child != NULL && (child->older != NULL || self->ties->oldest == child);
}

void
copi_child_add(cop_actor *self, cop_actor *child, const cop_spawn_opts *opts)
{
    cop_actor *older = self->ties->youngest;

    if (opts->first)
        older = NULL;
    else if (!cop_pid_is_none(opts->after) && has_place(self, child_of(self, opts->after)))
        older = child_of(self, opts->after);
    insert(self->ties, child, older);
}

void
copi_child_remove(cop_actor *self, cop_actor *child)
{
    copi_ties *ties = self->ties;

    *(child->older == NULL ? &ties->oldest : &child->older->younger) = child->younger;
    *(child->younger == NULL ? &ties->youngest : &child->younger->older) = child->older;
    ties->child_count--;
}

/* ---------------------------------------------------------------- the stop ladder */

void
copi_ladder_due(copi_worker *worker, copi_timer *timer)
{
    copi_ties *ties = COPI_CONTAINER(timer, copi_ties, ladder);

    ties->is_ladder_queued = true;
    ties->ladder_due = (copi_envelope){.kind = COPI_LADDER};
    copi_push_self(worker, ties->self, &ties->ladder_due);
}

/* Has the timer stand at `at`, if it stands later or not at all. */
static void
watch_until(cop_actor *self, int64_t at)
{
    copi_ties *ties = self->ties;

    if (ties->is_ladder_queued)
        return; /* it will look at all children, and arm again */
    if (copi_timer_is_armed(&ties->ladder) && ties->ladder.node.due <= at)
        return;
    if (!ties->is_ladder_armed) {
        ties->is_ladder_armed = true;
        copi_pin(self);
    }
    ties->ladder.what = COPI_LADDER;
    COPI_INSIST(copi_timer_arm(self->worker, &ties->ladder, at));
}

static void
send(cop_actor *self, cop_actor *child, copi_kind kind, const cop_exit *why)
{
    copi_signal(
        self->node, self->worker,
        &(copi_parcel){
            .kind = kind, .from = copi_pid_of(self), .to = copi_pid_of(child), .why = why});
}

/* A child whose owner was killed is told so, however it would be stopped otherwise: in OTP
 * too its end then comes by the link, and not by the supervisor's hand. */
static bool
is_killed_at_once(const cop_actor *self, const cop_actor *child)
{
    return (child->stop_ms == COP_STOP_BRUTAL && !self->is_killed) ||
           atomic_load_explicit(&self->node->is_hard, memory_order_relaxed);
}

static int64_t
patience_with(const cop_actor *child)
{
    switch (child->stop_ms) {
    case COP_STOP_NO_WAIT: return 0;
    case COP_STOP_BRUTAL: return COPI_STOP_MS;
    default: return child->stop_ms;
    }
}

void
copi_child_tell(cop_actor *self, cop_actor *child, const cop_exit *why)
{
    if (child->is_told)
        return;
    child->is_told = true;
    if (is_killed_at_once(self, child)) {
        send(self, child, COPI_KILL, NULL);
        return;
    }
    send(self, child, COPI_STOP, why);
    if (child->stop_ms == COP_INFINITY)
        return;
    child->kill_at = copi_worker_now(self->worker) + patience_with(child) * COPI_MS;
    if (child->kill_at == 0)
        child->kill_at = -1; /* virtual time begins at 0, which here means never */
    watch_until(self, child->kill_at);
}

void
copi_on_ladder(cop_actor *self)
{
    copi_ties *ties = self->ties;
    int64_t now = copi_worker_now(self->worker), next = 0;

    ties->is_ladder_queued = false;
    for (cop_actor *child = ties->oldest; child != NULL; child = child->younger) {
        if (child->kill_at == 0)
            continue;
        if (child->kill_at <= now) {
            child->kill_at = 0;
            send(self, child, COPI_KILL, NULL);
        } else if (next == 0 || child->kill_at < next) {
            next = child->kill_at;
        }
    }
    if (next != 0)
        watch_until(self, next);
    else
        copi_ladder_end(self);
}

void
copi_ladder_end(cop_actor *self)
{
    copi_ties *ties = self->ties;

    copi_timer_disarm(self->worker, &ties->ladder);
    if (ties->is_ladder_armed && !ties->is_ladder_queued) {
        ties->is_ladder_armed = false;
        copi_unpin(self);
    }
}

void
copi_children_stop_all(cop_actor *self)
{
    cop_exit why = {.kind = self->is_killed ? COP_EXIT_KILLED : COP_EXIT_SHUTDOWN};

    for (cop_actor *child = self->ties->youngest; child != NULL; child = child->older) {
        copi_child_tell(self, child, &why);
        if (self->behaviour->ordered)
            return; /* the next one when this one is gone */
    }
}

void
copi_children_kill(cop_actor *self)
{
    if (self->ties == NULL)
        return;
    for (cop_actor *child = self->ties->oldest; child != NULL; child = child->younger) {
        child->is_told = true;
        send(self, child, COPI_KILL, NULL);
    }
}

cop_err
copi_stop_child(cop_actor *self, cop_pid pid, const cop_exit *why)
{
    cop_actor *child = child_of(self, pid);

    if (child == NULL)
        return COP_E_NOT_FOUND;
    if (copi_ties_of(self) == NULL)
        return COP_E_NOMEM; /* the first child, and it is still on its way here */
    copi_child_tell(self, child, why);
    return COP_OK;
}

cop_err
cop_stop_child(cop_actor *me, cop_pid pid)
{
    return copi_stop_child(me, pid, &(cop_exit){.kind = COP_EXIT_SHUTDOWN});
}

/* ------------------------------------------------------------------ their signals */

void
copi_on_adopt(cop_actor *self, copi_envelope *envelope)
{
    cop_actor *child;

    memcpy(&child, copi_payload(envelope), sizeof(cop_actor *));
    copi_envelope_free(self->worker, envelope);
    COPI_INSIST(copi_ties_of(self) != NULL);
    insert(self->ties, child, self->ties->youngest);
    if (!copi_is_open(self))
        copi_children_stop(self);
}

/* An owner that isolates but does not look: the failure is at least seen in the log. */
static cop_err
log_down(cop_actor *self, const cop_child_end *end)
{
    char text[512];

    cop_exit_print(end->why, text, sizeof text);
    cop_log(self, "a child failed: %s", text);
    return COP_OK;
}

/* ISOLATE: the owner goes on, and is told. */
static cop_err
tell_down(cop_actor *self, const cop_child_end *end)
{
    if (copi_handler_for(self->behaviour, &cop_child_down_type) == NULL &&
        self->behaviour->on_message == NULL)
        return log_down(self, end);
    copi_envelope *made =
        copi_envelope_new(self->worker, COPI_USER_MESSAGE, sizeof(cop_child_down));

    if (made == NULL)
        return COP_E_NOMEM;
    made->type = &cop_child_down_type;
    made->from = end->pid;
    *(cop_child_down *)copi_payload(made) = (cop_child_down){end->pid, end->cookie, *end->why};
    copi_append(self, made);
    return COP_OK;
}

/* FAIL_FAST: the owner ends with the child's end as the cause. */
static cop_err
fail_with(cop_actor *self, const cop_child_end *end)
{
    cop_exit why = {
        .kind = COP_EXIT_ERROR, .code = COP_E_FAILED, .text = "a child ended abnormally"};

    copi_exit_because(&why, end->why);
    copi_end(self, &why);
    return COP_OK;
}

static cop_err
apply_policy(cop_actor *self, const cop_child_end *end)
{
    bool is_failure = cop_exit_is_abnormal(end->why) && !end->told && !end->start_failed;

    if (!copi_is_open(self)) {
        if (self->behaviour->child_gone != NULL && !self->is_killed)
            self->behaviour->child_gone(self, self->state, end);
        return COP_OK;
    }
    switch (self->behaviour->policy) {
    case COP_SUPERVISE: return self->behaviour->on_child(self, self->state, end);
    case COP_ISOLATE: return is_failure ? tell_down(self, end) : COP_OK;
    case COP_FAIL_FAST: return is_failure ? fail_with(self, end) : COP_OK;
    }
    return COP_OK;
}

/* The record is the slot's next actor's afterwards. */
static void
forget(cop_actor *self, cop_actor *child)
{
    copi_child_remove(self, child);
    copi_table_give(&self->node->table, self->worker, child);
}

/* An end that nobody has anything to say to: most are. */
static bool
is_unremarkable(const cop_actor *self, const cop_actor *child)
{
    return child->why == NULL && !child->keeps_mail &&
           self->behaviour->policy != COP_SUPERVISE && self->phase == COPI_RUNNING &&
           (child->exit_kind == COP_EXIT_NORMAL || child->exit_kind == COP_EXIT_SHUTDOWN);
}

cop_err
copi_handle_child_end(cop_actor *self, copi_envelope *envelope)
{
    cop_actor *child = COPI_CONTAINER(envelope, cop_actor, ending);
    cop_exit why;

    if (is_unremarkable(self, child)) {
        forget(self, child);
        return COP_OK;
    }
    copi_exit_of(child, &why);
    if (child->why != NULL) {
        child->worker = self->worker;
        copi_exit_free(child);
    }
    cop_legacy left = {0};
    if (child->keeps_mail)
        left = copi_legacy_of(child, self);
    cop_child_end end = {.pid = copi_pid_of(child),
                         .cookie = child->cookie,
                         .why = &why,
                         .told = child->is_told && child->has_obeyed,
                         .start_failed = !child->is_started,
                         .legacy = child->keeps_mail ? &left : NULL};
    forget(self, child);
    if (self->phase == COPI_ENDING && self->behaviour->ordered)
        copi_children_stop(self);
    cop_err err = apply_policy(self, &end);
    cop_legacy_drop(self, &left);
    return err;
}
