/* SPDX-License-Identifier: Apache-2.0 */
#include "structured/trees/play.h"

life *
life_of_call(play *self, cop_actor *me)
{
    cop_ref call = cop_current_call(me);

    for (int i = self->life_count - 1; i > BOSS; i--) {
        life *one = &self->lives[i];
        if (one->leaf.ref.bits == call.bits && one->is_asking &&
            cop_pid_equal(self->lives[one->host].pid, cop_self(me)))
            return one;
    }
    return NULL;
}

/* The handler of an ask has no argument of its own, and that of a body no state. */
static cop_err
on_reply(cop_actor *me, void *state, cop_err err, const void *message)
{
    const reply *got = message;
    life *who = life_of_call(play_of(me), me);
    cop_err told = COP_OK;

    (void)state;
    if (who == NULL) {
        play_trouble(play_of(me), "a reply to nobody");
        return COP_OK;
    }
    note(who->play, RAN, who->self, 0, 0);
    note(who->play, GETS, who->self, err, err == COP_OK ? got->life : NOBODY);
    if (play_node(who)->does == FAILS)
        told = fail_as(who, me);
    else if (play_node(who)->does == ENDS && err == COP_E_CANCELLED && !who->is_called_off)
        told = err; /* what it is a part of is cancelled: that is no failure */
    life_over(who);
    return told;
}

static void
note_asks(life *who, way way)
{
    const plan_node *node = play_node(who);
    int whom = life_of_pid(who->play, pid_of_node(who->play, node->peer));

    note_more(who->play, &(entry){.what = ASKS,
                                  .who = who->self,
                                  .a = whom,
                                  .b = node->within_ms,
                                  .c = (int64_t)way});
}

bool
is_plain_ask(const life *who)
{
    return play_node(who)->plain &&
           kind_is_actor(play_node(&who->play->lives[who->parent])->kind);
}

void
start_ask(life *who, cop_actor *me)
{
    static const cop_then then = {&reply_type, on_reply};
    const plan_node *node = play_node(who);
    const life *parent = &who->play->lives[who->parent];
    cop_pid whom = pid_of_node(who->play, node->peer);
    cop_err err;

    note_asks(who, is_plain_ask(who) ? OF_ITSELF : IN_SCOPE);
    who->is_asking = true;
    if (is_plain_ask(who))
        err = cop_ask_message(me, whom, node->within_ms, &then, &question_type,
                              &COP_MSG(question, .life = who->self), &who->leaf.ref);
    else
        err = cop_scope_ask(me, parent->scope, whom, node->within_ms, &then, &who->leaf,
                            question, .life = who->self);
    who->is_asking = err == COP_OK;
    note(who->play, err == COP_OK ? STARTED : REFUSED, who->self, err, 0);
}

cop_err
ask_and_wait(life *who, cop_co *co)
{
    const plan_node *node = play_node(who);
    const reply *got = NULL;

    note_asks(who, AWAITED);
    note(who->play, STARTED, who->self, 0, 0);
    who->is_asking = true; /* who is killed meanwhile does not come back here */
    cop_err err = cop_call(co, pid_of_node(who->play, node->peer), node->within_ms, reply, &got,
                           question, .life = who->self);
    note(who->play, GETS, who->self, err, err == COP_OK ? got->life : NOBODY);
    life_over(who);
    return err;
}

/* ------------------------------------------------------------------ who is asked */

static void
answer_at_once(life *asked, cop_actor *me)
{
    note(asked->play, ANSWERS, asked->self, 0, 0);
    if (cop_reply(me, reply, .life = asked->self) != COP_OK)
        play_trouble(asked->play, "no reply");
}

static void
keep(life *asked, cop_actor *me, bool is_late)
{
    if (cop_defer(me, &asked->token) != COP_OK)
        play_trouble(asked->play, "no token");
    if (is_late)
        order_later(me, play_node(asked)->slow_ms, TO_ANSWER, asked->self, 0);
}

cop_err
answer_question(life *self, cop_actor *me, const question *msg)
{
    life *asked = &self->play->lives[msg->life];

    note(self->play, RAN, self->self, 0, 0);
    note(self->play, ASKED, asked->self, self->self, 0);
    switch (play_node(asked)->answer) {
    case AT_ONCE: answer_at_once(asked, me); break;
    case LATE: keep(asked, me, true); break;
    case NEVER: keep(asked, me, false); break;
    case NOT_AT_ALL: break;
    case WITH_ERROR: return cop_reply_error(me, COP_E_BUSY);
    case BY_FAILING: return end_as_wished(self, me, TO_FAIL);
    }
    return COP_OK;
}

void
answer_late(life *asked, cop_actor *me)
{
    note(asked->play, ANSWERS, asked->self, 0, 0);
    if (cop_answer(me, &asked->token, reply, .life = asked->self) != COP_OK)
        play_trouble(asked->play, "no late reply");
}
