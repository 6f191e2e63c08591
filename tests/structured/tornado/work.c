/* SPDX-License-Identifier: Apache-2.0 */
/*
 * work.c - what the callbacks of a worker do: the part that no version changes.
 */
#include <stdio.h>
#include <stdlib.h>

#include "worker.h"

const worker_about worker_abouts[SHAPE_COUNT] = {
#define WORKER_ABOUT(name, way, ms, verb) {#name, WAY_##way, ms, verb},
    WORKER_SHAPES(WORKER_ABOUT)
#undef WORKER_ABOUT
};

unsigned worker_orders_made, worker_orders_disposed;

worker_order *
worker_order_new(worker_shape what)
{
    worker_order *made = malloc(sizeof *made);

    if (made == NULL)
        abort();
    made->what = what;
    worker_orders_made++;
    return made;
}

void
worker_order_dispose(void *order)
{
    worker_orders_disposed++;
    free(order);
}

static bool
is_ending(worker_shape what)
{
    return what == SHAPE_close_after_error || what == SHAPE_close_gracefully ||
           what == SHAPE_lifetime_over;
}

static bool
is_to_fail(unsigned index, worker_shape what, unsigned run)
{
    const worker_fault *fault = &worker_fault_of_test;

    return fault->run == run && fault->index == index && fault->what == what;
}

cop_err
worker_work(cop_actor *me, unsigned index, worker_tally *tally, worker_shape what)
{
    const worker_about *about = &worker_abouts[what];
    unsigned run = ++tally->runs[what];
    char line[96];

    if (is_to_fail(index, what, run))
        return cop_fail(me, 17, "%s of w%u broke", about->name, index);
    snprintf(line, sizeof line, "w%u %s %s %u", index, about->name, about->verb, run);
    worker_said(line);
    return is_ending(what) ? cop_stop(me) : COP_OK;
}
