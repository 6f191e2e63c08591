/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mailbox.pml - one mailbox, its senders, and the workers that run its owner.
 *
 * Models, one step for each access to the shared word: copi_mailbox_push, _take, _peek,
 * _park, _park_after, _shut_door and _close in actors/core/mailbox.h and .c; copi_run_actor,
 * receive_after, run_lone_message and copi_release in actors/core/run.c, and run_with in
 * actors/co/body.c, which does as run_lone_message; copi_close_mailbox and copi_finish in
 * actors/core/life.c.
 *
 * Two senders with two messages each.  One is a stranger; the other is the owner's child,
 * and its last message is its end, which the owner must see before it can finish.  The
 * others may be of any kind.  A handler, or an urgent signal, begins the end at any time.
 *
 * Memory is used again: the stranger's second message may be where its first was, as soon
 * as that is freed.  A message in the chain must not be free, and none is freed twice.
 *
 * A slice ends after any message.  Left out: the bound (it only refuses), the weak swap's
 * failures without a reason (a retry), the use of a slot by the next owner, and weak
 * memory: every step is sequentially consistent.  A run queue is a channel; see park.pml
 * and runq.pml.
 *
 * The word is chain << 7 | count << 4 | urgent << 3 | state; a chain is the place of its
 * newest message, from 1.
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
/* must-fail: -DBUG_PEEK_OF_SEVERAL */
/* must-fail: -DBUG_PEEK_OF_A_SIGNAL */
/* must-fail: -DBUG_PEEK_PAST_THE_BATCH */
/* must-fail: -DBUG_PARK_AFTER_BY_STATE */
/* must-fail: -DBUG_PARK_AFTER_RUNS_ON */
/* must-fail: -DBUG_TAKE_HANDLED */
/* must-fail: -DBUG_FREE_IN_CHAIN */

#define SHUT 1
#define ASLEEP 2
#define CLOSED 4
#define URGENT_MARK 8
#define ONE 16
#define STATE(word) ((word) & 7)
#define COUNT(word) ((word) >> 4 & 7)
#define CHAIN(word) ((word) >> 7)
#define LINK(mail) ((mail) << 7)

#define USER 0
#define SIGNAL 1
#define URGENT 2

#define RUNNING 0
#define ENDING 1
#define ENDED 2

#define EACH 2
#define CHILD_END 4     /* the number of this message */
#define MAILS 5         /* and one more */
#define SENDER(number) (((number) - 1) / EACH)

short word = 0;         /* the owner is awake: its init has just run */
byte kind[MAILS];       /* by number */

/* By place. */
byte next[MAILS];
byte number[MAILS];     /* which message is there */
bool is_free[MAILS];
#define KIND(mail) kind[number[mail]]

byte phase = RUNNING;
bool child_is_gone = false;
chan batch = [MAILS] of { byte };

chan runq = [2] of { bit };
byte running = 1;       /* workers inside the owner */
byte accepted = 0, handled = 0, returned = 0;
byte newest_seen[2], newest_handled[2];

/* Whoever submits knows that the owner is neither queued nor running. */
inline submit()
{
    atomic {
        assert(running == 0 && empty(runq));
        runq!1
    }
}

inline free(mail)
{
    assert(!is_free[mail]);
    is_free[mail] = true;
    next[mail] = 0;     /* what nobody looks at should not tell states apart */
    number[mail] = 0
}

/* Only from the stranger's first to its second message: more would prove no more. */
inline allocate(serial)
{
    mail = serial;
    if
    :: serial == 2 && is_free[1] -> mail = 1
    :: true
    fi;
    is_free[mail] = false;
    number[mail] = serial
}

inline push(mail)
{
    do
    :: atomic {
        (old & CLOSED) -> break
       }
#ifndef BUG_NO_DOOR
    :: atomic {
        (old & SHUT) && KIND(mail) == USER -> break
       }
#endif
    :: atomic {
        else ->
        if
        :: word == old ->
            assert(phase != ENDED);
            assert(KIND(mail) != USER || phase == RUNNING);
            assert(CHAIN(old) != mail && !is_free[CHAIN(old)]);
            next[mail] = CHAIN(old);
#ifdef BUG_WAKE_TWICE
            word = LINK(mail) | (old & 127) + ONE;
#else
            word = LINK(mail) | (old & 127 & ~ASLEEP) + ONE;
#endif
            if
            :: KIND(mail) == URGENT -> word = word | URGENT_MARK
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

inline choose_kind(serial)
{
    if
    :: kind[serial] = USER
    :: kind[serial] = SIGNAL
    :: kind[serial] = URGENT
    fi
}

proctype Sender(byte first)
{
    byte serial = first, mail;
    short old;
    bool wakes;

    do
    :: serial < first + EACH ->
        atomic {
            allocate(serial);
            old = word
        }
        push(mail);
        atomic {
            serial++;
            mail = 0;
            old = 0;
            wakes = false
        }
    :: else -> break
    od
}

/* Leaves the oldest message that is newer than `old` in `mail`, 0 if there is none. */
inline take(old)
{
    was = word;
    if
    :: CHAIN(was) == 0 ->
        assert(old == 0);
        mail = 0
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
            :: taken != old ->
                assert(taken != 0 && !is_free[taken]);
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

/* Messages of one sender come in order ... */
inline see(mail)
{
    assert(number[mail] > newest_seen[SENDER(number[mail])]);
    newest_seen[SENDER(number[mail])] = number[mail]
}

/* ... and are handled in order; a signal may act before messages that came first. */
inline handle(mail)
{
    assert(number[mail] > newest_handled[SENDER(number[mail])]);
    newest_handled[SENDER(number[mail])] = number[mail];
    handled++
}

/* What is newer than `old`: signals act, messages wait. */
inline receive(old)
{
    take(old);
    atomic {
        do
        :: mail != 0 ->
            see(mail);
            older = next[mail];
            if
            :: KIND(mail) == USER && phase == RUNNING -> batch!mail
            :: KIND(mail) == USER && phase != RUNNING ->
                returned++;
                free(mail)
            :: KIND(mail) != USER ->
                handled++;
                if
                :: number[mail] == CHILD_END -> child_is_gone = true
                :: KIND(mail) == URGENT -> begin_end()
                :: else
                fi;
                free(mail)
            fi;
            mail = older
        :: mail == 0 -> break
        od;
        older = 0
    }
}

inline return_batch()
{
    atomic {
        do
        :: nempty(batch) ->
            batch?mail;
            returned++;
            free(mail)
        :: empty(batch) -> break
        od;
        mail = 0
    }
}

/* Leaves the only message there is in `lone`, to be handled where it is; 0 if there is none
 * or several, or a signal. */
inline peek()
{
    if
#ifdef BUG_PEEK_OF_SEVERAL
    :: COUNT(word) >= 1 && KIND(CHAIN(word)) == USER -> lone = CHAIN(word)
#elif defined(BUG_PEEK_OF_A_SIGNAL)
    :: COUNT(word) == 1 -> lone = CHAIN(word)
#else
    :: COUNT(word) == 1 && KIND(CHAIN(word)) == USER -> lone = CHAIN(word)
#endif
    :: else
    fi
}

/* Leaves in `has_parked` whether that went well: what came in the meantime is in the word. */
inline park_after(mail)
{
    atomic {
        if
#ifdef BUG_PARK_AFTER_BY_STATE
        :: STATE(word) == 0 ->
#else
        :: word == (LINK(mail) | ONE) ->
#endif
            word = ASLEEP;
#ifndef BUG_PARK_AFTER_RUNS_ON
            running--;
#endif
            has_parked = true
        :: else
        fi
    }
#ifdef BUG_PARK_AFTER_RUNS_ON
    atomic {
        if
        :: has_parked -> running--
        :: else
        fi
    }
#endif
}

proctype Worker(bool is_spawner)
{
    short was, taken;
    byte older, mail, lone;
    bool has_parked;

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
    :: (word & URGENT_MARK) -> receive(0)
    :: else
    fi;
    atomic {
        if
        :: phase == ENDING -> goto ending
#ifdef BUG_PEEK_PAST_THE_BATCH
        :: phase != ENDING -> peek()
#else
        :: phase != ENDING && nempty(batch)
        :: phase != ENDING && empty(batch) -> peek()
#endif
        fi;
        if
        :: lone != 0 ->
            see(lone);
            handle(lone);
            goto in_place
        :: lone == 0 && nempty(batch) ->
            batch?mail;
            handle(mail);
            free(mail);
            mail = 0;
            if
            :: true
            :: begin_end()
            fi;
            goto handled_one
        :: lone == 0 && empty(batch)
        fi
    }
    receive(0);
    if
    :: phase == RUNNING && empty(batch) -> goto park
    :: phase != RUNNING || nempty(batch) -> goto again
    fi;

in_place:
#ifdef BUG_FREE_IN_CHAIN
    free(lone);
#endif
    if
    :: true ->
        park_after(lone);
        if
        :: has_parked ->
            atomic {
#ifndef BUG_FREE_IN_CHAIN
                free(lone);
#endif
                has_parked = false;
                lone = 0;
                goto idle
            }
        :: else
        fi
    :: atomic {
        true ->
        begin_end()
       }
    fi;
#ifdef BUG_TAKE_HANDLED
    receive(0);
#else
    receive(lone);
#endif
    atomic {
#ifndef BUG_FREE_IN_CHAIN
        free(lone);
#endif
        lone = 0
    }

handled_one:
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
    receive(0);
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
    take(0);
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
