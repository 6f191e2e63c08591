/* SPDX-License-Identifier: Apache-2.0 */
/*
 * whole.pml - mailboxes, run queues, stealing, sleeping and stopping together.
 *
 * Models copi_run_actor in actors/core/run.c, copi_push in actors/core/post.c,
 * copi_worker_main and copi_worker_next in actors/sched/worker.c, steal and park in
 * actors/sched/seek.c, and copi_sched_submit, _yield, _wake_one and _stop in
 * actors/sched/sched.c.
 *
 * A stranger sends to both actors; the first forwards what it gets to the second, which
 * stops the workers when it has seen all.  So a lost message, a lost task and a lost
 * wake-up all show as a worker that never ends.  Whether a slice is over after a message,
 * and whether the slot or the queue goes first, is a free choice.
 *
 * Left out: what the other models look at more closely.  A worker here steals at once, and is
 * woken for every task that is queued; park.pml has the watching that saves those wake-ups.
 * A push, a take and a park of a mailbox, and a push to and a take from a ring, are one step
 * each.
 */
/* run: -m200000 -noclaim */
/* run: -m200000 -a -f */
/* must-fail: -DBUG_NOWAKE */
/* must-fail: -DBUG_IDLE_AFTER_LOOK */
/* must-fail: -DBUG_PARK_WITH_MAIL */
/* must-fail: -DBUG_SUBMIT_ALWAYS */
/* must-fail: -DBUG_STEAL_LEAVES */
/* must-fail: -DBUG_YIELD_LOSES */
/* must-fail: -DBUG_STOP_IN_SILENCE */

#define WORKERS 2
#define ACTORS 2
#define TO_FIRST 1      /* messages of the stranger */
#define TO_SECOND 1

#define NOBODY ACTORS

/* The mailboxes, and where their owners are. */
byte mail[ACTORS];
byte batch[ACTORS];
bool is_asleep[ACTORS] = true;
bool is_queued[ACTORS];
bool is_running[ACTORS];
byte handled[ACTORS];

/* The scheduler. */
byte slot[WORKERS] = NOBODY;
chan ring[WORKERS] = [ACTORS] of { byte };
chan injected = [ACTORS] of { byte };
byte idle;
bool stopping;
bool eventfd[WORKERS];
bool has_ended[WORKERS];


inline enqueue(actor)
{
    assert(!is_queued[actor] && !is_running[actor]);
    is_queued[actor] = true
}

inline wake_one(but)
{
#ifndef BUG_NOWAKE
    atomic {
        seen = idle & ~(but);
        claimed = 0
    }
    do
    :: atomic {
        seen != 0 ->
        claimed = (seen & 1 -> 0 : 1);
        if
        :: idle & 1 << claimed ->
            idle = idle & ~(1 << claimed);
            break
        :: else -> seen = seen & ~(1 << claimed)
        fi
       }
    :: atomic { seen == 0 -> break }
    od;
    atomic {
        if
        :: seen != 0 -> eventfd[claimed] = true
        :: else
        fi;
        seen = 0;
        claimed = 0
    }
#else
    seen = 0
#endif
}

/* Sets `wakes`; then the caller submits. */
inline push(actor)
{
    atomic {
        mail[actor]++;
#ifdef BUG_SUBMIT_ALWAYS
        wakes = true;
#else
        wakes = is_asleep[actor];
#endif
        is_asleep[actor] = false
    }
}

/* Into the slot; whoever was there goes to the queue. */
inline submit(actor)
{
    atomic {
        wakes = false;
        enqueue(actor);
        before = slot[me];
        slot[me] = actor
    }
    if
    :: before != NOBODY ->
        atomic {
            ring[me]!before;
            before = NOBODY
        }
        wake_one(1 << me)
    :: else
    fi
}

inline yield_actor()
{
    atomic {
        is_running[task] = false;
#ifndef BUG_YIELD_LOSES
        enqueue(task);
        ring[me]!task;
#endif
        task = NOBODY
    }
    wake_one(1 << me)
}

inline stop()
{
    stopping = true;
#ifndef BUG_STOP_IN_SILENCE
    eventfd[0] = true;
    eventfd[1] = true
#endif
}

inline handle()
{
    atomic {
        batch[task]--;
        handled[task]++;
        if
        :: task == 0 -> push(1)
        :: else
        fi
    }
    if
    :: wakes -> submit(1)
    :: task == 1 && handled[1] == TO_FIRST + TO_SECOND -> stop()
    :: else
    fi
}

inline run_actor()
{
    atomic {
        assert(is_queued[task] && !is_running[task]);
        is_queued[task] = false;
        is_running[task] = true
    }
    do
    :: task == NOBODY -> break
    :: task != NOBODY && batch[task] > 0 ->
        handle();
        if
        :: yield_actor()
        :: true
        fi
    :: task != NOBODY && batch[task] == 0 ->
        atomic {
            batch[task] = mail[task];
            mail[task] = 0
        }
        if
        :: batch[task] == 0 ->
            atomic {
                if
#ifdef BUG_PARK_WITH_MAIL
                :: true ->
#else
                :: mail[task] == 0 ->
#endif
                    is_asleep[task] = true;
                    is_running[task] = false;
                    task = NOBODY
                :: else
                fi
            }
        :: else
        fi
    od
}

inline next_task()
{
    atomic {
        if
        :: slot[me] != NOBODY ->
            task = slot[me];
            slot[me] = NOBODY
        :: len(ring[me]) > 0 -> ring[me]?task
        :: else
        fi
    }
    atomic {
        if
        :: task == NOBODY && len(injected) > 0 -> injected?task
        :: else
        fi
    }
    atomic {
        if
        :: task == NOBODY && len(ring[1 - me]) > 0 ->
#ifdef BUG_STEAL_LEAVES
            ring[1 - me]?<task>
#else
            ring[1 - me]?task
#endif
        :: else
        fi
    }
}

inline look_at(place)
{
    atomic {
        if
        :: !found && place -> found = true
        :: else
        fi
    }
}

inline has_work()
{
    look_at(len(injected) > 0);
    look_at(stopping);
    look_at(len(ring[0]) > 0);
    look_at(len(ring[1]) > 0)
}

inline park()
{
#ifdef BUG_IDLE_AFTER_LOOK
    has_work();
    idle = idle | 1 << me;
#else
    idle = idle | 1 << me;
    has_work();
#endif
    if
    :: !found ->
        atomic {
            eventfd[me] ->
            eventfd[me] = false
        }
    :: else
    fi;
    atomic {
        idle = idle & ~(1 << me);
        found = false
    }
}

proctype Worker(byte me)
{
    byte task = NOBODY, before = NOBODY, seen, claimed;
    bool wakes, found;

    do
    :: stopping -> break
    :: else ->
        next_task();
        if
        :: task != NOBODY -> run_actor()
        :: else -> park()
        fi
    od;
    has_ended[me] = true
}

/* After the push. */
inline inject(actor)
{
    if
    :: wakes ->
        atomic {
            wakes = false;
            enqueue(actor);
            injected!actor
        }
        wake_one(0)
    :: else
    fi
}

proctype Stranger()
{
    byte seen, claimed, first = TO_FIRST, second = TO_SECOND;
    bool wakes;

    do
    :: atomic {
        first > 0 ->
        first--;
        push(0)
       }
        inject(0)
    :: atomic {
        second > 0 ->
        second--;
        push(1)
       }
        inject(1)
    :: first + second == 0 -> break
    od
}

init
{
    atomic {
        run Worker(0);
        run Worker(1);
        run Stranger()
    }
    timeout;
    assert(handled[0] == TO_FIRST && handled[1] == TO_FIRST + TO_SECOND);
    assert(has_ended[0] && has_ended[1])
}

ltl it_ends { <> (has_ended[0] && has_ended[1]) }
