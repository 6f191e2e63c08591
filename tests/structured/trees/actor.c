/* SPDX-License-Identifier: Apache-2.0 */
#include "structured/trees/play.h"

typedef struct tree {
    life *self;
} tree;

static cop_err
begin(cop_actor *me, void *state, const void *arg)
{
    tree *st = state;
    life *self = life_of_arg(arg, me);

    if (self == NULL)
        return COP_E_IGNORE;
    const plan_node *node = play_node(self);
    st->self = self;
    self->pid = cop_self(me);
    self->has_begun = true;
    note_begin(self, me);
    watch(self, me);
    start_children(self->play, me, self);
    if (node->does == ENDS || node->does == FAILS)
        order_later(me, node->act_ms, node->does == ENDS ? TO_END : TO_FAIL, self->self, 0);
    if (node->does != FAILS_TO_START)
        return COP_OK;
    if (node_is_row(self->play->plan, self->node))
        note(self->play, REFUSED, self->self, COP_E_FAILED, 0);
    return fail_as(self, me);
}

COP_HANDLER(tree, order)
{
    note(st->self->play, RAN, st->self->self, msg->deed, 0);
    return obey(st->self, me, msg);
}

COP_HANDLER(tree, question)
{
    return answer_question(st->self, me, msg);
}

COP_HANDLER(tree, letter)
{
    read_letter(st->self, msg);
    return COP_OK;
}

COP_HANDLER(tree, cop_down)
{
    see_down(st->self, msg);
    return COP_OK;
}

COP_HANDLER(tree, cop_child_down)
{
    note_child(st->self, msg);
    return COP_OK;
}

COP_HANDLER(tree, cop_stopping)
{
    life *self = st->self;

    note(self->play, SEES_END, self->self, self->self, 0);
    switch (play_node(self)->told) {
    case GOES_WRONG: return fail_as(self, me);
    case IS_SLOW: order_later(me, play_node(self)->slow_ms, TO_END, self->self, 0); break;
    default: break; /* it is killed */
    }
    return COP_OK;
}

COP_HANDLER(tree, cop_end)
{
    note(st->self->play, WHY, st->self->self, msg->why.kind, msg->why.code);
    return COP_OK;
}

static void
gone(void *state)
{
    if (((tree *)state)->self != NULL)
        life_over(((tree *)state)->self);
}

/* The boss kills, and sees ends. */
typedef struct boss {
    life *self;
} boss;

static cop_err
boss_begin(cop_actor *me, void *state, const void *arg)
{
    boss *st = state;

    st->self = (life *)(uintptr_t)arg;
    st->self->pid = cop_self(me);
    return COP_OK;
}

COP_HANDLER(boss, order)
{
    return obey(st->self, me, msg);
}

COP_HANDLER(boss, cop_down)
{
    play *self = st->self->play;
    int who = life_of_pid(self, msg->who);

    note_more(self, &(entry){.what = DOWN,
                             .who = who,
                             .a = msg->why.kind,
                             .b = msg->why.code,
                             .c = life_of_pid(self, msg->why.origin)});
    for (unsigned i = 0; i < msg->why.cause_count; i++)
        note(self, CAUSE, who, msg->why.causes[i].kind, msg->why.causes[i].code);
    if (msg->why.dropped_causes > 0)
        note(self, MORE, who, msg->why.dropped_causes, 0);
    return COP_OK;
}

COP_REPLY(boss, cop_child_done)
{
    return COP_OK; /* whatever it says */
}

COP_REPLY(boss, cop_child_started)
{
    return COP_OK;
}

void
end_row(life *supervisor, cop_actor *me, int node)
{
    play *self = supervisor->play;

    for (int i = self->life_count - 1; i > supervisor->self; i--)
        if (self->lives[i].parent == supervisor->self && self->lives[i].node == node) {
            note(self, STOP, i, 0, 0); /* or who comes after it */
            break;
        }
    if (cop_terminate_child(me, supervisor->pid, self->names[node], 1000,
                            COP_THEN(boss, cop_child_done)) != COP_OK)
        return; /* it has ended */
}

void
start_row(life *supervisor, cop_actor *me, int node)
{
    play *self = supervisor->play;

    note(self, START_ROW, supervisor->self, node, 0);
    if (cop_restart_child(me, supervisor->pid, self->names[node], 1000,
                          COP_THEN(boss, cop_child_started)) != COP_OK)
        return;
}

COP_HANDLER(boss, cop_child_down)
{
    note_more(st->self->play, &(entry){.what = TOLD,
                                       .who = BOSS,
                                       .a = (int64_t)msg->cookie,
                                       .b = msg->why.kind,
                                       .c = msg->why.code});
    return COP_OK;
}

const cop_behaviour boss_b = {.name = "boss",
                              .state_size = sizeof(boss),
                              .init = boss_begin,
                              .policy = COP_COLLECT,
                              .handlers =
                                  COP_HANDLERS(COP_ON(boss, order), COP_ON(boss, cop_down),
                                               COP_ON(boss, cop_child_down))};

/* ------------------------------------------------------------------------- behaviours */

#define ALWAYS                                                                                 \
    COP_ON(tree, order), COP_ON(tree, question), COP_ON(tree, letter), COP_ON(tree, cop_down), \
        COP_ON(tree, cop_child_down), COP_ON(tree, cop_end)

static const cop_handler prompt[] = {ALWAYS, {0}};
static const cop_handler slow[] = {ALWAYS, COP_ON(tree, cop_stopping), {0}};

#define TREE(a_policy, is_ordered, its_handlers)                                               \
    {                                                                                          \
        .name = "tree", .state_size = sizeof(tree), .init = begin, .dispose = gone,            \
        .policy = a_policy, .ordered = is_ordered, .handlers = its_handlers                    \
    }
#define TREES_WITH(a_policy)                                                                   \
    {                                                                                          \
        {TREE(a_policy, false, prompt), TREE(a_policy, false, slow)},                          \
            {TREE(a_policy, true, prompt), TREE(a_policy, true, slow)},                        \
    }

const cop_behaviour *
behaviour_of(const plan_node *node)
{
    static const cop_behaviour all[][2][2] = {
        [COP_FAIL_FAST] = TREES_WITH(COP_FAIL_FAST),
        [COP_ISOLATE] = TREES_WITH(COP_ISOLATE),
        [COP_COLLECT] = TREES_WITH(COP_COLLECT),
        [COP_RACE] = TREES_WITH(COP_RACE),
    };

    return &all[node->policy][node->ordered][node->told != OBEYS];
}
