/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stop_children.c - how an owner stops its children: it tells them, and kills who is not gone
 * in time.
 *
 * One timer, the ladder, stands at the first of the times at which a child has to be killed.
 *
 * Who cannot be told for want of memory is told in the letter of the ties, which is there for
 * one child at a time.  The others are owed it (cop_actor.owed, copi_ties.debts): the debts are
 * paid a millisecond later, by the ladder, or if that cannot be armed, when a child has ended.
 * Whoever is the first gets the letter, so there is always one that hears of it.
 *
 * All of this is the owner's runner's, but for copi_letter_read.
 */
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/memory.h"
#include "core/node.h"
#include "core/scope.h"
#include "debug/snapshot.h"

void
copi_ladder_due(copi_worker *worker, copi_timer *timer)
{
    copi_ties *ties = COPI_CONTAINER(timer, copi_ties, ladder);

    ties->is_ladder_queued = true;
    ties->ladder_due = (copi_envelope){.kind = COPI_LADDER};
    copi_push_self(worker, ties->self, &ties->ladder_due);
}

/* Has the timer stand at `at`, if it stands later or not at all.  Without memory it does when
 * a child ends: see copi_pay_debts. */
static void
watch_until(cop_actor *self, int64_t at)
{
    copi_ties *ties = self->ties;

    if (ties->is_ladder_queued)
        return; /* it will look at all children, and arm again */
    if (copi_timer_is_armed(&ties->ladder) && ties->ladder.node.due <= at)
        return;
    ties->ladder.what = COPI_LADDER;
    if (!copi_timer_arm(self->worker, &ties->ladder, at)) {
        ties->debts |= COPI_OWES_LADDER;
        if (ties->is_ladder_armed)
            copi_unpin(self);
        ties->is_ladder_armed = false;
        return;
    }
    if (!ties->is_ladder_armed) {
        ties->is_ladder_armed = true;
        copi_pin(self);
    }
}

/* The letter of the ties, which says no more than what is owed; one child at a time. */
static bool
send_letter(cop_actor *self, cop_actor *child, uint8_t owed)
{
    copi_ties *ties = self->ties;

    /* acquire: pairs with copi_letter_read; the child has taken it out of its mailbox. */
    if (atomic_load_explicit(&ties->is_letter_out, memory_order_acquire))
        return false;
    /* relaxed: only this actor sets it, and the push shows it to the child with the letter. */
    atomic_store_explicit(&ties->is_letter_out, true, memory_order_relaxed);
    ties->letter = (copi_envelope){.kind = COPI_TELL, .from = copi_pid_of(self), .ref = owed};
    if (copi_push(self->node, self->worker, copi_pid_of(child), &ties->letter) != COP_OK)
        copi_letter_read(&ties->letter);
    return true;
}

void
copi_letter_read(copi_envelope *letter)
{
    copi_ties *ties = COPI_CONTAINER(letter, copi_ties, letter);

    /* release: pairs with send_letter. */
    atomic_store_explicit(&ties->is_letter_out, false, memory_order_release);
}

/* Without memory for it, it is told as soon as the letter is there. */
static void
send(cop_actor *self, cop_actor *child, copi_kind kind, const cop_exit *why)
{
    copi_parcel parcel = {
        .kind = kind, .from = copi_pid_of(self), .to = copi_pid_of(child), .why = why};
    uint8_t owed = kind == COPI_KILL ? COPI_OWED_KILL : copi_owed_stop(why->kind);

    /* Who waits already is first. */
    if ((self->ties->debts & COPI_OWES_WORDS) == 0 &&
        (copi_try_signal(self->node, self->worker, &parcel) == COP_OK ||
         send_letter(self, child, owed))) {
        child->owed = COPI_OWED_NOTHING;
        return;
    }
    child->owed = owed;
    self->ties->debts |= COPI_OWES_WORDS;
    watch_until(self, copi_worker_now(self->worker) + COPI_MS);
}

/* Those of a brood that are owed words, until there is no memory again.  Children are told from
 * the youngest on, so who has not been told stands among the oldest.  False: some are left. */
static bool
pay(cop_actor *self, copi_brood *brood, cop_exit *why)
{
    for (cop_actor *child = brood->oldest; child != NULL; child = child->younger) {
        if (child->owed == COPI_OWED_NOTHING)
            continue;
        bool is_kill = child->owed == COPI_OWED_KILL;
        why->kind = is_kill ? COP_EXIT_KILLED : copi_owed_reason(child->owed);
        send(self, child, is_kill ? COPI_KILL : COPI_STOP, why);
        if (child->owed != COPI_OWED_NOTHING)
            return false;
    }
    for (copi_scope *scope = brood->scopes; scope != NULL; scope = scope->older)
        if (!pay(self, &scope->brood, why))
            return false;
    return true;
}

void
copi_pay_debts(cop_actor *self)
{
    cop_exit why = {0};

    copi_exit_by(self, &why);
    self->ties->debts = 0;
    (void)pay(self, &self->ties->own, &why); /* what is left is owed again */
    watch_until(self, copi_worker_now(self->worker) + COPI_MS);
}

/* A child whose owner was killed is told so, however it would be stopped otherwise: in OTP
 * too its end then comes by the link, and not by the supervisor's hand. */
static bool
is_killed_at_once(const cop_actor *self, const cop_actor *child)
{
    return (child->stop_ms == COP_STOP_BRUTAL && !self->is_killed) ||
           atomic_load_explicit(&self->node->is_hard, memory_order_relaxed);
}

/* Rounded up; as far from another such time as patience may last, but for the sign, it says
 * which is first.  0 means never. */
static uint32_t
in_ms(int64_t ns)
{
    uint32_t ms = (uint32_t)((ns + COPI_MS - 1) / COPI_MS);

    return ms == 0 ? 1 : ms;
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
    int64_t at = copi_worker_now(self->worker) + patience_with(child) * COPI_MS;
    child->kill_at = in_ms(at);
    watch_until(self, at);
}

void
copi_child_kill(cop_actor *self, cop_actor *child)
{
    child->is_told = true;
    child->kill_at = 0;
    send(self, child, COPI_KILL, NULL);
}

/* Kills those of a brood whose time has come.  In how many milliseconds the next one has to be
 * killed, if that is less than `next`. */
static int32_t
climb(cop_actor *self, copi_brood *brood, uint32_t now, int32_t next)
{
    for (cop_actor *child = brood->oldest; child != NULL; child = child->younger) {
        if (child->kill_at == 0)
            continue;
        int32_t left = (int32_t)(child->kill_at - now);
        if (left <= 0) {
            copi_slow_stop(self, child);
            copi_child_kill(self, child);
        } else if (left < next) {
            next = left;
        }
    }
    for (copi_scope *scope = brood->scopes; scope != NULL; scope = scope->older)
        next = climb(self, &scope->brood, now, next);
    return next;
}

void
copi_on_ladder(cop_actor *self)
{
    int64_t now = copi_worker_now(self->worker);

    self->ties->is_ladder_queued = false;
    if (self->ties->debts != 0)
        copi_pay_debts(self);
    /* Rounded down, as who is to be killed was rounded up. */
    int32_t next = climb(self, &self->ties->own, (uint32_t)(now / COPI_MS), INT32_MAX);
    if (next != INT32_MAX)
        watch_until(self, (now / COPI_MS + next) * COPI_MS);
    else if (!copi_timer_is_armed(&self->ties->ladder))
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

/* ----------------------------------------------------------- all, or one of them */

static bool
has_children(const copi_brood *brood)
{
    for (const copi_scope *scope = brood->scopes; scope != NULL; scope = scope->older)
        if (has_children(&scope->brood))
            return true;
    return brood->child_count > 0;
}

/* Is nobody left but the brood's services?  Who is in a scope inside may need them as well. */
static bool
are_services_left(const copi_brood *brood)
{
    if (brood->service_count == 0 || brood->child_count > brood->service_count)
        return false;
    for (const copi_scope *scope = brood->scopes; scope != NULL; scope = scope->older)
        if (has_children(&scope->brood))
            return false;
    return true;
}

static void
stop_brood(cop_actor *self, copi_brood *brood, const cop_exit *why)
{
    bool have_services_turn = self->behaviour->ordered || are_services_left(brood);

    for (cop_actor *child = brood->youngest; child != NULL; child = child->older) {
        if (child->is_service && !have_services_turn)
            continue;
        copi_child_tell(self, child, why);
        if (self->behaviour->ordered)
            return; /* the next one when this one is gone */
    }
    for (copi_scope *scope = brood->scopes; scope != NULL; scope = scope->older)
        stop_brood(self, &scope->brood, why);
}

/* What children are told when their owner ends: who failed, if somebody did, and with what, or
 * what it was told itself; but by a supervisor no more than OTP's says. */
static cop_exit
reason_for_all(const cop_actor *self)
{
    cop_exit out = {.kind = self->is_killed ? COP_EXIT_KILLED : COP_EXIT_SHUTDOWN};
    const cop_exit *why = self->why;

    if (self->behaviour->policy == COP_SUPERVISE)
        return out;
    if (!self->is_killed && why != NULL) {
        bool is_own = why->cause_count == 0;
        out.code = is_own ? why->code : why->causes[0].code;
        memcpy(out.text, is_own ? why->text : why->causes[0].text, sizeof out.text);
        memcpy(out.path, why->path, sizeof out.path);
        out.origin = why->origin;
    }
    copi_exit_by(self, &out);
    return out;
}

void
copi_children_stop_all(cop_actor *self)
{
    cop_exit why;

    if (self->ties->child_count == 0)
        return;
    why = reason_for_all(self);
    stop_brood(self, &self->ties->own, &why);
}

static void
kill_brood(cop_actor *self, copi_brood *brood)
{
    for (cop_actor *child = brood->oldest; child != NULL; child = child->younger)
        copi_child_kill(self, child);
    for (copi_scope *scope = brood->scopes; scope != NULL; scope = scope->older)
        kill_brood(self, &scope->brood);
}

void
copi_children_kill(cop_actor *self)
{
    if (self->ties != NULL)
        kill_brood(self, &self->ties->own);
}

cop_err
copi_stop_child(cop_actor *self, cop_pid pid, const cop_exit *why)
{
    cop_actor *child = copi_child_of(self, pid);

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
    cop_exit why = {.kind = COP_EXIT_SHUTDOWN};

    copi_exit_by(me, &why);
    return copi_stop_child(me, pid, &why);
}
