/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exit.h - why an actor ended: a value that travels with links, monitors and owners.
 *
 * An exit record has a fixed size and is copied, never allocated by who reads it.
 * Words as in OTP: an end is *abnormal* unless it is normal or shutdown.
 */
#ifndef COPPICE_EXIT_H
#define COPPICE_EXIT_H

#include <stdbool.h>
#include <stdint.h>

#include <coppice/err.h>
#include <coppice/pid.h>

typedef enum cop_exit_kind {
    COP_EXIT_NORMAL,       /* it was done */
    COP_EXIT_SHUTDOWN,     /* it was told to stop, and did */
    COP_EXIT_ERROR,        /* code: what a handler or init returned, or the user's number */
    COP_EXIT_KILL,         /* as a signal: end at once; as a link's reason: a plain word */
    COP_EXIT_KILLED,       /* it was killed */
    COP_EXIT_NOPROC,       /* there was no such actor */
    COP_EXIT_NOCONNECTION, /* the session with its node ended */
    COP_EXIT_STATUS,       /* an OS process exited; code: its status, never 0 */
    COP_EXIT_SIGNAL,       /* an OS process died of a signal; code: which */
    COP_EXIT_DEADLINE,     /* it ran out of time */
    COP_EXIT_INTENSITY,    /* a supervisor had to restart too often */
} cop_exit_kind;

enum {
    COP_EXIT_TEXT = 48,
    COP_EXIT_PATH = 64,
    COP_EXIT_CAUSES = 4,
};

/* One reason behind another: a child's end behind its owner's. */
typedef struct cop_cause {
    cop_exit_kind kind;
    int code;
    char text[COP_EXIT_TEXT];
} cop_cause;

typedef struct cop_exit {
    cop_exit_kind kind;
    int code;                          /* what it counts is said at the kind */
    cop_pid origin;                    /* who failed first, or who told it to end; or none */
    char text[COP_EXIT_TEXT];          /* for people; cut off if too long */
    char path[COP_EXIT_PATH];          /* of the origin; its beginning is cut off if too long */
    uint8_t cause_count;               /* how many of the causes are set */
    uint8_t dropped_causes;            /* how many more there were; stops at 255 */
    cop_cause causes[COP_EXIT_CAUSES]; /* nearest first */
} cop_exit;

/* Not normal and not shutdown: what OTP calls abnormal.  Any thread. */
static inline bool
cop_exit_is_abnormal(const cop_exit *why)
{
    return why->kind != COP_EXIT_NORMAL && why->kind != COP_EXIT_SHUTDOWN;
}

/* "noconnection": OTP's word for the kind where it has one.  Any thread; static. */
COP_API const char *cop_exit_kind_name(cop_exit_kind kind);

/*
 * Writes the record as one line, "error 3: boom (app/db), caused by ...", into `text` of
 * `size` bytes, cut off if need be, and returns `text`.  Any thread.
 */
COP_API char *cop_exit_print(const cop_exit *why, char *text, size_t size);

#endif /* COPPICE_EXIT_H */
