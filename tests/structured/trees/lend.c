/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/node.h"
#include "structured/trees/play.h"

/* ------------------------------------------------------------------------- a limiter */

/* Behind the state of the library's. */
static life **
life_in(void *state)
{
    return (life **)((char *)state + (cop_limiter.state_size + 15) / 16 * 16);
}

static cop_err
begin(cop_actor *me, void *state, const void *arg)
{
    life *self = (life *)(uintptr_t)arg; /* it is ours */
    const plan_node *node = play_node(self);

    *life_in(state) = self;
    self->pid = cop_self(me);
    self->has_begun = true;
    note_begin(self, me);
    watch(self, me);
    return cop_limiter.init(me, state,
                            &COP_MSG(cop_limiter_opts, .tokens = (uint32_t)node->tokens,
                                     .waiting_max = (uint32_t)node->waiting_max));
}

static void
gone(void *state)
{
    life *self = *life_in(state);

    cop_limiter.dispose(state);
    if (self != NULL)
        life_over(self);
}

void
make_limiter(play *self)
{
    self->limiter = cop_limiter;
    self->limiter.arg_type = NULL;
    self->limiter.state_size = (cop_limiter.state_size + 15) / 16 * 16 + sizeof(life *);
    self->limiter.init = begin;
    self->limiter.dispose = gone;
}

/* It says of itself how many tokens it has lent. */
void
look_at_limiter(life *who, const cop_actor *record)
{
    char text[100];
    unsigned tokens, lent, waiting;

    if (record == NULL || !copi_is_open(record))
        return;
    cop_limiter.print_state(record->state, text, sizeof text);
    if (sscanf(text, "limiter{tokens: %u, held: %u, waiting: %u}", &tokens, &lent, &waiting) !=
        3)
        play_trouble(who->play, "a limiter that cannot be read");
    if (lent != who->lent || waiting != who->waiting)
        note(who->play, LENT, who->self, lent, waiting);
    who->lent = lent;
    who->waiting = waiting;
}

/* --------------------------------------------------------------------------- a loan */

static cop_err
on_granted(cop_actor *me, void *state, cop_err err, const void *message)
{
    life *who = life_of_call(play_of(me), me);
    cop_err told = COP_OK;

    (void)state;
    (void)message;
    if (who == NULL) {
        play_trouble(play_of(me), "a token for nobody");
        return COP_OK;
    }
    note(who->play, RAN, who->self, 0, 0);
    note(who->play, GETS, who->self, err, 0);
    if (play_node(who)->does == FAILS)
        told = fail_as(who, me);
    else if (err == COP_OK && play_node(who)->does == ENDS)
        order_later(me, play_node(who)->act_ms, TO_RETURN, who->self, 0);
    if (err != COP_OK)
        life_over(who);
    return told;
}

void
start_loan(life *who, cop_actor *me)
{
    static const cop_then then = {&cop_limiter_granted_type, on_granted};
    const plan_node *node = play_node(who);
    cop_pid limiter = pid_of_node(who->play, node->peer);

    note(who->play, ASKS, who->self, life_of_pid(who->play, limiter), node->within_ms);
    cop_err err = cop_limiter_acquire(me, limiter, node->within_ms, &then, &who->loan);
    who->is_asking = err == COP_OK;
    who->leaf.ref = who->loan.call;
    who->pid = who->loan.pid;
    note(who->play, err == COP_OK ? STARTED : REFUSED, who->self, err, 0);
}

void
return_loan(life *who, cop_actor *me)
{
    if (who->is_over || !who->is_asking)
        return;
    note(who->play, RETURNED, who->self, 0, 0);
    /* It may have ended just now, with its limiter. */
    (void)cop_limiter_release(me, &who->loan);
    life_over(who);
}
