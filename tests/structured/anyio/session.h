/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session.h - one side of a small protocol of lines, written twice: as handlers and as a body.
 *
 *      hello NAME      welcome NAME
 *      add A B         sum N             computed by a job
 *      wait MS         waited MS
 *      run WORD        ran WORD          said by an OS process
 *      fail TEXT                         the session fails
 *      bye             goodbye           and it ends
 *      else            what? LINE
 *
 * A session's owner gives it lines, `said`, one of which is dealt with at a time, and gets its
 * answers.  `gone` is the end of the lines.  If nothing comes for SESSION_IDLE_MS it says
 * "too slow" and ends.
 */
#ifndef COPPICE_TESTS_STRUCTURED_ANYIO_SESSION_H
#define COPPICE_TESTS_STRUCTURED_ANYIO_SESSION_H

#include <coppice/job.h>
#include <coppice/message.h>

#define SESSION(M, F)                                                                          \
    M(1, said, F(str, text))                                                                   \
    M(2, gone)
COP_PROTOCOL(SESSION)

enum {
    SESSION_IDLE_MS = 60 * 1000,
    SESSION_LINE = 64,
};

extern const cop_behaviour session_handlers_b, session_body_b;

/* Defined by who has sessions: hears what one of that name does.  Any worker. */
void session_did(const char *name, const char *what);

/* ------------------------------------------------------------ language.c, for both of them */

typedef enum session_verb {
    VERB_HELLO,
    VERB_ADD,
    VERB_WAIT,
    VERB_RUN,
    VERB_FAIL,
    VERB_BYE,
    VERB_UNKNOWN,
} session_verb;

typedef struct session_command {
    session_verb verb;
    int a, b;
    char word[SESSION_LINE];
} session_command;

session_command session_parse(cop_str line);

/* Tells the owner, and whoever hears what the session does. */
COP_PRINTF(3, 4) void session_answer(cop_actor *me, const char *name, const char *format, ...);

/* The argument of the job of "add". */
typedef struct session_sum {
    int a, b, sum;
} session_sum;
cop_err session_add(cop_job *job, void *sum);

/* Starts what says the word, as a line of a process, to this actor; in a simulation, where
 * there are none, an actor that does the same. */
cop_err session_run(cop_actor *me, const char *word);

#endif /* COPPICE_TESTS_STRUCTURED_ANYIO_SESSION_H */
