/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker.h - one thread that runs tasks, its timers and its file descriptors.
 *
 * A worker looks for work in this order: the slot (the task woken last: it is warm, and
 * nobody else is told of it), its own queues, tasks sent to it by other threads, the
 * queue of the scheduler, and then the queues of the other workers (seek.c).  Now and then,
 * and always before it sleeps, it fires due timers and polls its event base.
 */
#ifndef COPPICE_SCHED_WORKER_H
#define COPPICE_SCHED_WORKER_H

#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/pool.h"
#include "base/rng.h"
#include "base/slots.h"
#include "base/wheel.h"
#include "sched/runq.h"
#include "sched/task.h"

enum {
    COPI_WORKERS_MAX = 63, /* one bit each, and one to spare */
    COPI_AGE_MIN = 4000,   /* nanoseconds, see company.c */
    COPI_KNOWN_NAMES = 16,
    COPI_PATH_MAX = 256, /* bytes of a path, with its zero */
};

struct event;
struct event_base;
typedef struct copi_sched copi_sched;
typedef struct copi_sched_plan copi_sched_plan;
typedef struct copi_worker copi_worker;

/*
 * A timer of one worker, used by that worker's thread only.  Zero before the first use.  When
 * it is due and disarmed the scheduler's `ring` is called.
 */
typedef struct copi_timer {
    copi_wheel_node node;
    /* The rest is for `ring` and for whom the timer belongs to. */
    uint8_t what;
    bool is_queued;
    bool is_dropped : 1;
    bool is_pinning : 1; /* see copi_pin_for */
    bool has_bufs;
    uint32_t size;
} copi_timer;

/* A list of tasks in order, for one thread. */
typedef struct copi_fifo {
    copi_task *first;
    copi_task *last;
} copi_fifo;

/* Counted by the worker, read by anybody: relaxed, each on its own. */
typedef struct copi_counters {
    _Atomic uint64_t spawned, ended, messages, receipts, dead_letters, late_replies, unhandled;
    _Atomic int64_t timers, watches, live_messages;
} copi_counters;

/* A name that was looked up, see core/names.c. */
typedef struct copi_known_name {
    uint64_t version; /* of the registry at that time; 0: of none */
    uint64_t id;
    char text[48];
} copi_known_name;

struct copi_worker {
    /* Written before the thread starts. */
    copi_sched *sched;
    unsigned index;
    uint32_t slice;          /* messages that a task may handle in a row; 0: it is drawn */
    struct event_base *base; /* NULL in the simulator */
    struct event *wake_event;
    struct event *alarm_event; /* ends a sleep when the first timer is due */
    int wake_fd;
    int alarm_fd;
    pthread_t thread;
    int64_t tick; /* of the rough clock, nanoseconds */

    /* A guest's, see guest.h; not set in other workers. */
    bool is_guest; /* the base is not its own */
    bool has_turn;
    struct event *turn_event;
    int64_t turn_ns;

    /* The worker's own. */
    alignas(64) copi_task *slot;
    unsigned slot_runs; /* how often in a row the slot was preferred */
    uint32_t turns;     /* counts searches for work, to look elsewhere now and then */
    uint32_t spent;     /* by the task that runs, of its slice */
    copi_fifo pinned;   /* tasks that have their home here */
    copi_wheel timers;
    copi_slots alarms;    /* the timers that actors hold */
    int64_t alarm_at;     /* when alarm_fd goes off, nanoseconds; in the past: it is not set */
    int64_t polled_at;    /* nanoseconds */
    int64_t looked_at;    /* at the clock, the last time */
    int64_t judged_at;    /* whether it and another worker hinder each other, see company.c */
    int64_t age;          /* for so long a task must have waited for this worker to steal it */
    uint32_t foreign;     /* messages, since then, to actors that last ran on another worker */
    uint32_t bad_windows; /* in a row, in which there were too many */
    uint32_t good_windows;
    uint32_t foreign_with; /* the worker of the last of them */
    uint32_t patience;     /* turns from one look to the next */
    uint32_t turns_left;   /* of them */
    unsigned watch_count;  /* events in the base besides the wake-up */
    copi_pool pool;
    copi_rng rng;
    /* The actor whose code runs, for reports; relaxed, since the watchdog looks only whether it
     * is there, and at its limit. */
    _Atomic(void *) current;
    char path[COPI_PATH_MAX]; /* the result of cop_path */
    /* What is, or was, being handled there, if it is or was part of something that may be gone
     * since, and its name.  Only to be compared. */
    const void *part;
    const char *part_name;
    struct cop_exit *last_words; /* of cop_fail in a handler of cop_end; NULL: there is none */
    copi_known_name names[COPI_KNOWN_NAMES];
    uint64_t ref_count;
    copi_counters counters;

    copi_runq queue;                  /* shared with thieves, see there */
    uint32_t marks[COPI_WORKERS_MAX]; /* its own: where the queues of others ended */

    /*
     * inbox: tasks with their home here, from other threads, newest first.  Pushed with
     * release, taken whole with acquire, so the task's fields come along.
     */
    alignas(64) _Atomic(copi_task *) inbox;
    /* 1 + the index of a worker that would have this one's tasks, or 0.  Relaxed: a wish. */
    _Atomic uint32_t asked_by;
};

/* Arms or re-arms; nanoseconds of copi_worker_now.  False if there is no memory; then it is
 * disarmed. */
bool copi_timer_arm(copi_worker *worker, copi_timer *timer, int64_t due);
static inline bool
copi_timer_is_armed(const copi_timer *timer)
{
    return copi_wheel_has(&timer->node);
}

/* Nanoseconds left, 0 if it is due; the timer is armed.  As rough as copi_worker_after. */
int64_t copi_timer_left(const copi_worker *worker, const copi_timer *timer);

/* The clock of this worker's node: monotonic, or virtual. */
int64_t copi_worker_now(const copi_worker *worker);

/*
 * When it will be `ms` from now.  A long time is counted from the next tick of a clock that
 * costs a fifth to read: never too early, and some milliseconds late at most.
 */
int64_t copi_worker_after(const copi_worker *worker, int64_t ms);

/* Fires what is due. */
void copi_worker_fire_timers(copi_worker *worker);

static inline void
copi_fifo_push(copi_fifo *self, copi_task *task)
{
    task->next = NULL;
    if (self->first == NULL)
        self->first = task;
    else
        self->last->next = task;
    self->last = task;
}

static inline copi_task *
copi_fifo_pop(copi_fifo *self)
{
    copi_task *task = self->first;

    if (task != NULL)
        self->first = task->next;
    return task;
}

/* Relaxed: a counter is a fact of its own, and has one writer. */
#define COPI_TALLY(worker, counter, by)                                                        \
    atomic_store_explicit(                                                                     \
        &(worker)->counters.counter,                                                           \
        atomic_load_explicit(&(worker)->counters.counter, memory_order_relaxed) + (by),        \
        memory_order_relaxed)

/* Disarms; true if it was armed. */
static inline bool
copi_timer_disarm(copi_worker *worker, copi_timer *timer)
{
    if (!copi_timer_is_armed(timer))
        return false;
    copi_wheel_remove(&worker->timers, &timer->node);
    COPI_TALLY(worker, timers, -1);
    return true;
}

/* seek.c: what a worker does that has nothing to run.  A task of another's, or NULL: it has
 * slept or has something of its own by now. */
copi_task *copi_worker_seek(copi_worker *self);

/* company.c: now and then, when the worker is busy; it may give its tasks away. */
void copi_worker_judge(copi_worker *self, int64_t now);
/* ... and from now on. */
void copi_worker_judge_anew(copi_worker *self, int64_t now);

/* Fires due timers and polls descriptors. */
void copi_worker_poll(copi_worker *self, int64_t now);

/* Takes the front slot, which may be empty. */
static inline copi_task *
copi_worker_take_slot(copi_worker *self)
{
    copi_task *task = self->slot;

    self->slot = NULL;
    return task;
}

/* For sched.c. */
bool copi_worker_init(copi_worker *self, copi_sched *sched, unsigned index,
                      const copi_sched_plan *plan);
void copi_worker_fini(copi_worker *self);
/* Runs tasks until the scheduler is stopped. */
void *copi_worker_main(void *worker);

/* For guest.c.  The next task that there is to run, or NULL. */
copi_task *copi_worker_next(copi_worker *self);
/* Takes its events off the base, and frees that if it is its own. */
void copi_worker_leave_base(copi_worker *self);
/* A base for the calling thread alone; NULL: no memory, or no descriptors. */
struct event_base *copi_worker_new_base(void);

#endif /* COPPICE_SCHED_WORKER_H */
