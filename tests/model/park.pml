/* SPDX-License-Identifier: Apache-2.0 */
/*
 * park.pml - workers that sleep, and those who give them work.
 *
 * Models, one step for each access to something shared: copi_worker_main, copi_worker_next,
 * look_around and take_inbox in actors/sched/worker.c; copi_worker_seek, watch, steal, nap,
 * park and stop_watching in actors/sched/seek.c; copi_worker_lie_down and _wake_up in
 * actors/sched/sleep.c; give_way in actors/sched/company.c; copi_sched_submit, _yield,
 * _queue, _wake_one, _wake_thief, _send, _take_injected and _stop, inject and wake_if_idle in
 * actors/sched/sched.c.
 *
 * Tasks have no names: a place holds a number of them.  A stranger adds tasks, and may
 * stop the workers.  A task may submit others, yield, or send to the other worker's home;
 * a descriptor may wake a sleeper, whose callback submits two tasks.  What a worker takes
 * first of its own, when it looks around, when a task has waited long enough to be stolen
 * and when a watcher naps, steals or goes to sleep, is a free choice.
 *
 * A nap ends by itself or by a wake-up, so it cannot lose anything and is no state of its own
 * here but for its idle bit.
 *
 * Left out: the inside of the ring, where a batch is taken in one step (runq.pml), the
 * lock around the injected tasks (the list and its mirror `waiting` are one), timers (as
 * descriptors), who a task is (mailbox.pml, whole.pml), and weak memory: the four steps
 * of the protocol are sequentially consistent in the code, too.  A task may take so long
 * that everything else comes to rest: then no other worker may sleep while tasks are queued.
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
/* must-fail: -DBUG_UNWATCH_IN_SILENCE */
/* must-fail: -DBUG_TRUST_NOBODY */
/* must-fail: -DBUG_WATCHED_FOR_EVER */
/* must-fail: -DBUG_WATCHER_LOOKS_FIRST */
/* must-fail: -DBUG_GIVE_IN_SILENCE */

#define WORKERS 2
#define STRANGE 1       /* tasks from a stranger */
#define BUDGET 2        /* how often tasks submit, yield or move */
#define WATCHED 4

byte slot[WORKERS];     /* the worker's own */
byte pinned[WORKERS];
byte queue[WORKERS];    /* shared from here */
byte inbox[WORKERS];
byte waiting;
byte idle;              /* a bit for each worker, and WATCHED */
bool stopping;
bool eventfd[WORKERS];

byte alive;             /* tasks that are queued or run */
byte budget = BUDGET;
byte longs;             /* tasks that take long */
bool has_event;
bool sleeps[WORKERS], has_ended[WORKERS];

/* Claims the first of the idle bits in `seen` that is still there. */
inline wake_any()
{
    do
    :: atomic {
        seen != 0 ->
        do
        :: seen & 1 << claimed -> break
        :: else -> claimed++
        od;
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
#ifndef BUG_CLAIM_WITHOUT_WRITE
    atomic {
        if
        :: seen != 0 -> eventfd[claimed] = true
        :: else
        fi;
        seen = 0;
        claimed = 0
    }
#endif
}

inline wake_one(but)
{
#ifndef BUG_NOWAKE
    atomic {
        seen = idle & ~(but) & ~WATCHED;
        claimed = 0
    }
    wake_any()
#else
    seen = 0
#endif
}

/* Not if somebody watches. */
inline wake_thief(but)
{
#ifndef BUG_NOWAKE
    atomic {
        seen = (idle & WATCHED -> 0 : idle & ~(but));
        claimed = 0
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
        inbox[(me + 1) % WORKERS]++
       }
        wake_if_idle((me + 1) % WORKERS)
    :: atomic {
        budget > 0 ->       /* takes so long that all others come to rest */
        budget--;
        longs++
       }
        atomic {
            timeout ->
            longs--;
            assert(stopping || queue[me] == 0 || !sleeps[(me + 1) % WORKERS])
        }
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
    od;
    has_task = false
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

inline has_own_work()
{
#ifndef BUG_NO_LOOK_AT_INBOX
    look_at(inbox[me] > 0);
#endif
#ifndef BUG_NO_LOOK_AT_INJECTED
    look_at(waiting > 0);
#endif
    look_at(stopping);
    look_at(slot[me] + pinned[me] + queue[me] > 0)
}

inline is_any_queued()
{
    look_at(queue[0] > 0);
    look_at(queue[1] > 0)
}

inline steal()
{
    victim = 0;
    do
    :: atomic {
        victim < WORKERS && (victim == me || queue[victim] == 0) -> victim++
       }
    :: atomic {
        victim < WORKERS && victim != me && queue[victim] > 0 ->
        count = (queue[victim] + 1) / 2;
        queue[victim] = queue[victim] - count;
        count--;
        has_task = true;
        victim = 0;
        break
       }
    :: atomic {
        victim == WORKERS ->
        victim = 0;
        break
       }
    od;
    do
    :: atomic {
        count > 0 ->
        queue[me]++;
        count--
       }
    :: count == 0 -> break
    od
}

/* All that may run elsewhere goes to the other worker's inbox. */
inline give_way()
{
    atomic {
        count = slot[me] + queue[me];
        slot[me] = 0;
        queue[me] = 0
    }
    atomic {
        inbox[(me + 1) % WORKERS] = inbox[(me + 1) % WORKERS] + count;
        count = 0
    }
#ifndef BUG_GIVE_IN_SILENCE
    wake_if_idle((me + 1) % WORKERS)
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
        budget > 0 && slot[me] + queue[me] > 0 ->
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

inline stop_watching()
{
#ifndef BUG_WATCHED_FOR_EVER
    idle = idle & ~WATCHED;
#endif
    is_any_queued();
#ifndef BUG_UNWATCH_IN_SILENCE
    if
    :: atomic { found -> found = false }
        wake_thief(1 << me)
    :: atomic { !found -> skip }
    fi
#else
    found = false
#endif
}

/* `is_watching` is false afterwards. */
inline park()
{
#ifdef BUG_IDLE_AFTER_LOOK
    has_own_work();
    is_any_queued();
    atomic {
        idle = idle | 1 << me;
        if
        :: is_watching -> idle = idle & ~WATCHED
        :: else
        fi
    }
#else
#ifdef BUG_WATCHER_LOOKS_FIRST
    if
    :: atomic { is_watching -> skip }
        is_any_queued()
    :: atomic { !is_watching -> skip }
    fi;
#endif
    atomic {
        idle = idle | 1 << me;
        if
        :: is_watching -> idle = idle & ~WATCHED
        :: else
        fi
    }
    has_own_work();
#ifndef BUG_TRUST_NOBODY
    if
    :: atomic { idle & WATCHED -> skip }
    :: atomic {
#ifdef BUG_WATCHER_LOOKS_FIRST
        (idle & WATCHED) == 0 && is_watching -> skip
       }
    :: atomic {
        (idle & WATCHED) == 0 && !is_watching -> skip
#else
        (idle & WATCHED) == 0 -> skip
#endif
       }
        is_any_queued()
    fi;
#endif
#endif
    is_watching = false;
    if
    :: atomic {
        !found -> sleeps[me] = true
       }
end_asleep:
        if
        :: atomic {
            eventfd[me] ->
            eventfd[me] = false;
            sleeps[me] = false
           }
        :: atomic {
            has_event ->
            has_event = false;
            sleeps[me] = false
           }
            atomic {
                alive = alive + 2;
                slot[me] = 1
            }
            queue_own()
        fi
    :: atomic { found -> found = false }
    fi;
    idle = idle & ~(1 << me)
}

/* With its idle bit, for as long as it likes. */
inline nap()
{
    idle = idle | 1 << me;
    idle = idle & ~(1 << me)
}

inline watch()
{
    do
    :: atomic {
        slot[me] + pinned[me] + queue[me] + inbox[me] + waiting > 0 || stopping -> skip
       }
        stop_watching();
        break
    :: atomic { queue[(me + 1) % WORKERS] > 0 -> skip }
        steal();
        if
        :: atomic { has_task -> skip }
            stop_watching();
            break
        :: atomic { !has_task -> skip }
        fi
    :: atomic { queue[0] + queue[1] > 0 -> skip }
        nap()
    :: atomic { queue[0] + queue[1] == 0 -> is_watching = true }
        park();
        break
    od
}

inline seek()
{
    if
    :: atomic {
        (idle & WATCHED) == 0 -> idle = idle | WATCHED
       }
        watch()
    :: atomic { idle & WATCHED -> skip }
        park()
    fi
}

proctype Worker(byte me)
{
    byte seen, claimed, victim, count;
    bool has_task, found, is_watching;

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

/* What worker `i` would find if it looked. */
#define WORK_FOR(i) (slot[i] + pinned[i] + inbox[i] + waiting + queue[0] + queue[1])

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
    timeout && longs == 0;
    assert(has_ended[0] || sleeps[0]);
    assert(has_ended[1] || sleeps[1]);
    assert(!stopping || (!sleeps[0] && !sleeps[1]));
    assert(!sleeps[0] || WORK_FOR(0) == 0);
    assert(!sleeps[1] || WORK_FOR(1) == 0);
    assert(stopping || alive == 0)
}
