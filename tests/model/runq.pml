/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runq.pml - one ring of tasks, its owner, and its thieves.
 *
 * Models, one step for each access to head, tail and a slot: ring_push, copi_runq_push,
 * refill, ring_pop, copi_runq_pop and copi_runq_steal in actors/sched/runq.c.
 *
 * The ring has 4 slots; head and tail count modulo 16 and start just below the wrap.  As in
 * the code, a thief must not sleep through a whole round of the counters: the owner has
 * fewer tasks than that.  A push may find the ring full although it is not: it has read
 * an old head.  The tasks are numbers in the order of their pushes.
 *
 * One thief goes step by step.  The other stands for all the rest: what the owner and a
 * thief can see of another thief is that head moves on, so it takes in one step.
 *
 * Left out: what a thief does with its batch (it pushes it to a ring of its own, which
 * nobody else writes), the swap's failures without a reason (a retry), and other
 * reorderings of weak memory, but for the two that the BUG_RELAXED variants show.
 */
/* run: -m100000 */
/* must-fail: -DBUG_RELAXED_STEAL */
/* must-fail: -DBUG_RELAXED_PUSH */
/* must-fail: -DBUG_STEAL_BY_STORE */
/* must-fail: -DBUG_POP_BY_STORE */
/* must-fail: -DBUG_STALE_HEAD */
/* must-fail: -DBUG_FULL_IS_NOT */
/* must-fail: -DBUG_NARROW_COUNTERS */
/* must-fail: -DBUG_OVERTAKING */
/* must-fail: -DBUG_REFILL_ONCE */

#define SIZE 4
#ifdef BUG_NARROW_COUNTERS
#define ROUND SIZE
#else
#define ROUND (4 * SIZE)
#endif
#define START (ROUND - 2)
#define AHEAD(a, b) (((a) + ROUND - (b)) % ROUND)

#define TASKS 8
#define REFILL (SIZE / 2)

byte head = START, tail = START;
byte ring[SIZE];
byte expected = 1;      /* the task that waited longest */

/* In the order of the pushes, each once, and nothing that was never pushed. */
inline taken_is(task)
{
    assert(task == expected);
    expected++
}

/* Sets `fits`. */
inline ring_push(task)
{
    atomic {
#ifdef BUG_FULL_IS_NOT
        fits = AHEAD(tail, head) <= SIZE;
#else
        fits = AHEAD(tail, head) < SIZE;
#endif
    }
    if
    :: fits ->
#ifdef BUG_RELAXED_PUSH
        tail = (tail + 1) % ROUND;
        ring[(tail + ROUND - 1) % SIZE] = task
#else
        ring[tail % SIZE] = task;
        tail = (tail + 1) % ROUND
#endif
    :: else
    fi
}

/* Sets `fits` if it has taken one. */
inline ring_pop()
{
    seen = head;
    do
    :: atomic {
        seen == tail ->
        fits = false;
        seen = 0;
        break
       }
    :: atomic {
        else -> task = ring[seen % SIZE]
       }
        atomic {
            if
#ifdef BUG_POP_BY_STORE
            :: true ->
                seen = head;
#else
            :: head == seen ->
#endif
                taken_is(task);
                head = (seen + 1) % ROUND;
                fits = true;
                task = 0;
                seen = 0;
                break
            :: else -> seen = head
            fi
        }
    od
}

inline refill()
{
    moved = 0;
    do
    :: moved < REFILL && waiting > 0 ->
        ring_push(pushed - waiting + 1);
        if
        :: fits ->
            waiting--;
            moved++
        :: else -> break
        fi
    :: else -> break
    od;
    moved = 0
}

proctype Owner()
{
    byte pushed = 0, seen, task;
    byte waiting = 0, moved;   /* in the overflow: the last of those pushed */
    bool fits;

    do
    :: pushed < TASKS ->
        pushed++;
#ifdef BUG_OVERTAKING
        if
        :: true ->
#else
        if
        :: waiting > 0 -> waiting++
        :: waiting == 0 -> waiting++
        :: waiting == 0 ->
#endif
            ring_push(pushed);
            atomic {
                if
                :: !fits -> waiting++
                :: else -> fits = false
                fi
            }
        fi
    :: true ->
        do
        :: true ->
            ring_pop();
            if
            :: !fits && waiting > 0 -> refill()
            :: else -> break
            fi
#ifdef BUG_REFILL_ONCE
            ;
            ring_pop();
            break
#endif
        od;
        if
        :: !fits ->
            /* Nothing found: the worker may go to sleep. */
            assert(waiting == 0);
            if
            :: pushed == TASKS -> break
            :: else
            fi
        :: else
        fi
    od
}

proctype Thief()
{
    byte seen, waiting, count, i;
#ifdef BUG_RELAXED_STEAL
    byte due;
#endif
    byte taken[SIZE / 2];

again:
    seen = head;
    do
    :: atomic {
            waiting = AHEAD(tail, seen);
            count = (waiting + 1) / 2;
            /* of those that are older than the thief's mark, wherever that is */
            do
            :: count > 1 -> count--
            :: true -> break
            od
       }
        if
        :: waiting == 0 -> break
#ifndef BUG_STALE_HEAD
        :: waiting > SIZE ->
            atomic {
                seen = head;
                count = 0
            }
#else
        :: false
#endif
        :: else ->
            assert(count <= SIZE / 2);
            i = 0;
#ifndef BUG_RELAXED_STEAL
            do
            :: i < count -> atomic {
                taken[i] = ring[(seen + i) % SIZE];
                i++
               }
            :: else -> break
            od
#endif
        fi;
        atomic {
            if
            :: count == 0
#ifdef BUG_STEAL_BY_STORE
            :: count > 0 ->
#else
            :: count > 0 && head == seen ->
#endif
                head = (seen + count) % ROUND;
#ifdef BUG_RELAXED_STEAL
                due = expected;
                expected = expected + count;
#else
                i = 0;
                do
                :: i < count ->
                    taken_is(taken[i]);
                    taken[i] = 0;
                    i++
                :: else -> break
                od;
#endif
                break
            :: else -> seen = head
            fi
        }
    od;
#ifdef BUG_RELAXED_STEAL
    /* The reads of the slots, after the swap that should have come after them. */
    do
    :: i < count -> atomic {
        assert(ring[(seen + i) % SIZE] == due + i);
        i++
       }
    :: else -> break
    od;
#endif
    atomic {
        waiting = 0;
        count = 0;
        i = 0;
        seen = 0
    }
    if
    :: expected <= TASKS -> goto again
    :: else
    fi
}

proctype OtherThieves()
{
    do
    :: atomic {
        head != tail ->
        taken_is(ring[head % SIZE]);
        head = (head + 1) % ROUND;
        if
        :: AHEAD(tail, head) > 1 ->
            taken_is(ring[head % SIZE]);
            head = (head + 1) % ROUND
        :: true
        fi
       }
    :: expected > TASKS -> break
    od
}

init
{
    atomic {
        run Owner();
        run Thief();
        run OtherThieves()
    }
    timeout;
    assert(expected == TASKS + 1);
    assert(head == tail)
}
