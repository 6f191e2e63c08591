/* SPDX-License-Identifier: Apache-2.0 */
/*
 * park.pml - workers that watch, nap and sleep, and those who give them work.
 *
 * Models, one step for each access to something shared: copi_worker_main, next_task,
 * look_around and take_inbox in actors/sched/worker.c; seek.c; give_way in company.c;
 * copi_sched_submit, _yield, _queue, _send, _wake_one, _wake_thief, _take_injected and
 * _stop, wake_any, inject and wake_if_idle in sched.c.
 *
 * Tasks have no names: a place holds a number of them.  A stranger injects tasks, sends
 * them to a home, and may stop the workers; it also plays a third worker, in the middle of a
 * task that submits others and never returns.  A task may submit others, yield, send to the
 * other worker's home, or never return; a descriptor may wake a sleeper, whose callback
 * submits two tasks.  A free choice is what a worker takes first of its own, when it looks
 * around and whether it gives way then, if a task has waited for long enough to be stolen,
 * whether a watcher spins or naps, and how long it stays where nothing is queued.
 *
 * A nap may end by itself, a sleep does not.  That a nap ends is relied upon for what is in
 * a queue, where tasks wait for a while anyway, but not for what only the napper can run:
 * so a nap ends at any time, or else when a queue has something, and then only.
 *
 * A task that never returns shows work that waits behind it although somebody sleeps.  That
 * is an error for what is in a queue.  It is none for what the same worker had in its slot,
 * its inbox or among its pinned tasks; nor for an injected task, which may wait for the
 * worker that was woken for it.
 *
 * Left out: the inside of the ring, where a batch is taken in one step (runq.pml), the
 * lock around the injected tasks (the list and its mirror `waiting` are one), timers (as
 * descriptors), who a task is (mailbox.pml, whole.pml), that a task which was given away
 * goes from the inbox to the queue (as any push), the overflow of a queue, and weak memory:
 * all steps of the protocol are sequentially consistent in the code, too.
 */
/* run: -m100000 */
/* compile: -DCOLLAPSE */
/* must-fail: -DBUG_NOWAKE */
/* must-fail: -DBUG_IDLE_AFTER_LOOK */
/* must-fail: -DBUG_WAKE_BEFORE_PUSH */
/* must-fail: -DBUG_CLAIM_WITHOUT_WRITE */
/* must-fail: -DBUG_NO_LOOK_AT_INBOX */
/* must-fail: -DBUG_NO_LOOK_AT_INJECTED */
/* must-fail: -DBUG_STOP_AFTER_WAKE */
/* must-fail: -DBUG_SLEEP_AS_WATCHER */
/* must-fail: -DBUG_UNWATCH_AFTER_LOOK */
/* must-fail: -DBUG_TRUST_WATCHER */
/* must-fail: -DBUG_NAP_WITHOUT_BIT */
/* must-fail: -DBUG_LEAVE_IN_SILENCE */
/* must-fail: -DBUG_LEAVE_AFTER_LOOK */
/* must-fail: -DBUG_OWN_WORK_FIRST */
/* must-fail: -DBUG_GIVE_IN_SILENCE */

#define WORKERS 2
#define QUEUES 3        /* the last one is the third worker's */
#define STRANGE 2       /* tasks from a stranger */
#ifndef BUDGET
#define BUDGET 1        /* how often tasks submit or yield, or workers give way */
#endif

#define WATCHED 4       /* above the workers' bits */

byte slot[WORKERS];     /* the worker's own */
byte pinned[WORKERS];
byte queue[QUEUES];     /* shared from here */
byte inbox[WORKERS];
byte waiting;
byte idle;              /* a bit for each worker, and WATCHED */
bool stopping;
bool eventfd[WORKERS];

byte alive;             /* tasks that are queued or run */
byte budget = BUDGET;
bool has_event;
bool sleeps[WORKERS], hangs[WORKERS], has_ended[WORKERS];

#define IS_ANY_QUEUED (queue[0] + queue[1] + queue[2] > 0)
#define OWN(i) (slot[i] + pinned[i] + inbox[i])

/* Claims the first of the idle bits in `seen` that is still there. */
inline wake_any()
{
    do
    :: atomic {
        seen != 0 ->
        claimed = (seen & 1 -> 0 : 1);
        if
        :: idle & 1 << claimed ->
            idle = idle & ~(1 << claimed);
            break
        :: else ->
            seen = seen & ~(1 << claimed);
            claimed = 0
        fi
       }
    :: atomic { seen == 0 -> break }
    od;
    atomic {
        if
#ifndef BUG_CLAIM_WITHOUT_WRITE
        :: seen != 0 -> eventfd[claimed] = true
#endif
        :: else
        fi;
        seen = 0;
        claimed = 0
    }
}

inline wake_one(but)
{
#ifndef BUG_NOWAKE
    seen = idle & ~(WATCHED | (but));
    wake_any()
#else
    seen = 0
#endif
}

inline wake_thief(but)
{
#ifndef BUG_NOWAKE
    atomic {
        seen = idle & ~(but);
        if
        :: seen & WATCHED -> seen = 0
        :: else
        fi
    }
    wake_any()
#else
    seen = 0
#endif
}

/* After the push.  The look and the claim are one: nothing depends on the time between. */
inline wake_if_idle(home)
{
    atomic {
        if
        :: idle & 1 << home ->
            idle = idle & ~(1 << home);
            seen = 1
        :: else
        fi
    }
    atomic {
        if
        :: seen -> eventfd[home] = true
        :: else
        fi;
        seen = 0
    }
}

inline queue_own()
{
    queue[me]++;
    wake_thief(1 << me)
}

/* What a task does before it returns; only then it is counted as gone. */
inline run_task()
{
    do
    :: atomic {
        budget > 0 && slot[me] == 0 ->
        budget--;
        alive++;
        slot[me] = 1
       }
    :: atomic {
        budget > 0 && slot[me] > 0 ->
        budget--;
        alive++
       }
        queue_own()
    :: atomic {
        budget > 0 ->
        budget--;
        alive++;
        inbox[1 - me]++
       }
        wake_if_idle(1 - me)
    :: atomic {
        budget > 0 ->       /* yields at its home */
        budget--;
        pinned[me]++;
        break
       }
    :: atomic {
        budget > 0 ->
        budget--
       }
        queue_own();        /* yields */
        break
    :: atomic {
        alive--;
        break
       }
    :: hangs[me] = true;
end_hangs:
        false
    od;
    has_task = false
}

inline give_way()
{
    do
    :: atomic {
        queue[me] > 0 ->
        queue[me]--;
        count++
       }
    :: atomic {
        queue[me] == 0 ->
        count = count + slot[me];
        slot[me] = 0;
        break
       }
    od;
    atomic {
        inbox[1 - me] = inbox[1 - me] + count;
        count = 0
    }
#ifndef BUG_GIVE_IN_SILENCE
    wake_if_idle(1 - me)
#endif
}

inline next_task()
{
    /* look_around */
    if
    :: atomic {
        waiting > 0 ->
        waiting--
       }
        queue_own()
    :: atomic {
        budget > 0 && queue[me] + slot[me] > 0 ->
        budget--
       }
        give_way()
    :: true
    fi;
    atomic {
        pinned[me] = pinned[me] + inbox[me];
        inbox[me] = 0
    }
    atomic {
        if
        :: slot[me] > 0 ->
            slot[me]--;
            has_task = true
        :: queue[me] > 0 ->
            queue[me]--;
            has_task = true
        :: pinned[me] > 0 ->
            pinned[me]--;
            has_task = true
        :: else
        fi
    }
    atomic {
        if
        :: !has_task && waiting > 0 ->
            waiting--;
            has_task = true
        :: else
        fi
    }
}

inline look_at(place)
{
    atomic {
        if
        :: !found && (place) -> found = true
        :: else
        fi
    }
}

inline has_own_work()
{
#ifndef BUG_NO_LOOK_AT_INBOX
    look_at(inbox[me] > 0);
#endif
#ifndef BUG_NO_LOOK_AT_INJECTED
    look_at(waiting > 0);
#endif
    look_at(stopping || slot[me] + pinned[me] + queue[me] > 0)
}

inline is_any_queued()
{
    look_at(queue[0] > 0);
    look_at(queue[1] > 0);
    look_at(queue[2] > 0)
}

/* From anybody, or nobody. */
inline steal()
{
    atomic {
        if
        :: queue[1 - me] > 0 -> victim = 1 - me
        :: queue[2] > 0 -> victim = 2
        :: true -> victim = me
        fi;
        if
        :: victim != me ->
            count = (queue[victim] + 1) / 2;
            queue[victim] = queue[victim] - count;
            count--;
            has_task = true
        :: else
        fi;
        victim = 0
    }
    atomic {
        queue[me] = queue[me] + count;
        count = 0
    }
}

/* While it spins it looks again and again, so one look may be one step. */
inline spin()
{
    found = inbox[me] + waiting + queue[me] + slot[me] > 0 || stopping
}

inline become_watcher()
{
    atomic {
        watches = !(idle & WATCHED);
        idle = idle | WATCHED
    }
}

inline lie_down()
{
#ifdef BUG_NAP_WITHOUT_BIT
    if
    :: naps
    :: else -> idle = idle | 1 << me
    fi;
#else
    atomic {
        idle = idle | 1 << me;
#endif
#if !defined(BUG_SLEEP_AS_WATCHER) && !defined(BUG_UNWATCH_AFTER_LOOK)
        if
        :: watches && !naps ->
            idle = idle & ~WATCHED;
            watches = false
        :: else
        fi
#else
        skip
#endif
#ifndef BUG_NAP_WITHOUT_BIT
    }
#endif
}

/* The looks of nap and park. */
inline look_once_more()
{
#ifdef BUG_TRUST_WATCHER
    if
    :: !naps && idle & WATCHED
    :: else -> has_own_work()
    fi;
#else
    has_own_work();
#endif
    if
    :: naps || found
#ifndef BUG_SLEEP_AS_WATCHER
    :: !naps && !found && !watches && idle & WATCHED
#endif
    :: else -> is_any_queued()
    fi
}

inline sleep()
{
    sleeps[me] = true;
end_asleep:
    if
    :: atomic {
        eventfd[me] ->
        eventfd[me] = false;
        sleeps[me] = false
       }
    :: atomic {
        naps && (is_brief || IS_ANY_QUEUED) ->
        sleeps[me] = false
       }
    :: atomic {
        has_event ->
        has_event = false;
        sleeps[me] = false
       }
        atomic {
            alive = alive + 2;
            slot[me]++
        }
        queue_own()
    fi
}

/* Sets `has_task`, or it has slept or has something of its own by now. */
inline seek()
{
    become_watcher();
    if
    :: watches
    :: else -> goto lies_down
    fi;
watches_on:
    if
    :: spin()
    :: atomic {
        naps = true;
        if
        :: is_brief = true
        :: true
        fi;
        goto lies_down
       }
    fi;
looked:
    if
    :: found -> goto leaves
    :: else
    fi;
    steal();
    if
    :: has_task -> goto leaves
    :: !has_task -> goto watches_on
    :: !has_task && !IS_ANY_QUEUED     /* for a while */
    fi;
lies_down:
#ifdef BUG_IDLE_AFTER_LOOK
    look_once_more();
    lie_down();
#else
    lie_down();
    look_once_more();
#endif
#ifdef BUG_UNWATCH_AFTER_LOOK
    atomic {
        if
        :: watches && !naps ->
            idle = idle & ~WATCHED;
            watches = false
        :: else
        fi
    }
#endif
    if
    :: !found -> sleep()
    :: else
    fi;
    atomic {
        idle = idle & ~(1 << me);
        found = false;
        is_brief = false;
        if
        :: naps ->
            naps = false;
            found = inbox[me] + waiting + queue[me] + slot[me] > 0 || stopping;
            goto looked
        :: else
        fi
    }
#ifdef BUG_SLEEP_AS_WATCHER
    atomic {
        if
        :: watches -> goto watches_on
        :: else
        fi
    }
#endif
#ifndef BUG_OWN_WORK_FIRST
    become_watcher();
    if
    :: watches -> goto watches_on
    :: else
    fi;
#endif
    goto is_over;
leaves:
    found = false;
#ifdef BUG_LEAVE_AFTER_LOOK
    is_any_queued();
    idle = idle & ~WATCHED;
#else
    idle = idle & ~WATCHED;
    is_any_queued();
#endif
    atomic {
        watches = false;
        if
        :: found ->
            found = false;
        :: else -> goto is_over
        fi
    }
#ifndef BUG_LEAVE_IN_SILENCE
    wake_thief(1 << me);
#endif
is_over:
    skip
}

proctype Worker(byte me)
{
    byte seen, claimed, victim, count;
    bool has_task, found, watches, naps, is_brief;

    do
    :: stopping -> break
    :: else ->
        next_task();
        if
        :: !has_task -> seek()
        :: else
        fi;
        if
        :: has_task -> run_task()
        :: else
        fi
    od;
    has_ended[me] = true
}

proctype Stranger()
{
    byte left = STRANGE, seen, claimed;

    do
    :: atomic { left > 0 -> left-- }
        if
#ifdef BUG_WAKE_BEFORE_PUSH
        ::  wake_one(0);
            atomic {
                waiting++;
                alive++
            }
#else
        :: atomic {
            waiting++;
            alive++
           }
            wake_one(0)
#endif
        :: atomic {
            inbox[0]++;
            alive++
           }
            wake_if_idle(0)
        :: atomic {
            queue[2]++;
            alive++
           }
            wake_thief(0)
        fi
    :: atomic { left == 0 -> break }
    od;
    if
    :: true
    :: true ->
#ifndef BUG_STOP_AFTER_WAKE
        stopping = true;
#endif
        do
        :: atomic {
            left < WORKERS ->
            eventfd[left] = true;
            left++
           }
        :: atomic { left == WORKERS -> break }
        od
#ifdef BUG_STOP_AFTER_WAKE
        ;
        stopping = true
#endif
    fi
}

init
{
    atomic {
        if
        :: has_event = true
        :: true
        fi;
        run Worker(0);
        run Worker(1);
        run Stranger()
    }
    /* Nothing moves any more. */
    timeout;
    assert(has_ended[0] || sleeps[0] || hangs[0]);
    assert(has_ended[1] || sleeps[1] || hangs[1]);
    assert(!stopping || (!sleeps[0] && !sleeps[1]));
    assert(!sleeps[0] || OWN(0) == 0);
    assert(!sleeps[1] || OWN(1) == 0);
    assert(!(sleeps[0] || sleeps[1]) || !IS_ANY_QUEUED);
    assert(stopping || hangs[0] || hangs[1] || alive == 0)
}
