/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault.h - what goes wrong in a simulation, and when.
 *
 * A fault has a kind and strikes once, or lasts for a while from then on: the `at`-th time
 * that something happens, or when so many milliseconds have passed.  Written out it is a line
 * such as
 *
 *      kill ledger 3             kills the actor "ledger" instead of its third message
 *      starve * 20 500           who would handle the 20th message waits half a second
 *      nomem * 7                 the 7th allocation fails
 *      nomem * 7 50              ... and so do all that follow for 50 ms
 *      crash a 300 1000          node "a" crashes after 300 ms, and is up again a second later
 *
 * which is what COPPICE_FAULTS takes.  There are 64 in a simulation at most.
 */
#ifndef COPPICE_FAULT_H
#define COPPICE_FAULT_H

#include <coppice/sim.h>

typedef struct cop_fault cop_fault;

/* A static constant; every component may have some, and the user, too. */
typedef struct cop_fault_kind {
    const char *name; /* without blanks */
    int32_t ms;       /* how long a fault lasts that does not say so */
    /*
     * NULL: it is counted, and strikes where cop_strikes is asked.  Else `at` is a time, and
     * this is called then; `end`, which may be NULL, when its ms have passed.  False: there
     * is nobody whom it could hit.
     */
    bool (*strike)(cop_sim *sim, const cop_fault *fault);
    void (*end)(cop_sim *sim, const cop_fault *fault);
} cop_fault_kind;

/*
 * Of an actor: instead of its `at`-th message, counted over all that `who` names and their
 * restarts, it is killed; or it gets no turn for `ms`, and so all its messages are late.
 */
extern COP_API const cop_fault_kind cop_fault_kill, cop_fault_starve;

/*
 * The `at`-th allocation by the handlers of `who` fails, or if it lasts, all from then on: of
 * the library's, such as a message, a timer, a child, and of those of the user's own that ask
 * cop_has_memory.  Ends need none: exits and downs are made of what links and monitors have
 * kept for that, and children are told to stop one after the other, if there is no other way.
 * Never refused are cop_signal, cop_kill, cop_unlink, an adoption, and what another node is to
 * be told of an end: without memory for these a real node ends the process.
 */
extern COP_API const cop_fault_kind cop_fault_nomem;

/* A host crashes after `at` milliseconds and is started again `ms` later. */
extern COP_API const cop_fault_kind cop_fault_crash;

struct cop_fault {
    const cop_fault_kind *kind;
    /*
     * An actor's name, label or behaviour, or its path, or its node; empty: any, but for the
     * library's own services and probes.  Of kinds that hit nodes: a node, or two as "a+b";
     * empty: chosen by `pick`.
     */
    char who[48];
    uint64_t at;    /* from 1; in a plan 0: drawn from the seed */
    int32_t ms;     /* how long it lasts; 0: as its kind says.  In a plan: at most */
    uint32_t up_to; /* in a plan: none to so many of these, drawn from the seed; 0: one */
    uint64_t pick;  /* decides what `who` leaves open; in a plan it is drawn */
};

/* A list of faults for a plan, without commas inside of parentheses. */
#define COP_FAULTS(...) ((const cop_fault[]){__VA_ARGS__, {0}})

/* Lets a fault strike when its time has come; copied.  COP_E_INVAL (no kind, or `at` is 0),
 * COP_E_FULL. */
COP_API COP_MUST_USE cop_err cop_sim_fault(cop_sim *sim, const cop_fault *fault);

/* No more faults: those that last end now (cuts heal, hosts are up), those to come do not. */
COP_API void cop_sim_calm(cop_sim *sim);

/*
 * For faults of one's own, in any handler: counts, and says whether a fault of that kind
 * strikes now.  So the n-th write fails if the user's code asks before each write.  False in
 * a real node, at the price of a load.
 */
COP_API bool cop_strikes(cop_actor *me, const cop_fault_kind *kind);

/* The same for cop_fault_nomem: false if an allocation of the user's own is to fail. */
COP_API bool cop_has_memory(cop_actor *me);

/* Writes a fault as above; `text` is cut off if need be, and returned. */
COP_API char *cop_fault_print(const cop_fault *fault, char *text, size_t size);

#endif /* COPPICE_FAULT_H */
