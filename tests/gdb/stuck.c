/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stuck.c - a program that aborts in a handler, with some of everything in its tree, for
 * run.sh.
 */
#include <stdlib.h>

#include <coppice/node.h>
#include <coppice/scope.h>
#include <coppice/timer.h>

#define STUCK(M, F)                                                                            \
    M(1, question)                                                                             \
    M(2, answer)                                                                               \
    M(3, fall)
COP_PROTOCOL(STUCK)

typedef struct clerk {
    cop_token token;
} clerk;

COP_HANDLER(clerk, question)
{
    return cop_defer(me, &st->token);
}

COP_BEHAVIOUR(clerk_b, clerk, COP_ON(clerk, question));
COP_BEHAVIOUR(idle_b, clerk, COP_ON(clerk, question));

COP_HANDLER(clerk, fall)
{
    abort();
}

COP_BEHAVIOUR(faller_b, clerk, COP_ON(clerk, fall));

typedef struct office {
    cop_pid clerk, faller;
} office;

COP_REPLY(office, answer)
{
    return COP_OK;
}

COP_HANDLER(office, fall)
{
    return cop_send(me, st->faller, fall);
}

COP_HANDLER(office, cop_start)
{
    cop_scope scope;

    COP_TRY(cop_spawn(me, &clerk_b, &(cop_spawn_opts){.label = "clerk"}, &st->clerk));
    COP_TRY(cop_spawn(me, &faller_b, &(cop_spawn_opts){.label = "faller"}, &st->faller));
    COP_TRY(
        cop_scope_open(me, &(cop_scope_opts){.name = "break", .deadline_ms = 60000}, &scope));
    COP_TRY(cop_spawn(me, &idle_b, &(cop_spawn_opts){.scope = scope, .label = "tea"}, NULL));
    COP_TRY(cop_ask(me, st->clerk, 60000, COP_THEN(office, answer), question));
    COP_TRY(cop_send_after(me, 60000, NULL, question));
    /* When all that has been sent before it is handled. */
    return cop_send_after(me, 20, NULL, fall);
}

COP_BEHAVIOUR(office_b, office, COP_ON(office, cop_start), COP_ON(office, fall));

int
main(void)
{
    return cop_run(&office_b, &(cop_node_opts){.workers = 2, .origins = true});
}
