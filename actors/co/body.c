/* SPDX-License-Identifier: Apache-2.0 */
/*
 * body.c - the life of a sequential actor.
 */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/exit.h"
#include "co/co.h"
#include "core/dispatch.h"
#include "core/node.h"
#include "core/receive.h"
#include "debug/debug.h"

static const char *
name_of(const void *who, char *room, size_t size)
{
    return copi_path_write(who, room, size);
}

static void
run(void *arg)
{
    cop_co *co = arg;

    co->result = co->actor->behaviour->body(co, co->actor, co->arg);
}

static cop_err
start(cop_actor *self, const cop_spawn_opts *opts)
{
    cop_co *co = copi_co_of(self);

    if (self->behaviour->body == NULL || self->behaviour->stack_size > COP_STACK_MOST)
        return COP_E_INVAL;
    co->actor = self;
    co->timer.actor = self;
    co->timer.timer.what = COPI_WAKE;
    co->arg = (void *)(uintptr_t)opts->arg; /* given away */
    co->dispose = opts->dispose;
    co->is_ready = true;
    return COP_OK;
}

/* Only now, where it runs: of many that end soon all have the same stack, which is warm. */
static cop_err
take_stack(cop_actor *self, cop_co *co)
{
    copi_stack_cache *stacks = copi_stacks_of(self->node, self->worker->index);

    if (stacks == NULL)
        return COP_E_NOMEM;
    cop_err err = copi_stack_take(stacks, self->behaviour->stack_size, &co->stack);
    if (err != COP_OK)
        return cop_fail(self, err, "no stack: %s",
                        err == COP_E_OS ? "vm.max_map_count is reached" : cop_err_text(err));
    co->stack->name = name_of;
    co->stack->who = self;
    co->has_begun = true;
    copi_context_make(&co->context, co->stack, run, co);
    return COP_OK;
}

static void
give_stack(cop_actor *self, cop_co *co)
{
    if (co->stack == NULL)
        return;
    copi_context_drop(&co->context);
    copi_stack_give(copi_stacks_of(self->node, self->worker->index), &co->stack);
}

/* ------------------------------------------------------------------------------- steps */

/* Why an actor ends whose body was cancelled and has returned `err`. */
static cop_exit
reason_of_cancelled(const cop_co *co, cop_err err)
{
    cop_exit why = co->why != NULL ? *co->why : (cop_exit){.kind = COP_EXIT_SHUTDOWN};
    cop_exit own = {.kind = COP_EXIT_ERROR, .code = err};

    if (err == COP_OK || err == COP_E_CANCELLED)
        return why;
    if (co->actor->is_leaving && co->actor->why != NULL)
        own = *co->actor->why; /* what cop_fail said */
    else
        strcpy(own.text, cop_err_text(err));
    if (!cop_exit_is_abnormal(&why))
        return own; /* cleaning up went wrong, and nothing else */
    copi_exit_add(&why, &own);
    return why;
}

static void
finish(cop_actor *self, cop_co *co)
{
    cop_err err = co->result;

    give_stack(self, co);
    co->is_over = true;
    self->current = co->letter;
    if (co->letter != NULL && co->letter->kind == COPI_CALL)
        copi_answer_handled(self, err);
    self->current = NULL;
    if (co->lent != NULL)
        co->letter = NULL; /* freed when it is out of the mailbox */
    if (co->force >= COP_FORCE_HARD || (co->force != COP_FORCE_NONE && err == COP_OK)) {
        cop_exit why = reason_of_cancelled(co, err);
        copi_end(self, &why);
    } else if (err != COP_OK) {
        copi_end_failed(self, err);
    } else {
        copi_end_as_said(self); /* normal, or what cop_stop_with has left */
    }
    self->is_leaving = false;
    copi_report_end(self, "its body");
}

/* Runs the body until it waits for something.  False: it has returned. */
static inline bool
enter(cop_actor *self, cop_co *co)
{
    co->is_ready = false;
    self->current = co->letter;
    bool goes_on = copi_context_enter(&co->context);
    self->current = NULL;
    return goes_on;
}

static void
resume(cop_actor *self, cop_co *co)
{
    if (!co->has_begun && (co->result = take_stack(self, co)) != COP_OK)
        finish(self, co);
    else if (!enter(self, co))
        finish(self, co);
}

static bool
step_else(cop_actor *self, cop_co *co, copi_worker *worker, uint32_t slice)
{
    if (!co->is_ready || co->choice != NULL) {
        copi_receive(self);
        if (!copi_has_turns(self) || !copi_inbox_sort(co))
            return false;
        if (!co->is_ready && !(co->choice != NULL && copi_inbox_has_more(co)))
            return copi_mailbox_park(&self->mailbox);
    } else if (!copi_inbox_is_sorted(co) && !copi_inbox_sort(co)) {
        return false; /* a result that came with what woke it is given first */
    }
    if (worker->spent >= slice) {
        co->is_ready = true;
        copi_sched_yield(worker, &self->task);
        return true;
    }
    co->slice = slice;
    resume(self, co);
    /* The usual case: it was told of all that has come. */
    return !co->is_ready && copi_has_turns(self) && copi_inbox_is_sorted(co) &&
           copi_mailbox_park(&self->mailbox);
}

/* The only message there is, if it is what the body waits for; it stays in the mailbox. */
static inline copi_envelope *
lone_letter(cop_actor *self, const cop_co *co)
{
    const copi_choice *choice = co->choice;

    if (choice == NULL || choice->wants != NULL || self->batch != NULL ||
        self->phase != COPI_SEQUENTIAL)
        return NULL;
    copi_envelope *lone = copi_lone_message(self, COPI_NEWS);
    return lone != NULL && lone->type != NULL &&
                   (choice->type == NULL || choice->type == lone->type)
               ? lone
               : NULL;
}

/*
 * Most messages come alone, and find a body that waits for them.  Such a one is lent to it
 * where it is: what it waits for next removes it, as run_lone_message does for handlers.  True
 * if the actor sleeps.
 */
static inline bool
run_with(cop_actor *self, cop_co *co, copi_worker *worker, copi_envelope *lone)
{
    co->lent = co->letter = lone;
    bool goes_on = enter(self, co);
    /* Who waits for the next one has done with this one. */
    if (COPI_LIKELY(co->choice != NULL && !co->is_ready && self->batch == NULL)) {
        co->lent = NULL; /* the next one may be lent on another worker before this returns */
        if (copi_mailbox_park_after(&self->mailbox, &lone->mail)) {
            copi_envelope_free(worker, lone);
            return true;
        }
    }
    if (!goes_on)
        finish(self, co);
    bool is_read = co->letter == lone;
    co->lent = NULL;
    copi_receive_after(self, &lone->mail);
    if (!is_read)
        copi_envelope_free(worker, lone);
    return false;
}

static bool
step(cop_actor *self, copi_worker *worker, uint32_t slice)
{
    cop_co *co = copi_co_of(self);
    copi_envelope *lone = worker->spent < slice ? lone_letter(self, co) : NULL;

    if (COPI_LIKELY(lone != NULL))
        return run_with(self, co, worker, lone);
    return step_else(self, co, worker, slice);
}

/* ------------------------------------------------------------------------------- the end */

static void
keep_reason(cop_actor *self, cop_co *co, const cop_exit *why)
{
    if (co->why != NULL && !cop_exit_is_abnormal(why))
        return;
    if (co->why != NULL && cop_exit_is_abnormal(co->why)) {
        copi_exit_add(co->why, why);
        return;
    }
    /* A failure outweighs that somebody wanted it to end. */
    if (co->why != NULL) {
        *co->why = *why;
        return;
    }
    co->why = copi_pool_take(&self->worker->pool, sizeof *co->why);
    if (co->why != NULL)
        *co->why = *why;
}

/* What the blocks around it hold is told as well, but for what is shielded. */
static void
raise_blocks(cop_actor *self, cop_force force, const cop_exit *why)
{
    cop_exit told = *why;

    if (self->ties == NULL)
        return;
    told.kind = COP_EXIT_SHUTDOWN;
    for (copi_scope *scope = self->ties->own.scopes; scope != NULL; scope = scope->older)
        if (!scope->opts.shield)
            copi_scope_raise(self, scope, force, &told);
}

static bool
cancel(cop_actor *self, cop_force force, const cop_exit *why)
{
    cop_co *co = copi_co_of(self);

    if (co->is_over || (!co->has_begun && force >= COP_FORCE_HARD))
        return false;
    keep_reason(self, co, why);
    if (force <= co->force)
        return true;
    co->force = (uint8_t)force;
    if (force == COP_FORCE_SOFT) {
        if (self->stop_ms > 0)
            co->soft_until = copi_worker_after(self->worker, self->stop_ms - self->stop_ms / 5);
        if (copi_co_set_timer(co))
            return true;
        co->force = COP_FORCE_HARD; /* without memory for a timer it is not soft for long */
    }
    copi_mailbox_shut_door(&self->mailbox);
    raise_blocks(self, COP_FORCE_HARD, why);
    co->is_ready = true;
    return true;
}

static bool
is_cancelled(const cop_actor *self)
{
    return ((const cop_co *)self->state)->force >= COP_FORCE_HARD;
}

static void
wake(cop_actor *self)
{
    copi_co_of(self)->is_ready = true;
}

static void
free_envelope(cop_actor *self, copi_envelope **envelope)
{
    if (*envelope != NULL)
        copi_envelope_free(self->worker, *envelope);
    *envelope = NULL;
}

/* What others have of it.  Not of one that is thrown away with all of them: they may be
 * gone. */
static void
let_go(cop_actor *self, cop_co *co)
{
    if (co->letter != NULL && co->letter->kind == COPI_CALL) {
        self->current = co->letter; /* a killed body leaves it behind */
        copi_answer_unanswered(self, COP_E_DOWN);
        self->current = NULL;
    }
    copi_timer_disarm(self->worker, &co->timer.timer);
    copi_unpin_for(self, &co->timer.timer);
}

static void
end(cop_actor *self)
{
    cop_co *co = copi_co_of(self);

    if (co->actor == NULL)
        return; /* its start has failed */
    if (self->phase != COPI_FREE)
        let_go(self, co);
    give_stack(self, co);
    free_envelope(self, &co->letter);
    free_envelope(self, &co->answer);
    free_envelope(self, &co->captured);
    free(co->kept);
    copi_pool_give(&self->worker->pool, co->why, sizeof *co->why);
    if (co->dispose != NULL)
        copi_dispose(self, co->dispose, co->arg);
    co->is_over = true;
    co->actor = NULL;
}

const struct cop_sequence cop_sequence = {
    .state_size = sizeof(cop_co),
    .start = start,
    .step = step,
    .cancel = cancel,
    .is_cancelled = is_cancelled,
    .wake = wake,
    .forget = copi_inbox_forget,
    .waits_for = copi_wait_reason,
    .waits_at = copi_wait_site,
    .end = end,
};

cop_actor *
cop_actor_of(cop_co *co)
{
    return co->actor;
}
