/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supervisor.h - the state of a supervisor, and what its files ask of each other.
 *
 * A supervisor does one thing at a time, as OTP's, but its handlers never block: what takes
 * time is a plan (plan.h), and while there is one, ends of children and requests wait for
 * their turn in the order in which they came.  Looking at a supervisor does not wait.
 */
#ifndef COPPICE_SUPERVISOR_SUPERVISOR_H
#define COPPICE_SUPERVISOR_SUPERVISOR_H

#include <coppice/timer.h>

#include "children.h"
#include "messages.h"
#include "plan.h"
#include "strategy.h"

typedef struct copi_errand copi_errand;         /* admin.c */
typedef struct copi_subscriber copi_subscriber; /* news.c */
typedef struct copi_gather copi_gather;         /* tree.c */
typedef struct copi_bad_end copi_bad_end;       /* ending.c */

typedef enum copi_turn_kind {
    COPI_TURN_END,    /* of a child */
    COPI_TURN_RETRY,  /* to restart a child */
    COPI_TURN_ERRAND, /* what somebody has asked for */
} copi_turn_kind;

enum {
    COPI_FIRST_BURSTS = 4
};

typedef struct copi_supervisor {
    const cop_child *spec;
    copi_children children;
    copi_budget budget;
    copi_burst first_bursts[COPI_FIRST_BURSTS]; /* of it, if they are enough */
    copi_plan plan;
    copi_child *subject;  /* whom the plan is about; when it ends, who is being stopped */
    int64_t wait_ms;      /* before it is started, after the plan; 0: no wait */
    copi_errand *errand;  /* whose plan it is; NULL: a restart's */
    copi_child *clearing; /* its start failed, and the plan waits until all of it is gone */
    cop_err cleared_err;  /* with what it failed */
    copi_child *awaited;  /* it is STARTING, and the plan waits for it */
    cop_pid before;       /* the pid that it had */
    cop_timer patience;   /* with it */
    bool is_late;         /* it has had its time, and is being killed */
    bool is_beginning;    /* the plan is about its first children */
    bool is_suspended;    /* everything waits for its turn */
    bool is_leaving;      /* has told the core that it ends */
    copi_turn *first_turn, *last_turn;
    cop_exit *told;  /* to end, when the awaited one is gone; else NULL */
    cop_exit last;   /* the failure that was the last one */
    int64_t now;     /* milliseconds of the clock, when this handler began */
    int64_t second;  /* of it */
    int64_t told_at; /* milliseconds: when the last child was told to stop, or all */

    const cop_reporter *reporter; /* NULL: none */
    copi_bad_end *bad_ends;       /* of children that did not stop as they should */
    copi_subscriber *subscribers;
    copi_gather *gathers;
    int64_t log_second; /* lines are counted per second */
    uint32_t log_lines;
} copi_supervisor;

/* begin.c */

/* Its spec is checked, its budget made and its children started; what init returns. */
cop_err copi_begin(cop_actor *me, copi_supervisor *self);
/* Spawns a child in its place; `why` says more if that fails, `lingers` whether its end is
 * still to come. */
cop_err copi_spawn_child(cop_actor *me, copi_supervisor *self, copi_child *child, cop_exit *why,
                         bool *lingers);
/* The start of a child that belongs to its beginning has failed, for the last reason: it
 * ends. */
void copi_fail_start(cop_actor *me, copi_supervisor *self, const copi_child *child,
                     cop_err err);
/* All of its first children have started. */
void copi_begun(cop_actor *me, copi_supervisor *self);
/* What a child's init gets. */
const void *copi_arg_of(const copi_child *child);

/* steps.c */

bool copi_is_busy(const copi_supervisor *self);
/* Carries the plan out until there is something to wait for. */
cop_err copi_carry_out_plan(cop_actor *me, copi_supervisor *self);
/* A child that was told, or would have been, is gone. */
void copi_child_stopped(cop_actor *me, copi_supervisor *self, copi_child *child,
                        const cop_exit *why);
/* A start is over: it went well, or all that there was of it is gone. */
cop_err copi_start_settled(cop_actor *me, copi_supervisor *self, copi_child *child,
                           cop_err err);
/* All that a failed start had left is gone. */
cop_err copi_start_cleared(cop_actor *me, copi_supervisor *self);
/* An end that waits for its turn, as far as there is memory for it. */
void copi_keep_why(copi_child *child, const cop_exit *why);
cop_exit copi_take_why(copi_child *child);

/* mail.c */

/* A child that had an actor has lost it; it may come back. */
void copi_keep_mail(cop_actor *me, copi_supervisor *self, copi_child *child,
                    const cop_child_end *end);
/* It does not come back. */
void copi_drop_mail(cop_actor *me, copi_child *child);
/* Nobody does. */
void copi_mail_fini(copi_supervisor *self);

/* again.c */

/* One restart is taken from the budgets, because of that end: NULL.  Else the one that had
 * none left: its own or the supervisor's. */
const copi_budget *copi_pay_restart(copi_supervisor *self, copi_child *child,
                                    const cop_exit *why);
/* Plans to stop it and those that belong to it, and to start them. */
void copi_restart_now(copi_supervisor *self, copi_child *child);
/* ... only to stop them; then the wait begins. */
void copi_restart_later(copi_supervisor *self, copi_child *child, int64_t wait_ms);
/* How long the next restart waits; 0: not at all.  It counts as one more in a row. */
int64_t copi_next_wait(cop_actor *me, copi_child *child);
/* The subject's, after its plan. */
cop_err copi_begin_wait(cop_actor *me, copi_supervisor *self);
/* Whatever it waits for, it does so no longer. */
void copi_end_wait(cop_actor *me, copi_supervisor *self, copi_child *child);
/* When it started and ended, for its health. */
void copi_note_start(cop_actor *me, copi_child *child);
void copi_note_end(cop_actor *me, copi_child *child);

/* ready.c */

/* Its init has returned: from now on it is awaited.  `before`: the pid that it had. */
cop_err copi_await(cop_actor *me, copi_supervisor *self, copi_child *child, cop_pid before,
                   int32_t ready_ms);
cop_err copi_on_ready(cop_actor *me, copi_supervisor *self, const cop_child_ready *ready);
/* The awaited one has had its time. */
void copi_on_late(cop_actor *me, copi_supervisor *self);
/* It has ended instead. */
cop_err copi_awaited_ended(cop_actor *me, copi_supervisor *self, copi_child *child,
                           const cop_exit *why);
/* The owner wants an end.  False if it must wait until the awaited one is gone. */
bool copi_may_leave(cop_actor *me, copi_supervisor *self, const cop_exit *why);

/* ending.c: when the supervisor itself ends, the core stops its children */

/* From now on nothing is decided; ends that waited for their turn are only reported. */
void copi_begin_to_leave(cop_actor *me, copi_supervisor *self);
void copi_child_ended_with_us(cop_actor *me, copi_supervisor *self, const cop_child_end *end);
/* All of them are gone. */
void copi_report_bad_ends(cop_actor *me, copi_supervisor *self);
void copi_ending_fini(copi_supervisor *self);

/* supervisor.c */

/* Ends for this reason. */
cop_err copi_leave(cop_actor *me, copi_supervisor *self, const cop_exit *why);
/* Carries the plan out as far as it goes, and then what waits for its turn. */
cop_err copi_go_on(cop_actor *me, copi_supervisor *self);
void copi_wait_for_turn(copi_supervisor *self, copi_turn *turn, copi_turn_kind kind);

/* admin.c */

cop_err copi_on_order(cop_actor *me, copi_supervisor *self, const copi_order *order);
/* Its turn has come: it is answered, or there is a plan. */
cop_err copi_errand_begin(cop_actor *me, copi_supervisor *self, copi_errand *errand);
/* Its plan is done (COP_OK), or was given up because the start failed. */
void copi_errand_end(cop_actor *me, copi_supervisor *self, cop_err err);
copi_errand *copi_errand_of(copi_turn *turn);
void copi_errand_free(copi_errand *errand);

/* newcomer.c */

/* What is wrong with starting a child that is known already. */
cop_err copi_known_err(const copi_child *child);
/* What is wrong with a row that is to be added; a mistake in it is logged. */
cop_err copi_check_new(cop_actor *me, const copi_supervisor *self, const cop_child *spec);

/* list.c: COP_OK if it is answered */

cop_err copi_answer_which(cop_actor *me, copi_supervisor *self, cop_token *token);
cop_err copi_answer_count(cop_actor *me, copi_supervisor *self, cop_token *token);
/* By name, or if that is empty by pid. */
cop_err copi_answer_spec(cop_actor *me, copi_supervisor *self, cop_str name, cop_pid pid,
                         cop_token *token);

/* news.c */

/* Something has happened to a child: told to who watches, and logged if it is an error. */
void copi_tell_news(cop_actor *me, copi_supervisor *self, cop_child_news what, bool is_error,
                    const copi_child *child, const cop_exit *why);
/* So many children of a dynamic supervisor were stopped badly, all for the same reason. */
void copi_tell_bad_ends(cop_actor *me, copi_supervisor *self, uint32_t count, bool was_killed,
                        const cop_exit *why);
/* Has a child that was told to stop ended because its time had passed? */
bool copi_was_killed(const copi_supervisor *self, const copi_child *child, const cop_exit *why);
cop_err copi_on_watch_wanted(cop_actor *me, copi_supervisor *self,
                             const copi_watch_wanted *wanted);
void copi_on_subscriber_down(copi_supervisor *self, const cop_down *down);
/* A supervisor has been started: who watches us watches it. */
void copi_pass_subscribers(cop_actor *me, copi_supervisor *self, const copi_child *child);
void copi_news_fini(copi_supervisor *self);

/* tree.c */

cop_err copi_on_tree_wanted(cop_actor *me, copi_supervisor *self,
                            const copi_tree_wanted *wanted);
void copi_tree_fini(copi_supervisor *self);

/* What the public sees. */
cop_child_state copi_child_shown(const copi_child *child);

#endif /* COPPICE_SUPERVISOR_SUPERVISOR_H */
