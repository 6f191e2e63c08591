/* SPDX-License-Identifier: Apache-2.0 */
/*
 * block.c - scopes that a body waits for, and blocks that are scopes.
 */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "co/co.h"
#include "core/node.h"

/* In a block that is this scope, which joins it by itself, or in one inside that. */
static bool
stands_in(const cop_co *co, const copi_scope *scope)
{
    for (const copi_scope *block = co->here; block != NULL; block = block->stood_in)
        for (const copi_scope *at = block; at != NULL; at = at->outer)
            if (at == scope)
                return true;
    return false;
}

static void
stand_in(cop_co *co, copi_scope *scope)
{
    co->here = scope;
    co->actor->ties->shield = copi_scope_shield(scope);
}

static void
enter(cop_co *co, copi_scope *scope)
{
    scope->stood_in = co->here;
    if (co->here != NULL)
        co->here->inside = scope;
    (void)copi_scope_measure(scope);
    stand_in(co, scope);
}

/* What a join says of it.  Who moves on at the deadline does not from a failure before it. */
static cop_err
result_of(const cop_outcome *outcome, bool moves_on)
{
    switch (outcome->why.kind) {
    case COP_EXIT_NORMAL: return COP_OK;
    case COP_EXIT_SHUTDOWN: return outcome->timed_out && moves_on ? COP_OK : COP_E_CANCELLED;
    case COP_EXIT_DEADLINE: return COP_E_TIMEOUT;
    default: return COP_E_FAILED;
    }
}

/* The records outlive the scope, until the next join. */
static void
keep_records(cop_co *co, copi_scope *scope)
{
    free(co->kept);
    co->kept = scope->kept;
    scope->kept = NULL;
}

static cop_err
await(cop_co *co, copi_scope *scope, cop_outcome *out)
{
    cop_actor *self = co->actor;
    cop_outcome outcome;

    copi_check_bounded(co, scope, COP_INFINITY);
    scope->is_awaited = true;
    scope->is_entered = false;
    scope->is_closing = true;
    copi_scope_settle(self, scope);
    while (!scope->is_over)
        copi_co_leave(co);
    copi_scope_outcome(scope, &outcome);
    cop_err err = result_of(&outcome, scope->opts.moves_on);
    if (out == NULL)
        copi_scope_pass_on(self, scope);
    keep_records(co, scope);
    if (co->here == scope)
        stand_in(co, scope->stood_in);
    copi_scope_remove(self, scope);
    if (out != NULL)
        *out = outcome;
    return err;
}

cop_err
cop_scope_join(cop_co *co, cop_scope handle, cop_outcome *out)
{
    copi_scope *scope;

    COP_TRY(copi_scope_find(co->actor, handle, &scope));
    if (scope == NULL || stands_in(co, scope))
        return COP_E_SELF;
    return await(co, scope, out);
}

/* ------------------------------------------------------------------------------- blocks */

/* It could not be opened.  That is the block's outcome, or else the trouble of what is around
 * it; which knows already if it is cancelled. */
static void
say_not_open(cop_co *co, cop_outcome *outcome, cop_err err)
{
    cop_exit why = {.kind = err == COP_E_CANCELLED ? COP_EXIT_SHUTDOWN : COP_EXIT_ERROR,
                    .code = err};

    strcpy(why.text, cop_err_text(err));
    if (outcome != NULL)
        *outcome = (cop_outcome){.why = why};
    else if (err != COP_E_CANCELLED)
        copi_scope_fail(co->actor, co->here, &why);
}

cop_block
cop_block_enter(cop_co *co, const cop_scope_opts *opts, cop_outcome *outcome)
{
    cop_actor *self = co->actor;
    cop_scope_opts mine = *opts;
    cop_block block = {.co = co, .outcome = outcome, .site = co->site};
    copi_scope *scope;

    if (mine.within.ref.bits == 0)
        mine.within = copi_scope_handle(self, co->here);
    cop_err err = copi_co_force(co) >= COP_FORCE_HARD && !mine.shield
                      ? COP_E_CANCELLED
                      : cop_scope_open(self, &mine, &block.scope);
    if (err != COP_OK) {
        say_not_open(co, outcome, err);
        return block;
    }
    COPI_CHECK(copi_scope_find(self, block.scope, &scope) == COP_OK);
    scope->is_awaited = true; /* from the beginning: nobody else is to be told of its end */
    scope->is_entered = true;
    enter(co, scope);
    block.is_open = true;
    return block;
}

/* Its handle may not be found any more, if it was cancelled and is empty. */
static copi_scope *
scope_of(const cop_block *block)
{
    return copi_scope_numbered(block->co->actor, (uint32_t)block->scope.ref.bits);
}

void
cop_block_join(cop_block *block)
{
    if (!block->is_open)
        return;
    block->is_open = false;
    block->co->site = block->site;
    (void)await(block->co, scope_of(block), block->outcome);
}

void
cop_block_leave(cop_block *block)
{
    static const cop_exit why = {.kind = COP_EXIT_SHUTDOWN, .text = "its block was left"};

    if (!block->is_open)
        return;
    copi_scope_raise(block->co->actor, scope_of(block), COP_FORCE_HARD, &why);
    cop_block_join(block);
}
