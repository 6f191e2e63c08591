/* SPDX-License-Identifier: Apache-2.0 */
/*
 * life.c - how an actor ends, in the order that <coppice/actor.h> promises.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/exit.h"
#include "core/actor.h"
#include "core/dispatch.h"
#include "core/legacy.h"
#include "core/node.h"
#include "core/scope.h"
#include "core/sequence.h"
#include "debug/debug.h"

/* Bounces all that nobody inherits; the rest becomes the batch. */
static void
clear(cop_actor *self, copi_mail *mail)
{
    for (copi_mail *next; mail != NULL; mail = next) {
        copi_envelope *envelope = copi_envelope_of(mail);
        next = mail->next;
        if (copi_legacy_keeps(self, envelope))
            copi_append(self, envelope);
        else
            copi_bounce(self->node, self->worker, copi_pid_of(self), envelope, COP_E_DOWN);
    }
}

static void
clear_batch(cop_actor *self)
{
    copi_mail *mail = self->batch;

    self->batch = NULL;
    self->batch_count = 0;
    clear(self, mail);
}

void
copi_close_mailbox(cop_actor *self)
{
    copi_mail *last;

    clear_batch(self);
    while (!copi_mailbox_close(&self->mailbox))
        clear(self, copi_mailbox_take(&self->mailbox, &last));
}

void
copi_free_state(cop_actor *self)
{
    copi_pool_give(&self->worker->pool, self->state,
                   self->behaviour->sequence == NULL ? self->behaviour->state_size
                                                     : self->behaviour->sequence->state_size);
}

/* Keeps a record that says more than its kind and code; without memory it says less. */
static void
keep_exit(cop_actor *self, const cop_exit *why)
{
    cop_exit *kept = self->why;

    self->exit_kind = (uint8_t)why->kind;
    self->exit_code = why->code;
    if (kept == NULL && !cop_exit_is_abnormal(why) && why->text[0] == '\0' &&
        why->cause_count == 0)
        return;
    if (kept == NULL)
        kept = self->why = copi_pool_take(&self->worker->pool, sizeof *kept);
    if (kept == NULL)
        return;
    if (kept != why)
        *kept = *why;
    if (cop_pid_is_none(kept->origin) && cop_exit_is_abnormal(why)) {
        const char *path = cop_path(self);
        size_t length = strlen(path),
               skip = length < COP_EXIT_PATH ? 0 : length - COP_EXIT_PATH + 1;
        kept->origin = copi_pid_of(self);
        memcpy(kept->path, path + skip, length - skip + 1);
    }
}

void
copi_exit_of(const cop_actor *self, cop_exit *out)
{
    if (self->why != NULL) {
        *out = *self->why;
        return;
    }
    *out = (cop_exit){.kind = (cop_exit_kind)self->exit_kind, .code = self->exit_code};
    if (cop_exit_is_abnormal(out)) /* such a record is kept, if it can be */
        strcpy(out->text, "no memory to say more");
}

/* A body that has begun ends by returning; unless it is killed, which leaves it where it is. */
static bool
is_left_to_body(cop_actor *self, const cop_exit *why)
{
    const struct cop_sequence *sequence = self->behaviour->sequence;

    return sequence != NULL && self->phase != COPI_STARTING && !self->is_killed &&
           sequence->cancel(self, COP_FORCE_HARD, why);
}

void
copi_end(cop_actor *self, const cop_exit *why)
{
    if (!copi_is_open(self) || is_left_to_body(self, why))
        return;
    keep_exit(self, why);
    copi_end_as_said(self);
}

void
copi_end_as_said(cop_actor *self)
{
    if (!copi_is_open(self))
        return;
    self->phase = COPI_ENDING;
    copi_mailbox_shut_door(&self->mailbox);
    copi_settle_children(self);
    if (self->ties == NULL)
        return;
    copi_scopes_stop(self);
    copi_children_stop(self);
    if (self->batch != NULL)
        copi_hurry_calls(self);
}

void
copi_end_failed(cop_actor *self, cop_err err)
{
    cop_exit why = {.kind = COP_EXIT_ERROR, .code = err};

    if (self->is_leaving && self->exit_kind == COP_EXIT_ERROR) { /* what cop_fail said */
        why.code = self->exit_code;
        copi_end(self, self->why != NULL ? self->why : &why);
        return;
    }
    if (err == COP_E_IGNORE && self->phase == COPI_STARTING) {
        why = (cop_exit){.kind = COP_EXIT_NORMAL};
    } else {
        snprintf(why.text, sizeof why.text, "%s", cop_err_text(err));
    }
    copi_end(self, &why);
}

void
copi_end_worse(cop_actor *self, const cop_exit *why, const cop_exit *cause)
{
    /* Who has not started has told his starter why. */
    if (!copi_has_crashed(self) && self->is_started)
        keep_exit(self, why);
    else if (self->why != NULL)
        copi_exit_add(self->why, cause);
}

/* What cop_stop and cop_stop_with have said is what a body is told. */
static __attribute__((noinline)) bool
is_told_to_body(cop_actor *self)
{
    cop_exit why;

    copi_exit_of(self, &why);
    return copi_is_open(self) && is_left_to_body(self, &why);
}

void
copi_end_after_handler(cop_actor *self, cop_err err)
{
    if (err != COP_OK)
        copi_end_failed(self, err);
    else if (COPI_LIKELY(self->behaviour->sequence == NULL) || !is_told_to_body(self))
        copi_end_as_said(self);
    self->is_leaving = false;
}

void
copi_kill_self(cop_actor *self)
{
    if (atomic_load_explicit(&self->node->is_hard, memory_order_relaxed))
        copi_children_kill(self);
    if (self->is_killed)
        return;
    self->is_killed = true;
    if (copi_is_open(self)) {
        copi_end(self, &(cop_exit){.kind = COP_EXIT_KILLED});
        return;
    }
    /* It was ending, but took too long: that is the reason that others see. */
    keep_exit(self, &(cop_exit){.kind = COP_EXIT_KILLED});
}

void
copi_last_words_begin(cop_actor *self, cop_exit *said)
{
    *said = (cop_exit){.kind = COP_EXIT_ERROR};
    self->worker->last_words = said;
}

void
copi_last_words_end(cop_actor *self, cop_err err, cop_exit *said)
{
    self->worker->last_words = NULL;
    if (said->text[0] == '\0' && said->code == 0) {
        said->code = err;
        strcpy(said->text, cop_err_text(err));
    }
}

void
copi_clean_up_failed(cop_actor *self, const cop_exit *said)
{
    if (self->why != NULL && cop_exit_is_abnormal(self->why))
        copi_exit_add(self->why, said);
    else
        keep_exit(self, said);
}

/* Apart from the question, as most have nothing to say. */
static __attribute__((noinline)) void
run_last(cop_actor *self)
{
    cop_end end;

    copi_exit_of(self, &end.why);
    self->current = NULL;
    if (self->behaviour->terminate != NULL) {
        self->behaviour->terminate(self, self->state, &end.why);
        return;
    }
    cop_exit said;
    copi_last_words_begin(self, &said);
    cop_err err = copi_dispatch(self, &cop_end_type, &end);
    copi_last_words_end(self, err, &said);
    if (err != COP_OK)
        copi_clean_up_failed(self, &said);
}

static void
run_terminate(cop_actor *self)
{
    if (self->is_started && !self->is_killed &&
        (self->behaviour->terminate != NULL ||
         copi_handler_for(self->behaviour, &cop_end_type) != NULL))
        run_last(self);
}

void
copi_push_ending(cop_actor *self)
{
    cop_actor *owner = copi_owner_of(self);
    copi_worker *worker = self->worker;

    self->ending = (copi_envelope){.from = copi_pid_of(self), .kind = COPI_CHILD_END};
    copi_push_self(worker, owner, &self->ending);
}

/* The root has nobody but the node. */
static void
tell_owner(cop_actor *self)
{
    cop_exit why;

    if (copi_owner_of(self) != NULL) {
        copi_push_ending(self);
        return;
    }
    copi_exit_of(self, &why);
    copi_node_ended(self->node, &why);
}

/* Links and monitors, the last of all that it was tied to. */
static void
tell_others(cop_actor *self)
{
    cop_exit why;

    if (self->ties == NULL)
        return;
    copi_exit_of(self, &why);
    copi_debug_end(self);
    copi_links_end(self, &why);
    copi_monitors_end(self, &why);
    copi_ties_free(self);
}

bool
copi_finish(cop_actor *self)
{
    copi_ties *ties = self->ties;

    if (ties != NULL && ties->child_count + ties->held_count > 0) {
        copi_end_hurried_calls(self);
        return false;
    }
    cop_actor *outer = copi_current(self->worker);
    copi_set_current(self->worker, self);
    if (ties != NULL) {
        copi_calls_end(self);
        copi_scopes_end(self);
        copi_deferred_end(self);
        copi_alarms_end(self);
        copi_watches_end(self);
        copi_ladder_end(self);
    }
    /* After the scopes: they may use what the body's argument is. */
    if (self->behaviour->sequence != NULL)
        self->behaviour->sequence->end(self);
    run_terminate(self);
    if (self->behaviour->dispose != NULL)
        self->behaviour->dispose(self->state);
    clear_batch(self);
    copi_names_end(self);
    copi_close_mailbox(self);
    copi_free_furniture(self);
    tell_others(self);
    self->phase = COPI_ENDED;
    if (self->is_started)
        COPI_TALLY(self->worker, ended, 1);
    /* Inside a spawn it is the spawner's turn again; otherwise nobody's. */
    copi_set_current(self->worker, outer == self ? NULL : outer);
    if (!self->is_inline)
        tell_owner(self);
    else if (self->why != NULL)
        copi_exit_free(self);
    return true;
}

void
copi_exit_free(cop_actor *self)
{
    copi_pool_give(&self->worker->pool, self->why, sizeof *self->why);
    self->why = NULL;
}

/* --------------------------------------------------------------- what a user calls */

cop_err
cop_stop(cop_actor *me)
{
    if (!copi_is_open(me))
        return COP_OK;
    if (me->why == NULL) {
        me->is_leaving = true;
        me->exit_kind = me->is_stopping ? COP_EXIT_SHUTDOWN : COP_EXIT_NORMAL;
        me->exit_code = 0;
        return COP_OK;
    }
    cop_exit why = {.kind = COP_EXIT_NORMAL};
    if (me->is_stopping)
        why = *me->why; /* the reason that it was told */
    return cop_stop_with(me, &why);
}

cop_err
cop_stop_with(cop_actor *me, const cop_exit *why)
{
    if (copi_is_open(me)) {
        me->is_leaving = true;
        keep_exit(me, why);
    }
    return COP_OK;
}

cop_err
cop_fail(cop_actor *me, int code, const char *format, ...)
{
    cop_exit why = {.kind = COP_EXIT_ERROR, .code = code};
    va_list args;

    va_start(args, format);
    vsnprintf(why.text, sizeof why.text, format, args);
    va_end(args);
    if (me->worker->last_words != NULL)
        *me->worker->last_words = why;
    (void)cop_stop_with(me, &why);
    return COP_E_FAILED;
}
