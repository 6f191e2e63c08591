/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scopes.c - what remains of them: a list of who has to end first, and a run queue.
 *
 * A child is a record from a list of free ones.  It waits in the run queue, then its function
 * is called, and it leaves the list of its scope, which is closed when that is empty.  One
 * that sleeps is in a list, as it would be in a wheel of timers.
 */
#include "ideal.h"

typedef struct child child;
typedef struct scope scope;

typedef struct ring_link {
    struct ring_link *before, *after;
} ring_link;

typedef enum verdict {
    ENDS,
    FAILS,
    SLEEPS
} verdict;

struct child {
    ring_link siblings; /* First, so that it can be cast. */
    ring_link sleep;    /* Empty while it does not. */
    child *next_ready;  /* In the run queue, or in the list of free records. */
    scope *owner;
    verdict (*run)(child *self);
};

struct scope {
    ring_link children;
    bool cancelled;
};

enum {
    CHILDREN = 50000000,
    SLEEPERS = 10000,
    CANCEL_ROUNDS = 2000
};

static child *free_children;
static struct {
    child *head, *tail;
} queue;
static ring_link sleepers = {&sleepers, &sleepers};

static void
ring_init(ring_link *self)
{
    self->before = self->after = self;
}

static void
ring_join(ring_link *self, ring_link *last)
{
    self->before = last->before;
    self->after = last;
    last->before->after = self;
    last->before = self;
}

static void
ring_leave(ring_link *self)
{
    self->before->after = self->after;
    self->after->before = self->before;
}

static bool
is_empty(const ring_link *self)
{
    return self->after == self;
}

static void
queue_child(child *self)
{
    self->next_ready = NULL;
    if (queue.head == NULL)
        queue.head = self;
    else
        queue.tail->next_ready = self;
    queue.tail = self;
}

static void
start_child(scope *owner, verdict (*run)(child *))
{
    child *self = free_children;

    if (self == NULL)
        self = must_alloc(sizeof *self);
    else
        free_children = self->next_ready;
    self->owner = owner;
    self->run = run;
    ring_init(&self->sleep);
    ring_join(&self->siblings, &owner->children);
    queue_child(self);
}

/* All are told before any of them ends. */
static void
cancel(scope *self)
{
    self->cancelled = true;
    for (ring_link *at = self->children.after; at != &self->children; at = at->after) {
        child *each = (child *)at;
        if (is_empty(&each->sleep))
            continue;
        ring_leave(&each->sleep);
        ring_init(&each->sleep);
        queue_child(each);
    }
}

static void
run_children(void)
{
    while (queue.head != NULL) {
        child *self = queue.head;
        scope *owner = self->owner;
        queue.head = self->next_ready;
        const verdict what = self->run(self);
        if (what == SLEEPS)
            continue;
        ring_leave(&self->siblings);
        self->next_ready = free_children;
        free_children = self;
        if (what == FAILS && !owner->cancelled)
            cancel(owner);
    }
}

static verdict
end_at_once(child *self)
{
    (void)self;
    return ENDS;
}

/* Scopes with so many children, until there have been enough of them. */
static double
open_and_close(int children)
{
    const double begin = now_ns();

    for (int all = 0; all < CHILDREN; all += children) {
        scope group = {.cancelled = false};
        ring_init(&group.children);
        for (int i = 0; i < children; i++)
            start_child(&group, end_at_once);
        run_children();
        must_be(is_empty(&group.children), "the scope is not closed");
    }
    return (now_ns() - begin) / CHILDREN;
}

double
scope_1(void)
{
    return open_and_close(1);
}

double
scope_10(void)
{
    return open_and_close(10);
}

double
scope_1k(void)
{
    return open_and_close(1000);
}

double
scope_100k(void)
{
    return open_and_close(100000);
}

/* Its second step is the end, whatever it waited for. */
static verdict
sleep_until_told(child *self)
{
    if (self->owner->cancelled)
        return ENDS;
    ring_join(&self->sleep, &sleepers);
    return SLEEPS;
}

static verdict
fail_at_once(child *self)
{
    (void)self;
    return FAILS;
}

double
scope_cancel_10k(void)
{
    double ns = 0;

    for (int round = 0; round < CANCEL_ROUNDS; round++) {
        scope group = {.cancelled = false};
        ring_init(&group.children);
        for (int i = 0; i < SLEEPERS; i++)
            start_child(&group, sleep_until_told);
        run_children();
        start_child(&group, fail_at_once);
        const double begin = now_ns();
        run_children();
        ns += now_ns() - begin;
        must_be(is_empty(&group.children) && is_empty(&sleepers), "some are left");
    }
    return ns / CANCEL_ROUNDS / 1e3;
}
