/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signals.h - what an exit signal does to an actor: OTP's rules, decided without doing.
 */
#ifndef COPPICE_CORE_SIGNALS_H
#define COPPICE_CORE_SIGNALS_H

#include <stdbool.h>

#include <coppice/exit.h>

typedef enum copi_verdict {
    COPI_DROP,       /* nothing happens */
    COPI_DELIVER,    /* it becomes a message */
    COPI_DIE,        /* the actor ends with the signal's reason */
    COPI_DIE_KILLED, /* the actor ends, killed */
} copi_verdict;

typedef struct copi_exit_signal {
    cop_exit_kind kind;
    bool by_link;   /* the other end of a link ended; else cop_signal */
    bool is_linked; /* by_link: is that link still active here? */
    bool is_own;    /* the actor sent it to itself */
} copi_exit_signal;

copi_verdict copi_judge_exit(copi_exit_signal signal, bool traps);

#endif /* COPPICE_CORE_SIGNALS_H */
