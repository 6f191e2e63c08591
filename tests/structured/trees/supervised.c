/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supervised.c - a row comes back as its restart type says, so often as there are restarts
 * left, and what is ordered ends in the reverse order of its start.
 */
#include "structured/trees/check.h"

/* ------------------------------------------------------------------- who is started again */

bool
is_row_stopped(const check *self, const seen *row)
{
    for (int i = 1; i < self->life_count; i++) {
        const seen *other = &self->lives[i];
        if (other->parent == row->parent && other->node == row->node &&
            has_been(self, &other->told_to_stop))
            return true;
    }
    return false;
}

/* It has ended, or not even begun, and should come back. */
static bool
is_to_come_back(const check *self, const seen *row)
{
    bool is_over = has_been(self, &row->ended) || has_been(self, &row->refused);
    bool has_left = has_been(self, &row->leaves) || has_been(self, &row->gives_up);
    bool is_content =
        row->kind == COP_EXIT_NORMAL || (has_left && row->kind == COP_EXIT_SHUTDOWN);

    if (!is_over)
        return false;
    switch (row->node->restart) {
    case COP_PERMANENT: return true;
    case COP_TRANSIENT: return !is_content;
    case COP_TEMPORARY: return false;
    }
    return false;
}

/* Nobody can run: is the supervisor waiting for somebody to end? */
static bool
is_busy(const check *self, const seen *supervisor)
{
    for (int i = 1; i < self->life_count; i++) {
        const seen *row = &self->lives[i];
        if (row->parent == supervisor->self && is_alive(self, row) &&
            (has_been(self, &row->ending) || has_been(self, &row->sees_end)))
            return true;
    }
    return false;
}

/* Others have to end before it comes back, and that may take as long as they have. */
static bool
is_waiting_for_others(const check *self, const seen *row)
{
    cop_strategy strategy = self->lives[row->parent].node->strategy;

    for (int i = 1; i < self->life_count && strategy != COP_ONE_FOR_ONE; i++) {
        const seen *other = &self->lives[i];
        if (other->parent == row->parent && is_alive(self, other) &&
            other->tried.place < row->ended.place &&
            (strategy == COP_ONE_FOR_ALL || other->node > row->node) &&
            self->now <= row->ended.at + 100 + time_when_told(self, other))
            return true;
    }
    return false;
}

static void
check_rows(check *self, const seen *supervisor)
{
    for (int i = 1; i < self->life_count; i++) {
        const seen *row = &self->lives[i];
        bool is_last = row->parent == supervisor->self && has_been(self, &row->tried);
        for (int k = i + 1; k < self->life_count && is_last; k++)
            is_last = self->lives[k].node != row->node ||
                      self->lives[k].parent != row->parent ||
                      !has_been(self, &self->lives[k].tried);
        if (is_last && is_to_come_back(self, row) && !is_row_stopped(self, row) &&
            !is_waiting_for_others(self, row))
            fault(self, "life %d has ended, and life %d does not start it again", i,
                  supervisor->self);
    }
}

/* The life before that of a row; NULL: it is the first. */
static const seen *
life_before(const check *self, const seen *row)
{
    for (int i = row->self - 1; i > row->parent; i--)
        if (self->lives[i].parent == row->parent && self->lives[i].node == row->node)
            return &self->lives[i];
    return NULL;
}

/* It comes back: those who do so with it were stopped before. */
static void
check_coming_back(check *self, const seen *row)
{
    const seen *supervisor = &self->lives[row->parent], *before = life_before(self, row);
    cop_strategy strategy = supervisor->node->strategy;

    if (before == NULL || supervisor->started_rows > 0 || strategy == COP_ONE_FOR_ONE)
        return;
    for (int i = 1; i < row->self; i++) {
        const seen *other = &self->lives[i];
        if (other->parent == row->parent && is_alive(self, other) &&
            other->tried.place < before->ended.place &&
            (strategy == COP_ONE_FOR_ALL || other->node > row->node))
            fault(self, "life %d comes back, but life %d was not stopped before", row->self, i);
    }
}

/* --------------------------------------------------------------------- the order of ends */

static bool
is_told_in_order(const check *self, const seen *one)
{
    const seen *owner = &self->lives[one->parent];

    return is_actor(one) && is_actor(owner) && owner->node->ordered &&
           has_been(self, &owner->ending) && one->kind == COP_EXIT_SHUTDOWN &&
           one->leaves.place == 0 && one->gives_up.place == 0 && one->told_to_stop.place == 0 &&
           one->ending.place == 0;
}

static bool
is_younger(const check *self, const seen *one, const seen *than)
{
    return is_row(self, one) ? one->node > than->node : one->tried.place > than->tried.place;
}

static void
check_ending_in_order(check *self, const seen *one)
{
    for (int i = 1; i < self->life_count; i++) {
        const seen *other = &self->lives[i];
        if (other->parent == one->parent && is_actor(other) && is_alive(self, other) &&
            is_younger(self, other, one))
            fault(self, "life %d was started after life %d, and ends after it", i, one->self);
    }
}

void
check_supervised_entry(check *self, const entry *one)
{
    if (one->what == ENDED && is_told_in_order(self, &self->lives[one->who]))
        check_ending_in_order(self, &self->lives[one->who]);
    if (one->what == TRIED && is_row(self, &self->lives[one->who]))
        check_coming_back(self, &self->lives[one->who]);
    if (one->what != QUIET)
        return;
    for (int i = 1; i < self->life_count; i++) {
        const seen *supervisor = &self->lives[i];
        if (supervisor->node->kind == SUPERVISOR && has_been(self, &supervisor->started) &&
            !is_seen_ending(self, supervisor) && !is_busy(self, supervisor))
            check_rows(self, supervisor);
    }
}

/* ---------------------------------------------------------------------- the budget */

static int
budget_of(const seen *supervisor)
{
    return supervisor->node->restarts < 0 ? 0 : supervisor->node->restarts;
}

/* How often a row was started again. */
static int
count_restarts(const check *self, const seen *supervisor, const plan_node *row)
{
    int count = -1;

    for (int i = 1; i < self->life_count; i++)
        count += self->lives[i].parent == supervisor->self && self->lives[i].node == row;
    return count < 0 ? 0 : count;
}

static void
check_budget(check *self, const seen *supervisor)
{
    const plan *plan = self->play->plan;
    int most = budget_of(supervisor) + supervisor->started_rows, all = 0;

    for (int i = 0; i < plan->node_count; i++) {
        if (&plan->nodes[plan->nodes[i].parent < 0 ? 0 : plan->nodes[i].parent] !=
            supervisor->node)
            continue;
        int count = count_restarts(self, supervisor, &plan->nodes[i]);
        all += count;
        if (count > most)
            fault(self, "life %d has started #%d again %d times, and may %d times",
                  supervisor->self, i, count, most);
        if (count > supervisor->started_rows && plan->nodes[i].restart == COP_TEMPORARY)
            fault(self, "life %d has started #%d again, which is temporary", supervisor->self,
                  i);
    }
    if (supervisor->node->strategy == COP_ONE_FOR_ONE && all > most)
        fault(self, "life %d has restarted %d times, and may %d times", supervisor->self, all,
              most);
}

static void
check_giving_up(check *self, const seen *supervisor)
{
    int needed = 0;

    for (int i = 1; i < self->life_count; i++)
        needed +=
            self->lives[i].parent == supervisor->self && is_to_come_back(self, &self->lives[i]);
    if (supervisor->gives_up.place != 0 && needed <= budget_of(supervisor))
        fault(self, "life %d gives up after %d ends, and may restart %d times",
              supervisor->self, needed, budget_of(supervisor));
}

void
check_supervised_end(check *self)
{
    for (int i = 1; i < self->life_count; i++) {
        if (self->lives[i].node->kind != SUPERVISOR)
            continue;
        check_budget(self, &self->lives[i]);
        check_giving_up(self, &self->lives[i]);
    }
}
