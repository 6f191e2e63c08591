/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loans.c - a limiter has lent as many tokens as there are borrowers who know of one, never
 * more than it has, and lets nobody wait while one is free.
 */
#include "structured/trees/check.h"

static bool
is_loan_of(const seen *one, const seen *limiter)
{
    return one->node->kind == LOAN && one->whom == limiter->self;
}

static void
check_granted(check *self, const seen *one)
{
    const seen *limiter = one->whom == NOBODY ? NULL : &self->lives[one->whom];
    bool is_gone = limiter == NULL || is_seen_ending(self, limiter);

    if (limiter != NULL && limiter->node->kind != LIMITER)
        return;
    switch (one->got) {
    case COP_OK:
        /* What it has lent before its end may be on its way yet. */
        if (limiter == NULL ||
            (has_been(self, &limiter->ended) && limiter->ended.at < self->now))
            fault(self, "life %d has a token of nobody", one->self);
        break;
    case COP_E_TIMEOUT:
        if (self->now < one->until && !may_be_in_shield(self, one))
            fault(self, "life %d has time until %d, and gets no token", one->self,
                  (int)one->until);
        break;
    case COP_E_FULL:
        if (limiter == NULL || limiter->node->waiting_max == 0)
            fault(self, "life %d gets no token, but any number may wait", one->self);
        break;
    case COP_E_CANCELLED:
        if (!is_seen_ending(self, host_of(self, &self->lives[one->parent])))
            fault(self, "life %d gets no token: cancelled", one->self);
        break;
    case COP_E_DOWN:
    case COP_E_NOPROC:
        if (!is_gone && !is_seen_ending(self, host_of(self, &self->lives[one->parent])))
            fault(self, "life %d gets no token of life %d, which is there", one->self,
                  one->whom);
        break;
    default: fault(self, "life %d gets no token: %s", one->self, cop_err_name(one->got));
    }
}

/* Nobody can run. */
static void
check_limiter(check *self, const seen *limiter)
{
    int granted = 0, waiting = 0, unheard = 0;

    for (int i = 1; i < self->life_count; i++) {
        const seen *one = &self->lives[i];
        const seen *borrower = host_of(self, &self->lives[one->parent]);
        if (!is_loan_of(one, limiter) || one->started.place == 0)
            continue;
        /* One that was on its way to a borrower who is ending counts until he is gone. */
        if (is_seen_ending(self, borrower) && !has_been(self, &borrower->ended) &&
            has_been(self, &one->gets) && one->got != COP_OK)
            unheard++;
        if (!is_alive(self, one))
            continue;
        if (has_been(self, &one->gets))
            granted++;
        else if (is_seen_ending(self, borrower))
            unheard++; /* it may have got one, or be gone */
        else
            waiting++;
    }
    if (limiter->lent < granted || limiter->lent > granted + unheard)
        fault(self, "life %d has lent %d tokens, and %d are held", limiter->self, limiter->lent,
              granted);
    if (limiter->waiting < waiting || limiter->waiting > waiting + unheard)
        fault(self, "for life %d %d wait, and it knows of %d", limiter->self, waiting,
              limiter->waiting);
    if (limiter->lent > limiter->node->tokens)
        fault(self, "life %d has lent %d tokens of %d", limiter->self, limiter->lent,
              limiter->node->tokens);
    if (limiter->waiting > 0 && limiter->lent < limiter->node->tokens)
        fault(self, "life %d has a token, but lets %d wait", limiter->self, limiter->waiting);
}

/* Nobody can run: a loan has failed with its limiter, and its borrower knows. */
static void
check_loan(check *self, const seen *loan)
{
    const seen *borrower = host_of(self, &self->lives[loan->parent]);
    bool is_told = borrower->node->policy == COP_FAIL_FAST ||
                   (borrower->node->policy != COP_RACE && borrower->node->kind == ACTOR);

    if (loan->node->kind == LOAN && is_alive(self, loan) && has_been(self, &loan->gets) &&
        loan->whom != NOBODY && has_been(self, &self->lives[loan->whom].ended) && is_told &&
        !is_seen_ending(self, borrower))
        fault(self, "life %d holds a token of life %d, which has ended", loan->self,
              loan->whom);
}

void
check_loans_entry(check *self, const entry *one)
{
    seen *who = one->who == NOBODY ? NULL : &self->lives[one->who];

    if (one->what == GETS && who->node->kind == LOAN)
        check_granted(self, who);
    if (one->what == LENT) {
        who->lent = (int)one->a;
        who->waiting = (int)one->b;
    }
    if (one->what != QUIET)
        return;
    for (int i = 1; i < self->life_count; i++) {
        const seen *limiter = &self->lives[i];
        check_loan(self, limiter);
        if (limiter->node->kind == LIMITER && has_been(self, &limiter->began) &&
            !is_seen_ending(self, limiter))
            check_limiter(self, limiter);
    }
}
