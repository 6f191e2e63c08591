/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy.c - the one rule: what a scope does when a child of it has ended.
 */
#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/memory.h"
#include "core/dispatch.h"
#include "core/node.h"
#include "core/scope.h"

typedef enum verdict {
    IGNORE,
    KEEP,   /* in the scope's outcome */
    TELL,   /* whoever isolates */
    FAIL,   /* with that as the first reason */
    ADD,    /* to the errors of a scope that ends already */
    FINISH, /* well */
} verdict;

static bool
went_wrong(const cop_child_end *end)
{
    return end->told ? cop_exit_is_abnormal(end->why) : copi_exit_is_bad(end->why);
}

/* What it did before it was told counts as its own doing, and so does what went wrong after. */
static bool
is_failure(const cop_child_end *end)
{
    return went_wrong(end) && !end->told && !end->start_failed;
}

static verdict
judge(cop_policy policy, bool is_ending, const cop_child_end *end)
{
    if (end->start_failed)
        return IGNORE; /* the error was the spawner's */
    if (policy == COP_COLLECT)
        return KEEP;
    if (is_ending)
        return went_wrong(end) && !(end->told && end->brutal) ? ADD : IGNORE;
    if (policy == COP_RACE && end->why->kind == COP_EXIT_NORMAL)
        return FINISH;
    if (!is_failure(end))
        return IGNORE;
    switch (policy) {
    case COP_ISOLATE: return TELL;
    case COP_RACE: return ADD;
    default: return FAIL;
    }
}

/* ------------------------------------------------------------------- a local scope */

static bool
make_room(copi_scope *scope)
{
    uint32_t room = scope->kept_room == 0 ? 2 : 2 * scope->kept_room;

    if (scope->kept_count < scope->kept_room)
        return true;
    if (room > scope->opts.keep)
        room = scope->opts.keep;
    if (room <= scope->kept_count)
        return false;
    cop_child_record *bigger = copi_realloc(scope->kept, room * sizeof *bigger);
    if (bigger == NULL)
        return false;
    scope->kept = bigger;
    scope->kept_room = room;
    return true;
}

void
copi_scope_keep(copi_scope *scope, const cop_child_record *record)
{
    if (make_room(scope))
        scope->kept[scope->kept_count++] = *record;
    else
        scope->dropped++;
}

/* The scope's reason.  Who gives up has a word of its own for that. */
static cop_exit
failure_of(const cop_exit *why)
{
    cop_exit out = *why;

    if (!cop_exit_is_abnormal(why)) {
        out.kind = COP_EXIT_ERROR;
        out.code = COP_E_FAILED;
    }
    return out;
}

static void
log_failure(cop_actor *self, const copi_scope *scope, const cop_exit *why)
{
    char text[512];

    cop_exit_print(why, text, sizeof text);
    cop_log(self, "a child failed%s%s: %s", scope == NULL ? "" : " in ",
            scope == NULL ? "" : scope->name, text);
}

void
copi_scope_log(cop_actor *self, const copi_scope *scope, uint32_t first)
{
    if (scope->opts.policy != COP_FAIL_FAST && scope->opts.policy != COP_ISOLATE)
        return; /* to have failed means something else there */
    for (uint32_t i = first; i < scope->kept_count; i++)
        if (scope->kept[i].why.kind != COP_EXIT_KILLED) /* as its time was over */
            log_failure(self, scope, &scope->kept[i].why);
    if (scope->dropped > 0)
        cop_log(self, "and %u more in %s", scope->dropped, scope->name);
}

static cop_err
tell_isolated(cop_actor *self, copi_scope *scope, const cop_child_record *record)
{
    if (scope->opts.on_child != NULL)
        return scope->opts.on_child(self, copi_user_state(self), scope->opts.ctx, record);
    log_failure(self, scope, &record->why);
    return COP_OK;
}

static void
fail_scope(cop_actor *self, copi_scope *scope, const cop_exit *why)
{
    cop_exit failure = failure_of(why), told = failure;
    bool is_first = scope->force == COP_FORCE_NONE;

    if (told.text[0] == '\0')
        strcpy(told.text, "a child of the scope failed");
    scope->has_failed |= is_first;
    copi_scope_raise(self, scope, COP_FORCE_SOFT, &told);
    if (is_first)
        scope->why = failure;
}

static cop_err
judge_local(cop_actor *self, copi_scope *scope, const cop_child_end *end, cop_leaf leaf)
{
    /* One that closes tells its services: what goes wrong with them is kept, too. */
    bool is_ending = scope->force != COP_FORCE_NONE || !copi_is_open(self) ||
                     (scope->is_closing && end->told);
    cop_child_record record = {end->pid, leaf, end->cookie, *end->why};
    cop_err err = COP_OK;

    scope->failed += is_failure(end);
    switch (judge(scope->opts.policy, is_ending, end)) {
    case IGNORE: break;
    case KEEP:
    case ADD: copi_scope_keep(scope, &record); break;
    case TELL: err = tell_isolated(self, scope, &record); break;
    case FAIL:
        copi_scope_keep(scope, &record);
        fail_scope(self, scope, end->why);
        break;
    case FINISH:
        scope->has_won = true;
        scope->winner = end->pid;
        copi_scope_raise(self, scope, COP_FORCE_SOFT,
                         &(cop_exit){.kind = COP_EXIT_SHUTDOWN, .text = "the race is won"});
        break;
    }
    if (err != COP_OK)
        err = copi_scope_blame(self, scope, err, (cop_leaf){0});
    copi_scope_settle(self, scope);
    return err;
}

/* What cop_fail has said about this error, which is then no longer the actor's; or else only
 * that there was one. */
static cop_exit
take_blame(cop_actor *self, const copi_scope *scope, cop_err err)
{
    cop_exit why = {.kind = COP_EXIT_ERROR, .code = err};

    if (self->is_leaving && self->exit_kind == COP_EXIT_ERROR) {
        copi_exit_of(self, &why);
        self->is_leaving = false;
        self->exit_kind = COP_EXIT_NORMAL;
        self->exit_code = 0;
        copi_exit_free(self);
    } else {
        strcpy(why.text, cop_err_text(err));
    }
    if (cop_pid_is_none(why.origin))
        why.origin = copi_pid_of(self);
    copi_path_in(self, scope, why.path, sizeof why.path);
    return why;
}

cop_err
copi_scope_blame(cop_actor *self, copi_scope *scope, cop_err err, cop_leaf leaf)
{
    cop_exit why = {0};

    if (scope == NULL)
        return err;
    if (err != COP_OK)
        why = take_blame(self, scope, err);
    cop_child_end end = {.why = &why};
    /* A call that was told to end and says so has done as it was told. */
    end.told = err == COP_E_CANCELLED && scope->force != COP_FORCE_NONE;
    if (end.told)
        why = (cop_exit){.kind = COP_EXIT_SHUTDOWN};
    return judge_local(self, scope, &end, leaf);
}

/* ------------------------------------------------------------------- the actor's own */

/* FAIL_FAST: the actor ends with the child's end as the cause, or as one more. */
static void
fail_actor(cop_actor *self, const cop_exit *cause)
{
    cop_exit why = {
        .kind = COP_EXIT_ERROR, .code = COP_E_FAILED, .text = "a child ended abnormally"};

    copi_exit_because(&why, cause);
    if (copi_is_open(self))
        copi_end(self, &why);
    else
        copi_end_worse(self, &why, cause);
}

void
copi_scope_fail(cop_actor *self, copi_scope *scope, const cop_exit *why)
{
    if (scope == NULL) {
        fail_actor(self, why);
        return;
    }
    (void)judge_local(self, scope, &(cop_child_end){.why = why}, (cop_leaf){0});
}

void
copi_scope_clean_up_failed(cop_actor *self, copi_scope *scope, cop_exit *said, cop_leaf leaf)
{
    if (scope == NULL) {
        copi_clean_up_failed(self, said);
        return;
    }
    said->origin = copi_pid_of(self);
    copi_path_in(self, scope, said->path, sizeof said->path);
    (void)judge_local(self, scope, &(cop_child_end){.why = said}, leaf);
}

static cop_err
tell_down(cop_actor *self, const cop_child_end *end)
{
    /* An owner that does not look: the failure is at least seen in the log. */
    if (copi_handler_for(self->behaviour, &cop_child_down_type) == NULL &&
        self->behaviour->on_message == NULL) {
        if (went_wrong(end))
            log_failure(self, NULL, end->why);
        return COP_OK;
    }
    copi_envelope *made =
        copi_envelope_new(self->worker, COPI_USER_MESSAGE, sizeof(cop_child_down));
    if (made == NULL)
        return COP_E_NOMEM;
    made->type = &cop_child_down_type;
    made->from = end->pid;
    *(cop_child_down *)copi_payload(made) = (cop_child_down){end->pid, end->cookie, *end->why};
    copi_append(self, made);
    return COP_OK;
}

/* The last one of a race, with nobody left to win it. */
static cop_err
judge_lost(cop_actor *self, const cop_child_end *end)
{
    for (const cop_actor *left = self->ties->own.oldest; left != NULL; left = left->younger)
        if (!left->is_errand)
            return COP_OK;
    fail_actor(self, end->why);
    return COP_OK;
}

/* It is ending for another reason.  A child whom it had killed, as its time was over, is no
 * reason to have failed. */
static void
fail_ending(cop_actor *self, const cop_exit *cause)
{
    if (cause->kind != COP_EXIT_KILLED)
        fail_actor(self, cause);
    else if (self->why != NULL)
        copi_exit_add(self->why, cause);
}

static cop_err
judge_own(cop_actor *self, const cop_child_end *end)
{
    if (!copi_is_open(self)) {
        if (self->behaviour->child_gone != NULL && !self->is_killed)
            self->behaviour->child_gone(self, self->state, end);
        if (self->behaviour->policy == COP_FAIL_FAST && is_failure(end))
            fail_ending(self, end->why);
        return COP_OK;
    }
    if (self->behaviour->policy == COP_SUPERVISE)
        return self->behaviour->on_child(self, self->state, end);
    switch (judge(self->behaviour->policy, false, end)) {
    case IGNORE: break;
    case KEEP:
    case TELL: return tell_down(self, end);
    case FAIL: fail_actor(self, end->why); break;
    case ADD: return judge_lost(self, end);
    case FINISH: return cop_stop(self);
    }
    return COP_OK;
}

cop_err
copi_scope_judge(cop_actor *self, copi_scope *scope, const cop_child_end *end, cop_leaf leaf)
{
    return scope == NULL ? judge_own(self, end) : judge_local(self, scope, end, leaf);
}
