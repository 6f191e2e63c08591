/* SPDX-License-Identifier: Apache-2.0 */
#include "structured/trees/play.h"

void
order_later(cop_actor *me, int ms, deed deed, int life, int arg)
{
    /* An actor that is ending has no later. */
    cop_err err = cop_send_after(me, ms, NULL, order, (uint32_t)deed, life, arg);

    (void)err;
}

cop_err
fail_as(life *self, cop_actor *me)
{
    note(self->play, FAILED, self->self, 0, 0);
    return cop_fail(me, CODE + self->self, "life %d", self->self);
}

cop_err
end_as_wished(life *self, cop_actor *me, deed how)
{
    if (play_node(self)->kind == BODY) {
        self->has_wish = true;
        self->wish = how;
        return COP_OK;
    }
    if (how == TO_FAIL)
        return fail_as(self, me);
    note(self->play, LEAVES, self->self, 0, 0);
    return cop_stop(me);
}

static void
note_if(cop_err err, life *one, what what, int64_t a)
{
    if (err == COP_OK)
        note(one->play, what, one->self, a, 0);
}

static cop_err
obey_scope(life *one, cop_actor *me, const order *msg)
{
    static const cop_exit enough = {.code = 4, .text = "enough"};

    if (one->scope.ref.bits == 0)
        return COP_OK;
    /* First into the log: it may be over before it returns. */
    switch ((deed)msg->deed) {
    case TO_CANCEL:
        if (cop_scope_check(me, one->scope) != COP_E_GONE)
            note(one->play, CANCEL, one->self, msg->arg, 0);
        (void)cop_scope_cancel(me, one->scope, (cop_force)msg->arg, &enough);
        break;
    case TO_CLOSE: note_if(cop_scope_close(me, one->scope), one, CLOSE, 0); break;
    default:
        note_if(cop_scope_set_deadline(me, one->scope, msg->arg), one, MOVE,
                play_now(one->play) + msg->arg);
        break;
    }
    return COP_OK;
}

static void
call_off(life *one, cop_actor *me)
{
    const plan_node *node = play_node(one);

    if (node->kind == LOAN) {
        return_loan(one, me);
        return;
    }
    note(one->play, CALL_OFF, one->self, 0, 0);
    one->is_called_off = true;
    if (node->kind != ASK || !is_plain_ask(one))
        (void)cop_leaf_cancel(me, one->leaf);
    else if (cop_ask_cancel(me, one->leaf.ref))
        life_over(one);
}

cop_err
obey(life *self, cop_actor *me, const order *msg)
{
    play *play = self->play;
    life *one = &play->lives[msg->life];

    switch ((deed)msg->deed) {
    case TO_END:
    case TO_FAIL: return end_as_wished(self, me, (deed)msg->deed);
    case TO_CANCEL:
    case TO_CLOSE:
    case TO_MOVE: return obey_scope(one, me, msg);
    case TO_STOP: note_if(cop_stop_child(me, one->pid), one, STOP, 0); break;
    case TO_KILL:
        note(play, KILL, one->self, 0, 0);
        cop_kill(me, one->pid);
        break;
    case TO_CALL_OFF: call_off(one, me); break;
    case TO_WRITE: write_letter(self, me, msg->arg); break;
    case TO_WATCH: watch_node(self, me, msg->arg); break;
    case TO_UNWATCH: unwatch(self, me); break;
    case TO_START: start_one(play, me, one, msg->arg); break;
    case TO_ANSWER: answer_late(one, me); break;
    case TO_RETURN: return_loan(one, me); break;
    case TO_END_ROW: end_row(one, me, msg->arg); break;
    case TO_START_ROW: start_row(one, me, msg->arg); break;
    case DEEDS: break;
    }
    return COP_OK;
}
