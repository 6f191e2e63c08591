/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order.c - every life ends once, nobody outlives who owns him, and nothing runs after its end.
 */
#include "structured/trees/check.h"

static void
expect_nothing_below(check *self, const seen *who, const char *when)
{
    for (int i = 1; i < self->life_count; i++)
        if (is_alive(self, &self->lives[i]) && is_below(self, &self->lives[i], who->self))
            fault(self, "%s of life %d, but life %d below it is there", when, who->self, i);
}

/* User code of it runs. */
static void
expect_alive(check *self, const entry *one)
{
    const seen *who = &self->lives[one->who];

    if (one->who != BOSS && who->ended.place != 0 && who->ended.place < self->place)
        fault(self, "life %d runs after its end", one->who);
    for (int at = who->parent; at > BOSS; at = self->lives[at].parent)
        if (has_been(self, &self->lives[at].ended))
            fault(self, "life %d runs after the end of life %d around it", one->who, at);
}

void
check_order_entry(check *self, const entry *one)
{
    switch (one->what) {
    case BEGAN:
    case FAILED:
    case LEAVES:
    case SEES_END:
    case RETURNS:
    case WAITED:
    case SHIELDED:
    case WHY:
    case RAN: expect_alive(self, one); break;
    case ENDED: expect_nothing_below(self, &self->lives[one->who], "end"); break;
    case OUTCOME: expect_nothing_below(self, &self->lives[one->who], "outcome"); break;
    case DOWN: expect_nothing_below(self, &self->lives[one->who], "down"); break;
    case TOLD:
        if (one->a != NOBODY)
            expect_nothing_below(self, &self->lives[one->a], "owner told");
        if (one->a != NOBODY && is_alive(self, &self->lives[one->a]))
            fault(self, "life %d was told of life %d, which is there", one->who, (int)one->a);
        break;
    default: break;
    }
}

/* ------------------------------------------------------------------------- at the end */

/* What has an argument is rid of it once, whatever becomes of it. */
static void
check_argument(check *self, const seen *who)
{
    bool is_table = who->node->kind == SUPERVISOR || is_row(self, who);

    if (is_actor(who) && who->arg_gone_count != !is_table)
        fault(self, "the argument of life %d was disposed of %d times", who->self,
              who->arg_gone_count);
    if (kind_is_call(who->node->kind) && !is_request(who) && who->ended_count != 1)
        fault(self, "the argument of life %d was disposed of %d times", who->self,
              who->ended_count);
}

static void
check_end(check *self, const seen *who)
{
    bool is_killed = host_of(self, who)->kind == COP_EXIT_KILLED;
    bool is_told = who->node->hears != NOT_HEARD && host_of(self, who)->started.place != 0;

    check_argument(self, who);
    if (has_lived(who) && who->ended_count != 1)
        fault(self, "life %d has ended %d times", who->self, who->ended_count);
    if (is_scope(who) && who->started.place != 0 && is_told && !is_killed &&
        who->outcome_count != 1)
        fault(self, "life %d had %d outcomes", who->self, who->outcome_count);
    if (is_scope(who) && (is_killed || !is_told) && who->outcome_count > 1)
        fault(self, "life %d had %d outcomes", who->self, who->outcome_count);
    if (is_actor(who) && has_lived(who) && who->down_count != 1)
        fault(self, "of life %d there were %d downs", who->self, who->down_count);
}

void
check_order_end(check *self)
{
    for (int i = 1; i < self->life_count; i++)
        check_end(self, &self->lives[i]);
}
