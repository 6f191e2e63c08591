/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mailbox.pml - one mailbox, its senders, and the workers that run its owner.
 *
 * Models, one step for each access to the shared word: copi_mailbox_push, _take, _park,
 * _shut_door and _close in actors/core/mailbox.c; copi_run_actor, copi_receive and
 * copi_release in actors/core/run.c; close_mailbox and copi_finish in actors/core/life.c.
 *
 * Two senders with two messages each.  One is a stranger; the other is the owner's child,
 * and its last message is its end, which the owner must see before it can finish.  The
 * others may be of any kind.  A handler, or an urgent signal, begins the end at any time.
 *
 * A slice ends after any message.  Left out: the count and the bound (they only refuse),
 * the weak swap's failures without a reason (a retry), the use of a slot by the next
 * owner, and weak memory: every step is sequentially consistent.  A run queue is a
 * channel; see park.pml and runq.pml.
 *
 * The word is chain << 4 | urgent << 3 | state; messages are numbers from 1.
 */
/* run: -m100000 */
/* must-fail: -DBUG_NOWAKE */
/* must-fail: -DBUG_WAKE_TWICE */
/* must-fail: -DBUG_TAKE_BY_STORE */
/* must-fail: -DBUG_TAKE_OPENS_DOOR */
/* must-fail: -DBUG_PARK_BY_STORE */
/* must-fail: -DBUG_NO_DOOR */
/* must-fail: -DBUG_CLOSE_BY_STORE */
/* must-fail: -DBUG_YIELD_RUNS_ON */

#define SHUT 1
#define ASLEEP 2
#define CLOSED 4
#define URGENT_MARK 8
#define STATE(word) ((word) & 7)
#define CHAIN(word) ((word) >> 4)

#define USER 0
#define SIGNAL 1
#define URGENT 2

#define RUNNING 0
#define ENDING 1
#define ENDED 2

#define EACH 2
#define CHILD_END 4     /* the number of this message */
#define MAILS 5         /* and one more */
#define SENDER(mail) (((mail) - 1) / EACH)

byte word = 0;          /* the owner is awake: its init has just run */
byte next[MAILS];
byte kind[MAILS];

byte phase = RUNNING;
bool child_is_gone = false;
chan batch = [MAILS] of { byte };

chan runq = [2] of { bit };
byte running = 1;       /* workers inside the owner */
byte accepted = 0, handled = 0, returned = 0;
byte newest_seen[2];

/* Whoever submits knows that the owner is neither queued nor running. */
inline submit()
{
    atomic {
        assert(running == 0 && empty(runq));
        runq!1
    }
}

inline push(mail)
{
    old = word;
    do
    :: atomic {
        (old & CLOSED) -> break
       }
#ifndef BUG_NO_DOOR
    :: atomic {
        (old & SHUT) && kind[mail] == USER -> break
       }
#endif
    :: atomic {
        else ->
        if
        :: word == old ->
            assert(phase != ENDED);
            assert(kind[mail] != USER || phase == RUNNING);
            next[mail] = CHAIN(old);
#ifdef BUG_WAKE_TWICE
            word = mail << 4 | (old & 15);
#else
            word = mail << 4 | (old & 15 & ~ASLEEP);
#endif
            if
            :: kind[mail] == URGENT -> word = word | URGENT_MARK
            :: else
            fi;
            accepted++;
#ifdef BUG_NOWAKE
            wakes = STATE(old) == 0 && CHAIN(old) == 0;
#else
            wakes = (old & ASLEEP) != 0;
#endif
            old = 0;
            break
        :: else -> old = word
        fi
       }
    od;
    if
    :: wakes -> submit()
    :: else
    fi
}

inline choose_kind(mail)
{
    if
    :: kind[mail] = USER
    :: kind[mail] = SIGNAL
    :: kind[mail] = URGENT
    fi
}

proctype Sender(byte first)
{
    byte mail = first, old;
    bool wakes;

    do
    :: mail < first + EACH ->
        push(mail);
        atomic {
            mail++;
            old = 0;
            wakes = false
        }
    :: else -> break
    od
}

/* Leaves the oldest new message in `mail`, 0 if there is none. */
inline take()
{
    was = word;
    if
    :: CHAIN(was) == 0 -> mail = 0
    :: else ->
#ifdef BUG_TAKE_BY_STORE
        taken = word;
#endif
        atomic {
#ifndef BUG_TAKE_BY_STORE
            taken = word;
            assert(STATE(taken) == STATE(was));
#endif
#ifdef BUG_TAKE_OPENS_DOOR
            word = 0;
#else
            word = STATE(was);
#endif
            taken = CHAIN(taken);
            mail = 0;
            do
            :: taken != 0 ->
                older = next[taken];
                next[taken] = mail;
                mail = taken;
                taken = older
            :: else -> break
            od;
            older = 0
        }
    fi;
    was = 0
}

/* Shutting the door is the only step that others see. */
inline begin_end()
{
    if
    :: phase == RUNNING ->
        phase = ENDING;
        word = word | SHUT
    :: else
    fi
}

/* Messages of one sender come in order; signals act, messages wait. */
inline receive()
{
    take();
    atomic {
        do
        :: mail != 0 ->
            assert(mail > newest_seen[SENDER(mail)]);
            newest_seen[SENDER(mail)] = mail;
            if
            :: kind[mail] == USER && phase == RUNNING -> batch!mail
            :: kind[mail] == USER && phase != RUNNING -> returned++
            :: kind[mail] != USER ->
                handled++;
                if
                :: mail == CHILD_END -> child_is_gone = true
                :: kind[mail] == URGENT -> begin_end()
                :: else
                fi
            fi;
            mail = next[mail]
        :: mail == 0 -> break
        od
    }
}

inline return_batch()
{
    atomic {
        do
        :: nempty(batch) ->
            batch?_;
            returned++
        :: empty(batch) -> break
        od
    }
}

proctype Worker(bool is_spawner)
{
    byte was, taken, older, mail;

    if
    :: is_spawner -> goto release
    :: else
    fi;

idle:
end:
    atomic {
        runq?1 ->
        assert(phase != ENDED);
        running++;
        assert(running == 1)
    }
again:
    if
    :: len(batch) == 0 || (word & URGENT_MARK) -> receive()
    :: else
    fi;
    if
    :: phase == ENDING -> goto ending
    :: phase != ENDING && len(batch) == 0 -> goto park
    :: else
    fi;
    /* handle */
    atomic {
        batch?mail ->
        mail = 0;
        handled++;
        if
        :: true
        :: begin_end()
        fi
    }
    if
    :: phase == RUNNING ->
        /* copi_sched_yield, after which the owner is somebody else's */
        atomic {
#ifndef BUG_YIELD_RUNS_ON
            running--;
#endif
            assert(empty(runq));
            runq!1
        }
#ifdef BUG_YIELD_RUNS_ON
        running--;
#endif
        goto idle
    :: goto again
    fi;

ending:
    receive();
    if
    :: child_is_gone -> goto finish
    :: else
    fi;

park:
    was = word & SHUT;
    atomic {
        if
#ifdef BUG_PARK_BY_STORE
        :: true ->
#else
        :: word == was ->
#endif
            word = was | ASLEEP;
            was = 0;
            running--;
            goto idle
        :: else ->
            was = 0;
            goto again
        fi
    }

finish:
    return_batch();
    was = word & SHUT;
    atomic {
        if
#ifdef BUG_CLOSE_BY_STORE
        :: true ->
#else
        :: word == was ->
#endif
            word = CLOSED;
            phase = ENDED;
            was = 0;
            running--;
            goto idle
        :: else
        fi
    }
    take();
    atomic {
        do
        :: mail != 0 ->
            batch!mail;
            mail = next[mail]
        :: else -> break
        od
    }
    goto finish;

release:
    was = word & SHUT;
    atomic {
        running--;
        if
        :: word == was -> word = was | ASLEEP
        :: else ->
            assert(empty(runq));
            runq!1
        fi;
        was = 0;
        goto idle
    }
}

init
{
    atomic {
        choose_kind(1);
        choose_kind(2);
        choose_kind(3);
        kind[CHILD_END] = SIGNAL;
        run Worker(true);
        run Worker(false);
        run Sender(1);
        run Sender(1 + EACH)
    }
    /* Nothing moves any more: nobody waits for a wake-up that does not come. */
    timeout;
    assert(running == 0 && empty(runq) && empty(batch));
    assert(accepted == handled + returned);
    assert(phase == ENDED && word == CLOSED || phase == RUNNING && word == ASLEEP)
}
