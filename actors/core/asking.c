/* SPDX-License-Identifier: Apache-2.0 */
/*
 * asking.c - what other threads have the root do.
 */
#include "core/node.h"

cop_err
copi_node_tell_root(cop_node *node, void (*run)(cop_actor *, void *), void (*refuse)(void *),
                    void *ctx)
{
    copi_envelope *made = copi_envelope_new(NULL, COPI_REQUEST, sizeof(copi_request));
    copi_worker *worker = node->sim != NULL ? &node->sched.workers[0] : NULL;

    if (made == NULL)
        return COP_E_NOMEM;
    *(copi_request *)copi_payload(made) = (copi_request){run, refuse, ctx};
    atomic_fetch_add_explicit(&node->foreign_messages, 1, memory_order_relaxed);
    cop_err err = copi_push(node, worker, copi_pid_of(node->root), made);
    if (err != COP_OK) {
        atomic_fetch_sub_explicit(&node->foreign_messages, 1, memory_order_relaxed);
        copi_envelope_free(NULL, made);
    }
    return err;
}

/* One question to the root, on the stack of who waits for the answer. */
typedef struct question {
    cop_node *node;
    void (*run)(cop_actor *root, void *ctx);
    void *ctx;
    bool is_answered; /* under the node's lock */
    bool is_refused;
} question;

static void
answer(question *self, bool is_refused)
{
    pthread_mutex_lock(&self->node->lock);
    self->is_answered = true;
    self->is_refused = is_refused;
    pthread_cond_broadcast(&self->node->changed);
    pthread_mutex_unlock(&self->node->lock);
}

static void
run_question(cop_actor *root, void *ctx)
{
    question *self = ctx;

    self->run(root, self->ctx);
    answer(self, false);
}

static void
refuse_question(void *ctx)
{
    answer(ctx, true);
}

bool
copi_node_ask_root(cop_node *node, void (*run)(cop_actor *root, void *ctx), void *ctx)
{
    question asked = {.node = node, .run = run, .ctx = ctx};

    if (copi_node_is_at_hand(node))
        return copi_node_do(node, run, ctx);
    if (!node->is_started ||
        copi_node_tell_root(node, run_question, refuse_question, &asked) != COP_OK)
        return false;
    pthread_mutex_lock(&node->lock);
    while (!asked.is_answered)
        pthread_cond_wait(&node->changed, &node->lock);
    pthread_mutex_unlock(&node->lock);
    return !asked.is_refused;
}

typedef struct spawning {
    const cop_behaviour *behaviour;
    const cop_spawn_opts *opts;
    cop_pid *out;
    cop_err err;
} spawning;

static void
run_spawn(cop_actor *root, void *ctx)
{
    spawning *asked = ctx;

    asked->err =
        copi_root_spawn(root->node, asked->behaviour, asked->opts, COPI_GUEST, asked->out);
}

cop_err
cop_node_spawn(cop_node *node, const cop_behaviour *behaviour, const cop_spawn_opts *opts,
               cop_pid *out)
{
    spawning asked = {behaviour, opts, out, COP_E_GONE};

    return copi_node_ask_root(node, run_spawn, &asked) ? asked.err : COP_E_GONE;
}
