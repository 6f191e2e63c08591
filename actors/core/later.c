/* SPDX-License-Identifier: Apache-2.0 */
/*
 * later.c - children of a scope that call something soon, later, or again and again; and calls
 * that other threads post.
 */
#include <coppice/hatch.h>

#include "base/check.h"
#include "base/clock.h"
#include "core/node.h"
#include "core/scope.h"

/* A century, as of timers. */
static const int64_t ms_max = INT64_C(100) * 366 * 24 * 3600 * 1000;

static bool
arm(cop_actor *self, copi_leaf *leaf, int64_t at)
{
    leaf->timer.what = COPI_LEAF;
    if (!copi_timer_arm(self->worker, &leaf->timer, at))
        return false;
    copi_pin_for(self, &leaf->timer);
    return true;
}

/* The next time; if nothing is caught up, one that is still to come. */
static int64_t
next_of(const cop_actor *self, const copi_leaf *leaf)
{
    int64_t now = copi_worker_now(self->worker), due = leaf->timer.node.due + leaf->period;

    if (due <= now && !leaf->catches_up)
        due += (now - due) / leaf->period * leaf->period + leaf->period;
    return due;
}

/* It may have been called off by itself, or its scope cancelled. */
static cop_err
run_call(cop_actor *self, copi_leaf *leaf)
{
    cop_leaf handle = copi_leaf_handle(leaf);
    uint32_t scope = copi_scope_number(leaf->scope);

    cop_err err = leaf->call(self, copi_user_state(self), leaf->arg);
    if (copi_leaf_find(self, handle) != leaf)
        /* It is over; its scope is there until a later turn. */
        return copi_scope_blame(self, copi_scope_numbered(self, scope), err, handle);
    if (err != COP_OK || leaf->period == 0 || !copi_is_open(self))
        return copi_leaf_ended(self, leaf, err);
    return arm(self, leaf, next_of(self, leaf)) ? COP_OK
                                                : copi_leaf_ended(self, leaf, COP_E_NOMEM);
}

static void
cancel_call(cop_actor *self, copi_leaf *leaf, cop_force force)
{
    (void)self;
    (void)leaf;
    (void)force;
}

static const copi_leaf_kind call_kind = {
    .name = "call", .run = run_call, .cancel = cancel_call};

cop_err
cop_scope_soon(cop_actor *me, cop_scope scope, cop_callback call, void *arg,
               void (*dispose)(void *arg), cop_leaf *out)
{
    copi_leaf *leaf;

    COP_TRY(copi_leaf_new(me, scope, &call_kind, sizeof *leaf, call, arg, dispose, &leaf));
    leaf->is_queued = true;
    copi_append(me, &leaf->due);
    if (out != NULL)
        *out = copi_leaf_handle(leaf);
    return COP_OK;
}

static cop_err
later(cop_actor *me, cop_scope scope, int64_t ms, int64_t period, cop_missed missed,
      cop_callback call, void *arg, void (*dispose)(void *arg), cop_leaf *out)
{
    copi_leaf *leaf;

    COP_TRY(copi_leaf_new(me, scope, &call_kind, sizeof *leaf, call, arg, dispose, &leaf));
    leaf->period = period;
    leaf->catches_up = missed == COP_MISSED_CATCH_UP;
    if (!arm(me, leaf, copi_worker_after(me->worker, ms))) {
        copi_leaf_over(me, leaf);
        return COP_E_NOMEM;
    }
    if (out != NULL)
        *out = copi_leaf_handle(leaf);
    return COP_OK;
}

cop_err
cop_scope_after(cop_actor *me, cop_scope scope, int64_t ms, cop_callback call, void *arg,
                void (*dispose)(void *arg), cop_leaf *out)
{
    if (ms < 0 || ms > ms_max) {
        copi_dispose(me, dispose, arg);
        return COP_E_INVAL;
    }
    return later(me, scope, ms, 0, COP_MISSED_SKIP, call, arg, dispose, out);
}

cop_err
cop_scope_every_with(cop_actor *me, cop_scope scope, int64_t ms, cop_missed missed,
                     cop_callback call, void *arg, void (*dispose)(void *arg), cop_leaf *out)
{
    if (ms <= 0 || ms > ms_max || missed > COP_MISSED_CATCH_UP) {
        copi_dispose(me, dispose, arg);
        return COP_E_INVAL;
    }
    return later(me, scope, ms, ms * COPI_MS, missed, call, arg, dispose, out);
}

cop_err
cop_scope_every(cop_actor *me, cop_scope scope, int64_t ms, cop_callback call, void *arg,
                void (*dispose)(void *arg), cop_leaf *out)
{
    return cop_scope_every_with(me, scope, ms, COP_MISSED_SKIP, call, arg, dispose, out);
}

/* ------------------------------------------------------------------------- from outside */

cop_err
copi_handle_closure(cop_actor *self, copi_envelope *envelope)
{
    copi_closure closure = *(copi_closure *)copi_payload(envelope);

    cop_err err = closure.call(self, copi_user_state(self), closure.arg);
    copi_dispose(self, closure.dispose, closure.arg);
    return err;
}

static cop_err
post_call(cop_node *node, cop_pid to, const copi_closure *closure)
{
    copi_worker *worker = node->sim != NULL ? &node->sched.workers[0] : NULL;

    if (closure->call == NULL || to.node != node->incarnation)
        return COP_E_INVAL;
    copi_envelope *made = copi_envelope_new(worker, COPI_CLOSURE, sizeof *closure);
    if (made == NULL)
        return COP_E_NOMEM;
    *(copi_closure *)copi_payload(made) = *closure;
    if (worker == NULL)
        atomic_fetch_add_explicit(&node->foreign_messages, 1, memory_order_relaxed);
    cop_err err = copi_push(node, worker, to, made);
    if (err != COP_OK) {
        if (worker == NULL)
            atomic_fetch_sub_explicit(&node->foreign_messages, 1, memory_order_relaxed);
        copi_envelope_free(worker, made);
    }
    return err;
}

cop_err
cop_post_call(cop_node *node, cop_pid to, cop_callback call, void *arg,
              void (*dispose)(void *arg))
{
    cop_err err = post_call(node, to, &(copi_closure){call, arg, dispose});

    if (err != COP_OK && dispose != NULL)
        dispose(arg);
    return err;
}
