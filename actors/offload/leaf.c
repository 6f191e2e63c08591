/* SPDX-License-Identifier: Apache-2.0 */
/*
 * leaf.c - a job as a child of a scope.
 *
 * The scope, and the actor, wait for its end: the leaf is held.  The thread that ran it
 * tells by a request that the owner's runner takes; the owner is there as long as the leaf
 * is.
 */
#include "base/check.h"
#include "core/node.h"
#include "core/scope.h"
#include "offload/offload.h"

typedef struct job_leaf {
    copi_leaf base; /* first */
    cop_job *job;
    cop_job_done *done;
    copi_job_end end; /* written by who tells, before it tells */
} job_leaf;

static job_leaf *
of(copi_leaf *leaf)
{
    return (job_leaf *)leaf;
}

/* --------------------------------------------------------------------- it is over */

static void
release(void *leaf)
{
    copi_offload_release(&of(leaf)->job);
}

/* The owner's runner.  What the job was told, and did, is no end of the scope's making. */
static cop_err
run_over(cop_actor *self, copi_leaf *leaf)
{
    job_leaf *at = of(leaf);
    copi_scope *scope = leaf->scope;
    cop_err err = COP_OK;
    cop_exit why;

    copi_job_exit(&at->end, &why);
    if (at->done != NULL)
        err = at->done(self, copi_user_state(self), leaf->arg, &why);
    else if (cop_exit_is_abnormal(&why))
        err = cop_fail(self, why.code, "%s",
                       why.text[0] != '\0' ? why.text : cop_exit_kind_name(why.kind));
    copi_dispose(self, release, leaf);
    if (err != COP_OK || why.kind == COP_EXIT_NORMAL)
        return copi_leaf_ended(self, leaf, err);
    copi_leaf_over(self, leaf);
    copi_scope_settle(self, scope);
    return COP_OK;
}

static void
tell_owner(cop_actor *self, void *ctx)
{
    copi_leaf *leaf = ctx;

    leaf->is_queued = true;
    copi_append(self, &leaf->due);
}

/* The owner is ending: no code of its own runs, but it has waited for this, and a failure that
 * nobody else wants to hear of is a part of its reason. */
static void
end_untold(cop_actor *self, copi_leaf *leaf)
{
    copi_scope *scope = leaf->scope;
    cop_exit why;

    copi_job_exit(&of(leaf)->end, &why);
    copi_offload_release(&of(leaf)->job);
    if (of(leaf)->done != NULL || !cop_exit_is_abnormal(&why))
        return;
    why.origin = copi_pid_of(self);
    copi_path_in(self, scope, why.path, sizeof why.path);
    if (scope == NULL)
        copi_scope_fail(self, NULL, &why);
    else
        (void)copi_scope_judge(self, scope, &(cop_child_end){.why = &why},
                               copi_leaf_handle(leaf));
}

static void
tell_nobody(void *ctx)
{
    copi_leaf *leaf = ctx;

    if (leaf->actor->phase != COPI_ENDING)
        return; /* a simulation is thrown away, and discards it */
    end_untold(leaf->actor, leaf);
    copi_leaf_over(leaf->actor, leaf);
}

static void
over(cop_job *job, void *ctx, const copi_job_end *end)
{
    job_leaf *at = ctx;
    cop_node *node = at->base.actor->node;
    copi_worker *worker = node->sim != NULL ? &node->sched.workers[0] : NULL;
    cop_pid owner = job->owner;
    copi_envelope *made;

    at->end = *end;
    made = copi_envelope_new(NULL, COPI_REQUEST, sizeof(copi_request));
    COPI_CHECK(made != NULL); /* there is no going on: an owner waits for this */
    *(copi_request *)copi_payload(made) = (copi_request){tell_owner, tell_nobody, at};
    atomic_fetch_add_explicit(&node->foreign_messages, 1, memory_order_relaxed);
    COPI_CHECK(copi_push(node, worker, owner, made) == COP_OK);
}

/* ----------------------------------------------------------------------- the leaf */

static void
cancel(cop_actor *self, copi_leaf *leaf, cop_force force)
{
    (void)force;
    /* Its end waits for a turn that will not come. */
    if (leaf->is_queued && self->phase == COPI_ENDING) {
        end_untold(self, leaf);
        copi_leaf_release(self, leaf);
        return;
    }
    if (leaf->is_cancelled)
        return;
    leaf->is_cancelled = true;
    if (of(leaf)->job->spec.mode == COP_JOB_ABANDON)
        (void)copi_offload_abandon(of(leaf)->job);
    else
        copi_offload_cancel(of(leaf)->job);
}

static void
discard(copi_leaf *leaf)
{
    if (of(leaf)->job != NULL)
        copi_offload_release(&of(leaf)->job);
}

static const copi_leaf_kind job_kind = {
    .name = "job", .run = run_over, .cancel = cancel, .discard = discard};

cop_err
cop_job_start(cop_actor *me, cop_scope scope, const cop_job_spec *spec, cop_job_done *done,
              cop_leaf *out)
{
    copi_leaf *leaf;

    COP_TRY(copi_leaf_new(me, scope, &job_kind, sizeof(job_leaf), copi_never_called, spec->arg,
                          NULL, &leaf));
    of(leaf)->done = done;
    cop_err err = copi_offload_submit(
        me->node->offload,
        &(copi_job_offer){.spec = spec, .owner = cop_self(me), .over = over, .ctx = leaf},
        &of(leaf)->job);
    if (err != COP_OK) {
        copi_leaf_over(me, leaf);
        return err;
    }
    copi_leaf_hold(me, leaf);
    if (out != NULL)
        *out = copi_leaf_handle(leaf);
    return COP_OK;
}
