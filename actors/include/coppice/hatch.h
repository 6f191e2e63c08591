/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hatch.h - the escape hatch: callbacks on an actor's own scope, wherever one stands.
 *
 * For programs that come from an event loop.  cop_soon, cop_after and cop_every take the
 * place of event_base_once and the like one by one, from any function of the actor, and
 * differ in this: the callback has an owner.  If it fails, the whole actor fails, in order,
 * and its supervisor decides; when the actor ends, what has not run is disposed of and does
 * not hold up the end.  So nothing is lost, but nothing is structured either: what belongs
 * together belongs into a scope of its own (scope.h), or into an actor.  Every use is counted
 * where it stands, and cop_hatch_report lists them all, to be driven to none.
 */
#ifndef COPPICE_HATCH_H
#define COPPICE_HATCH_H

#include <stdatomic.h>
#include <stdio.h>

#include <coppice/node.h>
#include <coppice/scope.h>

/* One place in a program that uses the hatch. */
typedef struct cop_hatch_site {
    const char *file, *function;
    int line;
    _Atomic uint64_t uses; /* relaxed: a count */
} cop_hatch_site;

/* The places stand in a section of the program, so that one that never ran is listed too. */
#define COPI_HATCH(what)                                                                       \
    __extension__({                                                                            \
        static cop_hatch_site copi_site                                                        \
            __attribute__((section("cop_hatch"), used)) = {__FILE__, what, __LINE__, 0};       \
        atomic_fetch_add_explicit(&copi_site.uses, 1, memory_order_relaxed);                   \
    })

/* As cop_scope_soon, cop_scope_after and cop_scope_every on the actor's own scope. */
#define cop_soon(me, call, arg, dispose)                                                       \
    (COPI_HATCH("cop_soon"), cop_scope_soon(me, cop_here(me), call, arg, dispose, NULL))
#define cop_after(me, ms, call, arg, dispose, out)                                             \
    (COPI_HATCH("cop_after"), cop_scope_after(me, cop_here(me), ms, call, arg, dispose, out))
#define cop_every(me, ms, call, arg, dispose, out)                                             \
    (COPI_HATCH("cop_every"), cop_scope_every(me, cop_here(me), ms, call, arg, dispose, out))

/*
 * cop_soon from any thread: the call is run by the actor `to` of this node, behind what waits
 * in its mailbox.  If it is refused, `arg` is disposed of by this thread before it returns:
 * COP_E_NOPROC (it has ended, or is ending), COP_E_FULL, COP_E_NOMEM, COP_E_INVAL.
 */
#define cop_post_soon(node, to, call, arg, dispose)                                            \
    (COPI_HATCH("cop_post_soon"), cop_post_call(node, to, call, arg, dispose))
COP_API COP_MUST_USE cop_err cop_post_call(cop_node *node, cop_pid to, cop_callback call,
                                           void *arg, void (*dispose)(void *arg));

extern cop_hatch_site copi_hatch_begin[] __asm__("__start_cop_hatch")
    __attribute__((weak, visibility("hidden")));
extern cop_hatch_site copi_hatch_end[] __asm__("__stop_cop_hatch")
    __attribute__((weak, visibility("hidden")));

/*
 * Writes a line "file:line: cop_soon, 12 times" for each place of the program, or of the
 * shared library, that this is called in; `out` may be NULL.  Returns how many there are.  Any
 * thread.
 */
static inline unsigned
cop_hatch_report(FILE *out)
{
    unsigned count = 0;

    for (cop_hatch_site *site = copi_hatch_begin; site != copi_hatch_end; site++, count++)
        if (out != NULL)
            fprintf(
                out, "%s:%d: %s, %llu times\n", site->file, site->line, site->function,
                (unsigned long long)atomic_load_explicit(&site->uses, memory_order_relaxed));
    return count;
}

#endif /* COPPICE_HATCH_H */
