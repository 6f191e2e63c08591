/* SPDX-License-Identifier: Apache-2.0 */
/*
 * language.c - what both kinds of sessions have in common.
 */
#include "session.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <coppice/process.h>

session_command
session_parse(cop_str line)
{
    session_command out = {.verb = VERB_UNKNOWN};
    char text[SESSION_LINE];

    snprintf(text, sizeof text, "%.*s", (int)line.size, line.data);
    if (sscanf(text, "hello %63s", out.word) == 1)
        out.verb = VERB_HELLO;
    else if (sscanf(text, "add %d %d", &out.a, &out.b) == 2)
        out.verb = VERB_ADD;
    else if (sscanf(text, "wait %d", &out.a) == 1)
        out.verb = VERB_WAIT;
    else if (sscanf(text, "run %63s", out.word) == 1)
        out.verb = VERB_RUN;
    else if (sscanf(text, "fail %63s", out.word) == 1)
        out.verb = VERB_FAIL;
    else if (strcmp(text, "bye") == 0)
        out.verb = VERB_BYE;
    else
        snprintf(out.word, sizeof out.word, "%s", text);
    return out;
}

void
session_answer(cop_actor *me, const char *name, const char *format, ...)
{
    char text[2 * SESSION_LINE];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    session_did(name, text);
    cop_cast(me, cop_owner(me), said, .text = cop_str_from(text));
}

cop_err
session_add(cop_job *job, void *sum)
{
    session_sum *self = sum;

    (void)job;
    self->sum = self->a + self->b;
    return COP_OK;
}

/* ------------------------------------------------------------------------------ a process */

typedef struct echo {
    int unused;
} echo;

COP_HANDLER(echo, cop_start)
{
    const char *word = msg->arg;

    cop_cast(me, cop_owner(me), cop_process_output, .stream = 1,
             .line = ((cop_bytes){word, strlen(word)}));
    return cop_stop(me);
}
static COP_BEHAVIOUR(echo_b, echo, COP_ON(echo, cop_start));

cop_err
session_run(cop_actor *me, const char *word)
{
    cop_process_spec spec = {
        .argv = (const char *[]){"echo", word, NULL},
        .output = COP_STDIO_LINES,
        .output_to = cop_self(me)
    };

    cop_err err = cop_spawn(me, &cop_process, &(cop_spawn_opts){.arg = &spec}, NULL);
    return err != COP_E_SIMULATED
               ? err
               : cop_spawn(me, &echo_b, &(cop_spawn_opts){.arg = word}, NULL);
}
