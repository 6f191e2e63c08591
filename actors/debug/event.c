/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* dladdr */

#include "debug/event.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/printer.h"
#include "core/node.h"

enum {
    LINE_SIZE = 1024,
    REASON_SIZE = 400,
};

const char *
cop_event_kind_name(cop_event_kind kind)
{
    switch (kind) {
    case COP_EVENT_CRASH: return "crash";
    case COP_EVENT_STUCK: return "stuck";
    case COP_EVENT_CHILD: return "child";
    case COP_EVENT_PROGRESS: return "progress";
    case COP_EVENT_LEFTOVER: return "leftover";
    case COP_EVENT_SLOW_STOP: return "slow stop";
    case COP_EVENT_LEFT_OUT: return "left out";
    }
    return "unknown";
}

/* --------------------------------------------------------------------------- as text */

static void
put_reason(copi_printer *self, const cop_exit *why)
{
    char reason[REASON_SIZE];

    if (why != NULL)
        copi_put(self, ": %s", cop_exit_print(why, reason, sizeof reason));
}

static void
put_message(copi_printer *self, const cop_event *event)
{
    if (event->message != NULL)
        copi_put(self, ", in %s", event->message);
    if (event->waiting > 0)
        copi_put(self, ", %" PRIu32 " waiting", event->waiting);
}

static void
put_event(copi_printer *self, const cop_event *event)
{
    copi_put(self, "%s: ", cop_event_kind_name(event->kind));
    if (event->kind == COP_EVENT_LEFT_OUT) {
        copi_put(self, "%" PRIu32 " more of kind %s", event->left_out_count,
                 cop_event_kind_name(event->left_out));
        return;
    }
    copi_put(self, "%s", event->path != NULL ? event->path : "somebody");
    if (event->behaviour != NULL)
        copi_put(self, " (%s)", event->behaviour);
    if (event->child != NULL)
        copi_put(self, ", %s %s %s", event->kind == COP_EVENT_LEFTOVER ? "job" : "child",
                 event->child, event->news != NULL ? event->news : "");
    if (event->kind == COP_EVENT_STUCK || event->kind == COP_EVENT_LEFTOVER)
        copi_put(self, " for %" PRId64 " ms", event->ran_ms);
    if (event->kind == COP_EVENT_SLOW_STOP)
        copi_put(self, " after %" PRId64 " ms", event->ran_ms);
    if (event->chain != NULL)
        copi_put(self, ": %s", event->chain);
    put_reason(self, event->why);
    put_message(self, event);
    if (event->state != NULL && event->state[0] != '\0')
        copi_put(self, ", state %s", event->state);
}

char *
cop_event_print(const cop_event *event, char *text, size_t size)
{
    copi_printer self = {.text = text, .size = size};

    if (size > 0) {
        text[0] = '\0';
        put_event(&self, event);
    }
    return text;
}

/* ---------------------------------------------------------------------------- telling */

static int64_t
now_of(cop_node *node)
{
    return copi_worker_now(&node->sched.workers[0]);
}

/* The same, but cheap and rough: for counting, which a storm of crashes does all the time. */
static int64_t
rough_now_of(const cop_node *node)
{
    const copi_simulation *simulation = node->sched.simulation;

    return simulation != NULL ? simulation->now : copi_clock_rough_ns();
}

static uint32_t
most_of(const cop_node *node)
{
    uint32_t wanted = node->opts.events_per_second;

    return wanted != 0 ? wanted : COPI_EVENTS_PER_SECOND;
}

static void
tell_left_out(cop_node *node, cop_event_kind kind, uint32_t count)
{
    copi_event_tell(
        node,
        &(cop_event){.kind = COP_EVENT_LEFT_OUT, .left_out = kind, .left_out_count = count});
}

bool
copi_event_may(cop_node *node, cop_event_kind kind)
{
    _Atomic uint64_t *word = &node->events.words[kind];
    uint64_t second = (uint64_t)(rough_now_of(node) / (1000 * COPI_MS)) & UINT32_MAX;
    uint64_t before = atomic_load_explicit(word, memory_order_relaxed), after;

    do {
        after = before >> 32 == second ? before : second << 32;
        if ((after & UINT32_MAX) == UINT32_MAX)
            return false;
        after++;
    } while (!atomic_compare_exchange_weak_explicit(word, &before, after, memory_order_relaxed,
                                                    memory_order_relaxed));
    uint32_t count = (uint32_t)before;
    if (before >> 32 != second && count > most_of(node))
        tell_left_out(node, kind, count - most_of(node));
    return (uint32_t)after <= most_of(node);
}

/* Names are known of exported functions only; addr2line has the others by their offset. */
static char *
print_frame(void *frame, char *text, size_t size)
{
    copi_printer self = {.text = text, .size = size};
    Dl_info info;

    copi_put(&self, "    at %p", frame);
    if (dladdr(frame, &info) == 0)
        return text;
    if (info.dli_sname != NULL)
        copi_put(&self, " %s", info.dli_sname);
    if (info.dli_fname != NULL)
        copi_put(&self, " (%s+%#zx)", info.dli_fname,
                 (size_t)((char *)frame - (char *)info.dli_fbase));
    return text;
}

/* Where there is nobody who wants it as it is. */
static void
log_event(cop_node *node, const cop_event *event)
{
    char line[LINE_SIZE];

    if (event->kind == COP_EVENT_PROGRESS)
        return;
    copi_node_log(node, cop_event_print(event, line, sizeof line));
    for (size_t i = 0; i < event->stack_count; i++)
        copi_node_log(node, print_frame(event->stack[i], line, sizeof line));
}

void
copi_event_tell(cop_node *node, cop_event *event)
{
    event->at_ms = now_of(node) / COPI_MS;
    if (node->opts.on_event != NULL)
        node->opts.on_event(node->opts.ctx, event);
    else
        log_event(node, event);
}
