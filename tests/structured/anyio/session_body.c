/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session_body.c - a session as a body: what comes while it is busy waits in its mailbox.
 */
#include <string.h>

#include <coppice/co.h>
#include <coppice/process.h>

#include "session.h"

static cop_err
add(cop_co *co, cop_actor *me, const char *name, const session_command *command)
{
    session_sum sum = {command->a, command->b, 0};

    COP_TRY(
        cop_work(co, &(cop_job_spec){.name = "sum", .work = session_add, .arg = &sum}, NULL));
    session_answer(me, name, "sum %d", sum.sum);
    return COP_OK;
}

static cop_err
run(cop_co *co, cop_actor *me, const char *name, const session_command *command)
{
    const cop_process_output *output;

    COP_TRY(session_run(me, command->word));
    COP_TRY(cop_receive_a(co, COP_INFINITY, cop_process_output, &output));
    session_answer(me, name, "ran %.*s", (int)output->line.size,
                   (const char *)output->line.data);
    return COP_OK;
}

static cop_err
obey(cop_co *co, cop_actor *me, const char *name, const session_command *command)
{
    switch (command->verb) {
    case VERB_HELLO: session_answer(me, name, "welcome %s", command->word); break;
    case VERB_ADD: return add(co, me, name, command);
    case VERB_WAIT:
        COP_TRY(cop_sleep(co, command->a));
        session_answer(me, name, "waited %d", command->a);
        break;
    case VERB_RUN: return run(co, me, name, command);
    case VERB_FAIL: return cop_fail(me, 5, "%s", command->word);
    case VERB_BYE: session_answer(me, name, "goodbye"); break;
    case VERB_UNKNOWN: session_answer(me, name, "what? %s", command->word); break;
    }
    return COP_OK;
}

static bool
is_ours(const cop_received *message, void *ctx)
{
    (void)ctx;
    return message->type == &said_type || message->type == &gone_type;
}

/* Until it has ended: COP_OK. */
static cop_err
serve(cop_co *co, cop_actor *me, char *name)
{
    session_command command = {.verb = VERB_UNKNOWN};
    cop_received next;

    while (command.verb != VERB_BYE) {
        cop_err err = cop_receive_if(co, SESSION_IDLE_MS, is_ours, NULL, &next);
        if (err == COP_E_TIMEOUT) {
            session_answer(me, name, "too slow");
            return COP_OK;
        }
        COP_TRY(err);
        if (cop_as(&next, said) == NULL) {
            session_did(name, "is left");
            return COP_OK;
        }
        command = session_parse(cop_as(&next, said)->text);
        if (command.verb == VERB_HELLO)
            strcpy(name, command.word);
        COP_TRY(obey(co, me, name, &command));
    }
    return COP_OK;
}

COP_BODY(session, void, unused)
{
    char name[SESSION_LINE] = "";

    cop_err err = serve(co, me, name);
    if (err == COP_E_CANCELLED)
        session_did(name, "is stopped");
    return err;
}
COP_SEQUENTIAL(session_body_b, session);
