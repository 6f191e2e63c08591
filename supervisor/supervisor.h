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

typedef struct copi_supervisor {
    const cop_child *spec;
    copi_children children;
    copi_budget budget;
    copi_plan plan;
    copi_child *subject;  /* whom the plan is about; when it ends, who is being stopped */
    copi_errand *errand;  /* whose plan it is; NULL: a restart's */
    copi_child *clearing; /* its start failed, and the plan waits until all of it is gone */
    cop_err cleared_err;  /* with what it failed */
    bool is_suspended;    /* everything waits for its turn */
    bool is_leaving;      /* has told the core that it ends */
    copi_turn *first_turn, *last_turn;
    cop_exit last;  /* the failure that was the last one */
    int64_t second; /* of the clock, when this handler began */

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
/* What a child's init gets. */
const void *copi_arg_of(const copi_child *child);

/* steps.c */

bool copi_is_busy(const copi_supervisor *self);
/* Carries the plan out until there is something to wait for. */
cop_err copi_carry_out_plan(cop_actor *me, copi_supervisor *self);
/* A child that was told, or would have been, is gone. */
void copi_child_stopped(cop_actor *me, copi_supervisor *self, copi_child *child,
                        const cop_exit *why);
/* All that a failed start had left is gone. */
cop_err copi_start_cleared(cop_actor *me, copi_supervisor *self);
/* An end that waits for its turn, as far as there is memory for it. */
void copi_keep_why(copi_child *child, const cop_exit *why);
cop_exit copi_take_why(copi_child *child);

/* ending.c: when the supervisor itself ends, the core stops its children */

/* From now on nothing is decided; ends that waited for their turn are only reported. */
void copi_begin_to_leave(cop_actor *me, copi_supervisor *self);
void copi_child_ended_with_us(cop_actor *me, copi_supervisor *self, const cop_child_end *end);
/* All of them are gone. */
void copi_report_bad_ends(cop_actor *me, copi_supervisor *self);
void copi_ending_fini(copi_supervisor *self);

/* supervisor.c */

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

/* list.c: COP_OK if it is answered */

cop_err copi_answer_which(cop_actor *me, copi_supervisor *self, cop_token *token);
cop_err copi_answer_count(cop_actor *me, copi_supervisor *self, cop_token *token);

/* news.c */

/* Something has happened to a child: told to who watches, and logged if it is an error. */
void copi_tell_news(cop_actor *me, copi_supervisor *self, cop_child_news what, bool is_error,
                    const copi_child *child, const cop_exit *why);
/* So many children of a dynamic supervisor were stopped badly, all for the same reason. */
void copi_tell_bad_ends(cop_actor *me, copi_supervisor *self, uint32_t count,
                        const cop_exit *why);
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
