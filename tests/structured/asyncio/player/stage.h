/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stage.h - what the cases share, as stage.py for those in Python: children of a few kinds,
 * groups and deadlines that say how they end, and a clock that only moves when all wait.
 *
 * A role is an actor with a body: main, or a child.  What it does is an act, and so is the
 * block of a group or of a deadline, which its own role plays.  All is known by name, as the
 * lines that are printed have it: ../FORMAT.md.
 *
 *      main.c      plays one case in a simulation
 *      role.c      who there is, what they say, how they are started and end
 *      group.c     groups, and how their errors are put together
 *      deadline.c  deadlines and shields
 *      acts.c      what children do
 *      the others  the cases, by subject; cases.h has the list
 */
#ifndef TESTS_STRUCTURED_ASYNCIO_STAGE_H
#define TESTS_STRUCTURED_ASYNCIO_STAGE_H

#include <coppice/co.h>
#include <coppice/sim.h>

enum {
    UNIT = 100, /* virtual milliseconds */
    NAME_SIZE = 16,
    ERRORS_SHOWN = COP_SCOPE_KEEP, /* of a group */
};

typedef struct role role;

/* COP_OK, COP_E_CANCELLED, or what fail has returned. */
typedef cop_err act(role *me);

/* What a child does, and what its act has to know for it. */
typedef struct part {
    const char *name;
    act *does;
    int after; /* units */
    int depth;
    const char *text;  /* what it fails with */
    const char *value; /* its result */
    const char *other; /* another child, or a group */
    bool is_quiet;     /* its end is not printed */
} part;

struct role {
    char name[NAME_SIZE];
    unsigned number; /* in the order in which they were started; its cookie */
    part part;
    cop_pid pid;

    /* While its body runs. */
    cop_co *co;
    cop_actor *actor;
    char *failure; /* OUTCOME of what failed last: its own */
    bool quits;    /* it says of itself that it is cancelled */

    /* How it ended. */
    bool is_starting, has_begun, has_returned, is_over;
    char *outcome; /* its own */
    const char *value;
    int64_t ended_ms;
    unsigned ended_turn;
};

/* A group or a deadline. */
typedef struct place {
    char name[NAME_SIZE];
    role *owner; /* whose scope it is */
    cop_scope scope;
} place;

/* ------------------------------------------------------------------------------ role.c */

typedef struct stage {
    cop_sim *sim;
    bool has_seed; /* the schedule is random */
    bool is_done;  /* main has ended; what becomes of the others is not told */
    unsigned turns;
    role **roles;
    unsigned role_count;
    place places[32];
    unsigned place_count;
} stage;

extern stage on_stage;

/* One line, with the time. */
void say(const char *format, ...) COP_PRINTF(1, 2);
/* Of whoever calls it. */
void tell(const role *me, const char *format, ...) COP_PRINTF(2, 3);

/* Fails with that text; for the act to return. */
cop_err fail(role *me, const char *format, ...) COP_PRINTF(2, 3);
/* The same with a whole OUTCOME, which becomes the role's. */
cop_err fail_as(role *me, char *outcome);
/* Ends this role as cancelled, though nobody has told it to; for the act to return. */
cop_err quit(role *me);
/* The OUTCOME of what an act has returned; borrowed. */
const char *outcome_of(const role *me, cop_err err);
static inline bool
is_failure(cop_err err)
{
    return err != COP_OK && err != COP_E_CANCELLED;
}

/* START(me, "a", "x", fails, .after = 1, .text = "boom"): a child of that group. */
#define START(me, group, child, ...)                                                           \
    start(me, group, &(part){.name = child, .does = __VA_ARGS__})
void start(role *me, const char *group, const part *what);
/* The program. */
role *start_main(cop_node *node, act *does);

role *find(const char *name);
/* NULL: nobody's, or none. */
const role *with_pid(cop_pid pid);
place *find_place(const char *name);
/* From now on, or until there is another one of that name, that is the place. */
void note_place(const char *name, role *owner, cop_scope scope);

/* Cancels a child; false if it has ended.  `reason` may be NULL. */
bool cancel(role *me, const char *name, const char *reason);

/* "a, b", or "nothing"; the caller frees it. */
char *who_is_left(void);
void clear_stage(void);

/* ------------------------------------------------------------------- group.c, deadline.c */

/* Opens a group, plays the block, and waits for all children. */
cop_err in_group(role *me, const char *name, act *block);

enum {
    NEVER = -1
};

/* Plays the block, which ends within so many units - or NEVER has to - or is an error. */
cop_err within(role *me, const char *name, int units, act *block);
/* The same, shielded from what is around it. */
cop_err within_shield(role *me, const char *name, int units, act *block);
/* Plays the block shielded from what is around it, with a deadline that is not reached; what
 * that is told meanwhile is seen afterwards. */
cop_err shielded(role *me, act *block);
/* The deadline is so many units from now on, or NEVER; for acts of any role. */
void move(role *me, const char *name, int units);

/* ------------------------------------------------------------------------------ acts.c */

/* Waits for so many units. */
cop_err rest(role *me, int units);
/* Why it was told to stop: "child x: error boom". */
void tell_reason(role *me);
/* Waits for a child's end: its value is the role's, or its error. */
cop_err await_child(role *me, const char *name);

act nothing;      /* ends at once */
act waits;        /* for what never happens */
act sleeps;       /* `after`, and then has a value */
act fails;        /* after `after`, with `text` */
act cleans_up;    /* told to stop it needs so long, and then fails if there is a text */
act swallows;     /* told to stop it goes on for so long, and then has a value */
act asks_why;     /* told to stop it says why */
act awaits;       /* another child */
act kills_itself; /* after `after`: the hardest end that there is for an actor */

#endif /* TESTS_STRUCTURED_ASYNCIO_STAGE_H */
