/* SPDX-License-Identifier: Apache-2.0 */
#include "structured/trees/play.h"

/* Why a body goes on from where it was waiting. */
typedef enum turn {
    IN_TIME, /* it has waited long enough */
    WISHED,  /* it has been told to end by itself */
    TOLD_TO_END,
} turn;

static void
take(life *self, cop_actor *me, const cop_received *got)
{
    const order *msg = cop_as(got, order);
    const question *asked = cop_as(got, question);
    const cop_child_down *down = cop_as(got, cop_child_down);

    if (msg != NULL) {
        note(self->play, RAN, self->self, msg->deed, 0);
        (void)obey(self, me, msg);
    }
    if (cop_as(got, letter) != NULL)
        read_letter(self, cop_as(got, letter));
    if (cop_as(got, cop_down) != NULL)
        see_down(self, cop_as(got, cop_down));
    if (asked != NULL)
        (void)answer_question(self, me, asked);
    if (down != NULL)
        note_child(self, down);
}

/* `where`: the block in which it stands, or the body itself. */
static turn
see_end(const life *where)
{
    note(where->play, SEES_END, where->self, where->self, 0);
    return TOLD_TO_END;
}

/* Receives until it is `until`, or for ever if that is NO_LIMIT. */
static turn
stay(cop_co *co, life *self, const life *where, int64_t until)
{
    cop_received got;

    while (!self->has_wish) {
        int64_t left = until == NO_LIMIT ? COP_INFINITY : until - play_now(self->play);
        cop_err err = cop_receive(co, left < 0 && until != NO_LIMIT ? 0 : (int32_t)left, &got);
        if (err == COP_E_CANCELLED)
            return see_end(where);
        if (err == COP_E_TIMEOUT)
            return IN_TIME;
        if (got.type == &cop_stopping_type) {
            note(self->play, SEES_END, self->self, self->self, 0);
            until = play_now(self->play) + play_node(self)->slow_ms;
            continue;
        }
        take(self, cop_actor_of(co), &got);
    }
    return WISHED;
}

/* Told to end, it cleans up in a way of its own, there where it stands. */
static void
clean_up(cop_co *co, const life *self, const life *where)
{
    play *play = self->play;
    int64_t until = play_now(play) + play_node(self)->slow_ms;

    for (int i = 0; i < (play_node(self)->told == SWALLOWS ? 5 : 1); i++)
        note(play, WAITED, self->self, where->self, cop_sleep(co, 1));
    if (play_node(self)->told != IS_SLOW && play_node(self)->told != IS_DEAF)
        return;
    if (play_node(self)->told == IS_DEAF && where == self)
        until += 1000;
    /* The body's own, and nothing of the plan: the onlooker does not know of it. */
    cop_err err = COP_E_GONE;
    cop_outcome outcome;
    COP_SCOPE(co, shield, &outcome, .shield = true, .deadline_ms = 2000)
    {
        note(play, CLEANS, where->self, 1, 0);
        err = cop_sleep(co, until - play_now(play));
        note(play, CLEANS, where->self, -1, 0);
    }
    note(play, SHIELDED, self->self, err, until);
}

static turn play_blocks(cop_co *co, cop_actor *me, life *self, life *where);

/* What happens inside a block that is open. */
static turn
play_inside(cop_co *co, cop_actor *me, life *self, life *block)
{
    const plan_node *node = play_node(block);
    int64_t began = play_now(self->play);

    start_children(self->play, me, block);
    turn now = play_blocks(co, me, self, block);
    if (now == IN_TIME)
        now = stay(co, self, block, node->does == WAITS ? NO_LIMIT : began + node->act_ms);
    if (now == TOLD_TO_END)
        clean_up(co, self, block);
    return now;
}

static turn
play_block(cop_co *co, cop_actor *me, life *self, life *where, int node)
{
    life *block = life_new(self->play, where, node);
    turn now = IN_TIME;
    cop_outcome outcome;

    if (block == NULL)
        return WISHED;
    cop_scope_opts all = scope_opts(block);
    bool is_heard = play_node(block)->hears != NOT_HEARD, was_open = false;
    COP_SCOPE(co, here, is_heard ? &outcome : NULL, .within = all.within, .policy = all.policy,
              .deadline_ms = all.deadline_ms, .moves_on = all.moves_on, .shield = all.shield,
              .drain_ms = all.drain_ms, .children = all.children, .keep = all.keep,
              .on_child = all.on_child, .dispose = all.dispose, .ctx = all.ctx)
    {
        block->scope = here.scope;
        block->is_open = was_open = true;
        note(self->play, STARTED, block->self, 0, 0);
        now = play_inside(co, me, self, block);
        if (now == WISHED || (now == IN_TIME && play_node(block)->does == FAILS)) {
            note(self->play, LEAVING, block->self, 0, 0);
            break;
        }
        note(self->play, CLOSE, block->self, 0, 0);
    }
    if (was_open && is_heard)
        note_outcome(block, &outcome);
    if (!was_open)
        note(self->play, REFUSED, block->self, 0, 0);
    /* It was the block that was told; what is around it shows in the next wait. */
    return now == TOLD_TO_END ? IN_TIME : now;
}

/* A call, which is awaited there. */
static turn
play_call(cop_co *co, life *self, life *where, int node)
{
    life *call = life_new(self->play, where, node);

    if (call == NULL)
        return WISHED;
    return ask_and_wait(call, co) == COP_E_CANCELLED ? see_end(where) : IN_TIME;
}

static turn
play_blocks(cop_co *co, cop_actor *me, life *self, life *where)
{
    const plan *plan = self->play->plan;
    turn now = IN_TIME;

    for (int i = where->node + 1; i < plan->node_count && now == IN_TIME; i++) {
        const plan_node *node = &plan->nodes[i];
        if (node->parent != where->node || node->is_gone || !is_block(self->play, where, i))
            continue;
        now = node->kind == ASK ? play_call(co, self, where, i)
                                : play_block(co, me, self, where, i);
    }
    return now;
}

/* Was it told while it looked elsewhere? */
static bool
is_told(cop_co *co)
{
    cop_scope_state state;

    cop_look(co, &state);
    return state.force != COP_FORCE_NONE;
}

static cop_err
end_told(cop_co *co, cop_actor *me, life *self)
{
    clean_up(co, self, self);
    if (play_node(self)->told == GOES_WRONG)
        return fail_as(self, me);
    return play_node(self)->told == SWALLOWS ? COP_OK : COP_E_CANCELLED;
}

static cop_err
run(cop_co *co, cop_actor *me, life *self)
{
    const plan_node *node = play_node(self);

    start_children(self->play, me, self);
    turn now = play_blocks(co, me, self, self);
    if (now == IN_TIME)
        now = stay(co, self, self,
                   node->does == WAITS ? NO_LIMIT : self->began_at + node->act_ms);
    if (now == TOLD_TO_END)
        return end_told(co, me, self);
    if (is_told(co))
        (void)see_end(self);
    if (now == WISHED ? self->wish == TO_FAIL : node->does == FAILS)
        return fail_as(self, me);
    note(self->play, LEAVES, self->self, 0, 0);
    return COP_OK;
}

COP_BODY(tree, const void, arg)
{
    life *self = life_of_arg(arg, me);

    if (self == NULL)
        return COP_E_IGNORE;
    if (node_is_row(self->play->plan, self->node)) {
        watch(self, me);
        COP_TRY(note_end(self, me));
        self->is_started = true;
        note(self->play, STARTED, self->self, 0, 0);
    }
    self->has_begun = true;
    self->began_at = play_now(self->play);
    self->pid = cop_self(me);
    note_begin(self, me);
    cop_err err = run(co, me, self);
    note(self->play, RETURNS, self->self, err, 0);
    return err;
}

#define BODY_WITH(a_policy, it_drains, is_ordered)                                             \
    {                                                                                          \
        COPI_SEQUENTIAL(tree_b, tree), .policy = a_policy, .drains = it_drains,                \
                                       .ordered = is_ordered, .stack_size = 32 * 1024          \
    }
#define BODIES_WITH(a_policy)                                                                  \
    {                                                                                          \
        {BODY_WITH(a_policy, false, false), BODY_WITH(a_policy, false, true)},                 \
            {BODY_WITH(a_policy, true, false), BODY_WITH(a_policy, true, true)},               \
    }

const cop_behaviour *
body_of(const plan_node *node)
{
    static const cop_behaviour all[][2][2] = {
        [COP_FAIL_FAST] = BODIES_WITH(COP_FAIL_FAST),
        [COP_ISOLATE] = BODIES_WITH(COP_ISOLATE),
        [COP_COLLECT] = BODIES_WITH(COP_COLLECT),
        [COP_RACE] = BODIES_WITH(COP_RACE),
    };

    return &all[node->policy][node->drains][node->ordered];
}
