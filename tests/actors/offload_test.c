/* SPDX-License-Identifier: Apache-2.0 */
/*
 * offload_test.c - the pool of threads for blocking work, with real threads.
 */
#include "actors/offloaded.h"

#include <errno.h>
#include <signal.h>

#include <coppice/debug.h>

int __real_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
void *__real_calloc(size_t, size_t);

static _Atomic bool are_threads_refused, is_memory_refused;

int
__wrap_pthread_create(pthread_t *out, const pthread_attr_t *attr, void *(*run)(void *),
                      void *arg)
{
    return are_threads_refused ? EAGAIN : __real_pthread_create(out, attr, run, arg);
}

void *
__wrap_calloc(size_t count, size_t size)
{
    return is_memory_refused ? NULL : __real_calloc(count, size);
}

static cop_node_stats
stats_of(stage *at)
{
    cop_node_stats stats;

    cop_node_stats_read(at->node, &stats);
    return stats;
}

static bool
is_disposed(void *ctx)
{
    return ((task *)ctx)->disposed == 1;
}

/* ------------------------------------------------------------------------------ running */

static cop_err
look_at_mask(cop_job *job, void *arg)
{
    sigset_t now;

    (void)job;
    (void)arg;
    pthread_sigmask(SIG_SETMASK, NULL, &now);
    if (!sigismember(&now, SIGTERM) || !sigismember(&now, SIGUSR1) ||
        !sigismember(&now, SIGPROF) || sigismember(&now, SIGSEGV))
        return COP_E_FAILED;
    /* For itself only: the next job must find it blocked again. */
    sigemptyset(&now);
    pthread_sigmask(SIG_SETMASK, &now, NULL);
    return COP_OK;
}

static void
a_job_runs_and_its_owner_is_told(void **state)
{
    stage at;
    task one = {.spec = {.name = "one"}};

    (void)state;
    stage_open(&at, NULL);
    stage_submit(&at, &one);
    stage_expect(&at, "one ran");
    assert_int_equal(one.ran, 1);
    assert_int_equal(one.disposed, 1);
    assert_null(one.job);
    stage_close(&at);
}

static void
signals_are_blocked_for_each_job_but_not_faults(void **state)
{
    stage at;
    task one = {
        .spec = {.name = "one", .work = look_at_mask}
    };
    task two = {
        .spec = {.name = "two", .work = look_at_mask}
    };

    (void)state;
    stage_open_with(&at, &(cop_node_opts){.workers = 1, .job_threads = 1});
    stage_submit(&at, &one);
    stage_expect(&at, "one ran");
    stage_submit(&at, &two);
    stage_expect(&at, "two ran");
    stage_close(&at);
}

static cop_err
fails(cop_job *job, void *arg)
{
    (void)arg;
    return cop_job_fail(job, 7, "no %s", "host");
}

static cop_err
refuse(cop_job *job, void *arg)
{
    (void)job;
    (void)arg;
    return COP_E_REFUSED;
}

static void
a_failure_has_its_code_and_text(void **state)
{
    stage at;
    task said = {
        .spec = {.name = "said", .work = fails}
    };
    task bare = {
        .spec = {.name = "bare", .work = refuse}
    };

    (void)state;
    stage_open(&at, NULL);
    stage_submit(&at, &said);
    stage_expect(&at, "said failed 7 no host");
    assert_int_equal(said.end.err, COP_E_FAILED);
    stage_submit(&at, &bare);
    stage_expect(&at, "bare failed 22 ");
    stage_close(&at);
}

/* Every end that a job can have, and the record that its owner's policy gets. */
static void
exit_records(void **state)
{
    static const struct {
        copi_job_end end;
        cop_exit_kind kind;
        int code;
        const char *text;
    } rows[] = {
        {{.outcome = COPI_JOB_RAN},                                                COP_EXIT_NORMAL,   0,  ""},
        {{.outcome = COPI_JOB_RAN, .was_cancelled = true},                         COP_EXIT_NORMAL,   0,  ""},
        {{.outcome = COPI_JOB_RAN, .err = COP_E_REFUSED},                          COP_EXIT_ERROR,    22, ""},
        {{.outcome = COPI_JOB_RAN, .err = COP_E_FAILED, .code = 7, .text = "a"},
         COP_EXIT_ERROR,                                                                              7,
         "a"                                                                                                },
        {{.outcome = COPI_JOB_RAN, .err = COP_E_CANCELLED},                        COP_EXIT_ERROR,    10, ""},
        {{.outcome = COPI_JOB_RAN, .err = COP_E_CANCELLED, .was_cancelled = true},
         COP_EXIT_SHUTDOWN,                                                                           0,
         ""                                                                                                 },
        {{.outcome = COPI_JOB_RAN, .err = COP_E_CANCELLED, .was_late = true},
         COP_EXIT_DEADLINE,                                                                           0,
         ""                                                                                                 },
        {{.outcome = COPI_JOB_RAN, .err = COP_E_REFUSED, .was_cancelled = true},
         COP_EXIT_ERROR,                                                                              22,
         ""                                                                                                 },
        {{.outcome = COPI_JOB_NEVER_RAN, .err = COP_E_CANCELLED},                  COP_EXIT_SHUTDOWN, 0,  ""},
        {{.outcome = COPI_JOB_NEVER_RAN, .err = COP_E_TIMEOUT},                    COP_EXIT_DEADLINE, 0,  ""},
        {{.outcome = COPI_JOB_ABANDONED, .err = COP_E_CANCELLED},
         COP_EXIT_SHUTDOWN,                                                                           0,
         "abandoned"                                                                                        },
    };

    (void)state;
    for (size_t i = 0; i < COP_COUNT(rows); i++) {
        cop_exit why;
        copi_job_exit(&rows[i].end, &why);
        assert_int_equal(why.kind, rows[i].kind);
        assert_int_equal(why.code, rows[i].code);
        assert_string_equal(why.text, rows[i].text);
    }
}

static cop_err
accept(cop_job *job, void *arg)
{
    (void)job;
    (void)arg;
    return COP_OK;
}

static void
ignore(void *arg)
{
    (void)arg;
}

static void
specs_are_checked(void **state)
{
    static const cop_job_class shut = {.name = "shut"}, open = {.name = "open", .limit = 1};
    static const struct {
        cop_job_spec spec;
        cop_err err;
    } rows[] = {
        {{.work = accept},                                               COP_OK     },
        {{.work = NULL},                                                 COP_E_INVAL},
        {{.work = accept, .unblock = ignore},                            COP_E_INVAL},
        {{.work = accept, .mode = COP_JOB_COOPERATE},                    COP_OK     },
        {{.work = accept, .mode = COP_JOB_COOPERATE, .unblock = ignore}, COP_OK     },
        {{.work = accept, .mode = COP_JOB_ABANDON},                      COP_E_INVAL},
        {{.work = accept, .mode = COP_JOB_ABANDON, .dispose = ignore},   COP_OK     },
        {{.work = accept, .mode = (cop_job_mode)3, .dispose = ignore},   COP_E_INVAL},
        {{.work = accept, .limiter = &open},                             COP_OK     },
        {{.work = accept, .limiter = &shut},                             COP_E_INVAL},
        {{.work = accept, .within_ms = -1},                              COP_E_INVAL},
        {{.work = accept, .within_ms = COP_INFINITY},                    COP_OK     },
        {{.work = accept, .within_ms = 5},                               COP_OK     },
    };

    (void)state;
    for (size_t i = 0; i < COP_COUNT(rows); i++)
        assert_int_equal(copi_job_check(&rows[i].spec), rows[i].err);
}

static void
options_are_checked(void **state)
{
    cop_node *node = NULL;

    (void)state;
    assert_int_equal(cop_node_new(&node, &(cop_node_opts){.job_threads = 257}), COP_E_INVAL);
    assert_int_equal(cop_node_new(&node, &(cop_node_opts){.reap_ms = -1}), COP_E_INVAL);
    assert_int_equal(cop_node_new(&node, &(cop_node_opts){.job_jitter_ms = -1}), COP_E_INVAL);
    assert_null(node);
}

/* ------------------------------------------------------------------------- cancellation */

static void
a_queued_job_that_is_cancelled_never_runs(void **state)
{
    static gate door = GATE, inside = GATE;
    stage at;
    task first = {.spec = {.name = "first"}, .blocks = &door, .started = &inside};
    task second = {.spec = {.name = "second"}}, third = {.spec = {.name = "third"}};

    (void)state;
    stage_open_with(&at, &(cop_node_opts){.workers = 1, .job_threads = 1});
    stage_submit(&at, &first);
    assert_true(gate_pass(&inside));
    stage_submit(&at, &second);
    stage_submit(&at, &third);
    assert_int_equal(stats_of(&at).jobs_queued, 2);
    assert_int_equal(stats_of(&at).jobs_running, 1);
    assert_int_equal(stats_of(&at).job_threads, 1);
    stage_run(&at, task_cancel, &second);
    stage_expect(&at, "second never ran: COP_E_CANCELLED");
    assert_int_equal(second.ran, 0);
    assert_int_equal(second.disposed, 1);
    gate_open(&door);
    stage_expect(&at, "first ran");
    stage_expect(&at, "third ran");
    stage_expect_no_more(&at);
    stage_close(&at);
}

static cop_err
wait_until_cancelled(cop_job *job, void *arg)
{
    task *self = arg;

    gate_open(self->started);
    while (!cop_job_is_cancelled(job))
        sched_yield();
    return COP_E_CANCELLED;
}

static void
a_running_job_sees_that_it_is_cancelled(void **state)
{
    static gate inside = GATE;
    stage at;
    task one = {
        .spec = {.name = "one", .work = wait_until_cancelled},
          .started = &inside
    };

    (void)state;
    stage_open(&at, NULL);
    stage_submit(&at, &one);
    assert_true(gate_pass(&inside));
    stage_expect_no_more(&at);
    stage_run(&at, task_cancel, &one);
    stage_expect(&at, "one failed 10 ");
    assert_true(one.end.was_cancelled);
    stage_close(&at);
}

/* It returns because of its unblock, which is called once; only COOPERATE and ABANDON have
 * one, and the owner of one that must be waited for is not told before its end. */
static void
an_unblocked_job_returns(void **state)
{
    static gate door = GATE, inside = GATE;
    stage at;
    task one = {
        .spec = {.name = "one", .mode = COP_JOB_COOPERATE, .unblock = task_unblock},
        .blocks = &door,
        .started = &inside,
    };

    (void)state;
    stage_open(&at, NULL);
    stage_submit(&at, &one);
    assert_true(gate_pass(&inside));
    stage_run(&at, task_cancel, &one);
    stage_run(&at, task_cancel, &one);
    stage_expect(&at, "one ran");
    assert_int_equal(one.unblocked, 1);
    assert_int_equal(one.disposed, 1);
    assert_true(one.end.was_cancelled);
    stage_close(&at);
}

/* A piece of memory that is in use as long as unblock runs. */
typedef struct shared {
    gate door;
    _Atomic bool is_returning;
    unsigned word;
} shared;

static cop_err
return_when_unblocked(cop_job *job, void *arg)
{
    task *self = arg;
    shared *use = (shared *)(void *)self->blocks;

    (void)job;
    gate_open(self->started);
    if (!gate_pass(&use->door))
        return COP_E_TIMEOUT;
    use->is_returning = true;
    return COP_OK;
}

static void
unblock_for_long(void *arg)
{
    task *self = arg;
    shared *use = (shared *)(void *)self->blocks;

    gate_open(&use->door);
    while (!use->is_returning)
        sched_yield();
    for (unsigned i = 0; i < 1000; i++) {
        sched_yield();
        use->word++; /* a use after free, if it was disposed of */
    }
    self->unblocked = use->word;
}

static void
free_shared(void *arg)
{
    task *self = arg;

    free(self->blocks);
    self->disposed++;
}

/* Abandoned, so that nobody but the thread disposes of it. */
static void
the_argument_stays_while_unblock_runs(void **state)
{
    static gate inside = GATE;
    stage at;
    shared *use = calloc(1, sizeof *use);
    task one = {
        .spec = {.name = "one",
                 .mode = COP_JOB_ABANDON,
                 .work = return_when_unblocked,
                 .unblock = unblock_for_long,
                 .dispose = free_shared},
        .started = &inside,
    };

    (void)state;
    assert_non_null(use);
    use->door = (gate)GATE;
    one.blocks = (gate *)(void *)use;
    stage_open(&at, NULL);
    stage_submit(&at, &one);
    assert_true(gate_pass(&inside));
    stage_run(&at, task_abandon, &one);
    stage_expect(&at, "one abandoned");
    assert_int_equal(one.unblocked, 1000);
    assert_true(becomes(is_disposed, &one));
    stage_close(&at);
}

/* --------------------------------------------------------------------------- the reaper */

static bool
has_no_jobs(void *ctx)
{
    cop_node_stats stats = stats_of(ctx);

    return stats.jobs_running + stats.jobs_abandoned + stats.jobs_queued == 0;
}

static void
an_abandoned_job_is_over_for_its_owner_at_once(void **state)
{
    static gate door = GATE, inside = GATE;
    stage at;
    task one = {
        .spec = {.name = "one", .mode = COP_JOB_ABANDON},
          .blocks = &door, .started = &inside
    };

    (void)state;
    stage_open(&at, NULL);
    stage_submit(&at, &one);
    assert_true(gate_pass(&inside));
    stage_run(&at, task_cancel, &one);
    stage_expect_no_more(&at);
    stage_run(&at, task_abandon, &one);
    stage_expect(&at, "one abandoned");
    assert_null(one.job);
    assert_int_equal(one.disposed, 0);
    assert_int_equal(stats_of(&at).jobs_abandoned, 1);
    assert_int_equal(stats_of(&at).jobs_running, 0);
    gate_open(&door);
    assert_true(becomes(is_disposed, &one));
    assert_true(becomes(has_no_jobs, &at));
    assert_int_equal(one.told, 1);
    stage_close(&at);
}

/* Only what may be abandoned is. */
static void
a_job_that_must_be_waited_for_is_not_abandoned(void **state)
{
    static gate door = GATE, inside = GATE;
    stage at;
    task one = {.spec = {.name = "one"}, .blocks = &door, .started = &inside};

    (void)state;
    stage_open(&at, NULL);
    stage_submit(&at, &one);
    assert_true(gate_pass(&inside));
    stage_run(&at, task_abandon, &one);
    stage_expect_no_more(&at);
    assert_int_equal(stats_of(&at).jobs_abandoned, 0);
    gate_open(&door);
    stage_expect(&at, "one ran");
    stage_close(&at);
}

typedef struct question {
    stage *at;
    char state[160];
} question;

static question asked;

static cop_err
got_status(cop_actor *me, void *state, cop_err err, const void *message)
{
    const cop_actor_status *status = message;

    (void)me;
    (void)state;
    if (err == COP_OK)
        stage_say(asked.at, "%.*s: %.9s", (int)status->path.size, status->path.data,
                  status->state.data);
    return COP_OK;
}

static void
ask_reaper(cop_actor *me, void *ctx)
{
    static const cop_then then = {&cop_actor_status_type, got_status};

    asked.at = ctx;
    assert_int_equal(cop_debug_status(me, asked.at->node->offload->reaper, 10000, &then),
                     COP_OK);
}

static bool
has_reaper(void *ctx)
{
    copi_offload *pool = ((stage *)ctx)->node->offload;

    pthread_mutex_lock(&pool->lock);
    bool is_there = pool->has_reaper;
    pthread_mutex_unlock(&pool->lock);
    return is_there;
}

static bool
has_three_actors(void *ctx)
{
    return stats_of(ctx).actors == 3;
}

static void
the_reaper_shows_what_it_has(void **state)
{
    static gate door = GATE, inside = GATE;
    stage at;
    task one = {
        .spec = {.name = "resolve", .mode = COP_JOB_ABANDON},
        .blocks = &door,
        .started = &inside
    };
    copi_job_info jobs[4];

    (void)state;
    stage_open(&at, NULL);
    assert_int_equal(stats_of(&at).actors, 2);
    stage_submit(&at, &one);
    assert_true(becomes(has_reaper, &at));
    assert_true(becomes(has_three_actors, &at)); /* its spawn may not have been counted yet */
    assert_true(gate_pass(&inside));
    assert_int_equal(copi_offload_list(at.node->offload, jobs, 4), 1);
    assert_string_equal(jobs[0].name, "resolve");
    assert_int_equal(jobs[0].state, COPI_JOB_RUNNING);
    assert_false(jobs[0].is_abandoned);
    stage_run(&at, task_abandon, &one);
    stage_expect(&at, "resolve abandoned");
    assert_int_equal(copi_offload_list(at.node->offload, jobs, 4), 1);
    assert_true(jobs[0].is_abandoned);
    assert_true(cop_pid_equal(jobs[0].owner, at.main));
    stage_run(&at, ask_reaper, &at);
    stage_expect(&at, "reaper: 1 jobs: r");
    gate_open(&door);
    stage_close(&at);
}

/* Opens a gate as soon as the node's end waits for it. */
typedef struct opener {
    copi_offload *pool;
    gate *door;
    bool (*is_time)(const copi_offload *pool); /* under the lock */
} opener;

static bool
is_reaping(const copi_offload *pool)
{
    return pool->is_reaping;
}

static bool
is_closing(const copi_offload *pool)
{
    return pool->is_closing;
}

static bool
is_time(void *ctx)
{
    opener *self = ctx;

    pthread_mutex_lock(&self->pool->lock);
    bool is_so = self->is_time(self->pool);
    pthread_mutex_unlock(&self->pool->lock);
    return is_so;
}

static void *
open_in_time(void *ctx)
{
    opener *self = ctx;

    (void)becomes(is_time, self);
    gate_open(self->door);
    return NULL;
}

/* One job is abandoned; the node ends, and the job only when that is waited for. */
static void
end_with_one_abandoned(stage *at, task *one, bool (*when)(const copi_offload *))
{
    opener late = {at->node->offload, one->blocks, when};
    pthread_t thread;

    stage_submit(at, one);
    assert_true(gate_pass(one->started));
    stage_run(at, task_abandon, one);
    stage_expect(at, "one abandoned");
    assert_int_equal(pthread_create(&thread, NULL, open_in_time, &late), 0);
    stage_close(at);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(one->disposed, 1);
}

static void
the_reaper_waits_at_the_end(void **state)
{
    static gate door = GATE, inside = GATE;
    stage at;
    unsigned before = count_threads();
    task one = {
        .spec = {.name = "one", .mode = COP_JOB_ABANDON},
          .blocks = &door, .started = &inside
    };

    (void)state;
    stage_open_with(&at, &(cop_node_opts){.workers = 1, .reap_ms = STAGE_PATIENCE * 1000});
    end_with_one_abandoned(&at, &one, is_reaping);
    assert_int_equal(count_threads(), before);
}

/* As if the root had been ending when the reaper was asked for. */
static void
without_a_reaper_the_node_waits_itself(void **state)
{
    static gate door = GATE, inside = GATE;
    stage at;
    task one = {
        .spec = {.name = "one", .mode = COP_JOB_ABANDON},
          .blocks = &door, .started = &inside
    };

    (void)state;
    stage_open_with(&at, &(cop_node_opts){.workers = 1, .reap_ms = STAGE_PATIENCE * 1000});
    at.node->offload->is_reaper_wanted = true;
    end_with_one_abandoned(&at, &one, is_closing);
}

typedef struct news {
    unsigned count;
    char text[200];
} news;

static void
note_event(void *ctx, const cop_event *event)
{
    news *heard = ctx;

    if (event->kind == COP_EVENT_LEFTOVER) {
        heard->count++;
        (void)cop_event_print(event, heard->text, sizeof heard->text);
    }
}

static bool
is_as_before(void *ctx)
{
    return count_threads() == *(unsigned *)ctx;
}

static void
what_never_returns_is_named_and_left(void **state)
{
    static gate door = GATE, inside = GATE, gone = GATE;
    static task one = {
        .spec = {.name = "resolve", .mode = COP_JOB_ABANDON},
        .blocks = &door,
        .started = &inside,
        .gone = &gone
    };
    stage at;
    news heard = {0};
    unsigned before = count_threads();

    (void)state;
    stage_open_with(
        &at,
        &(cop_node_opts){.workers = 1, .reap_ms = 1, .on_event = note_event, .ctx = &heard});
    stage_submit(&at, &one);
    assert_true(gate_pass(&inside));
    stage_run(&at, task_abandon, &one);
    stage_expect(&at, "resolve abandoned");
    cop_node_stop(at.node, NULL);
    assert_int_equal(cop_node_wait(at.node, NULL), COP_STATUS_LEFTOVER);
    assert_int_equal(heard.count, 1);
    assert_non_null(strstr(heard.text, "leftover: reaper, job resolve still runs"));
    assert_int_equal(stats_of(&at).jobs_abandoned, 1);
    assert_int_equal(stats_of(&at).job_threads, 0);
    assert_int_equal(one.disposed, 0);
    cop_node_free(&at.node);
    pthread_cond_destroy(&at.changed);
    pthread_mutex_destroy(&at.lock);
    /* The node is gone; the job's memory is not. */
    gate_open(&door);
    assert_true(gate_pass(&gone));
    assert_true(becomes(is_as_before, &before));
}

/* ------------------------------------------------------------------- the pool's bounds */

typedef struct crowd {
    _Atomic int inside, most;
} crowd;

static crowd limited;

static cop_err
count_inside(cop_job *job, void *arg)
{
    int now = atomic_fetch_add(&limited.inside, 1) + 1;
    int most = atomic_load(&limited.most);

    (void)job;
    while (now > most && !atomic_compare_exchange_weak(&limited.most, &most, now))
        continue;
    for (int i = 0; i < 50; i++)
        sched_yield();
    atomic_fetch_sub(&limited.inside, 1);
    return task_work(job, arg);
}

static void
a_class_has_so_many_tokens(void **state)
{
    enum {
        JOBS = 40
    };
    static const cop_job_class disk = {"disk", 2};
    stage at;
    task jobs[JOBS] = {0};

    (void)state;
    stage_open_with(&at, &(cop_node_opts){.workers = 1, .job_threads = 8});
    for (unsigned i = 0; i < JOBS; i++) {
        jobs[i].spec = (cop_job_spec){.name = "one", .work = count_inside, .limiter = &disk};
        stage_submit(&at, &jobs[i]);
    }
    for (unsigned i = 0; i < JOBS; i++)
        stage_expect(&at, "one ran");
    assert_in_range(limited.most, 1, 2);
    stage_close(&at);
}

static void
a_token_returns_when_the_thread_is_done(void **state)
{
    static const cop_job_class dns = {"dns", 1};
    static gate door = GATE, inside = GATE;
    stage at;
    task lost = {
        .spec = {.name = "lost", .mode = COP_JOB_ABANDON, .limiter = &dns},
        .blocks = &door,
        .started = &inside
    };
    task next = {
        .spec = {.name = "next", .limiter = &dns}
    };
    task gone = {
        .spec = {.name = "gone", .limiter = &dns}
    };
    task free_one = {.spec = {.name = "free"}};
    copi_job_info jobs[4];

    (void)state;
    stage_open_with(&at, &(cop_node_opts){.workers = 1, .job_threads = 3});
    stage_submit(&at, &lost);
    assert_true(gate_pass(&inside));
    stage_run(&at, task_abandon, &lost);
    stage_expect(&at, "lost abandoned");
    stage_submit(&at, &gone);
    stage_submit(&at, &next);
    stage_submit(&at, &free_one);
    /* It has no class, and there are threads enough: the others wait for their token alone. */
    stage_expect(&at, "free ran");
    assert_int_equal(stats_of(&at).jobs_queued, 2);
    assert_int_equal(copi_offload_list(at.node->offload, jobs, 4), 3);
    assert_int_equal(jobs[1].state, COPI_JOB_WAITING);
    stage_run(&at, task_cancel, &gone);
    stage_expect(&at, "gone never ran: COP_E_CANCELLED");
    gate_open(&door);
    stage_expect(&at, "next ran");
    stage_close(&at);
}

static void
a_full_queue_says_so(void **state)
{
    static gate door = GATE, inside = GATE;
    stage at;
    task first = {.spec = {.name = "first"}, .blocks = &door, .started = &inside};
    task second = {.spec = {.name = "second"}}, third = {.spec = {.name = "third"}};

    (void)state;
    stage_open_with(&at, &(cop_node_opts){.workers = 1, .job_threads = 1, .job_queue = 1});
    stage_submit(&at, &first);
    assert_true(gate_pass(&inside));
    stage_submit(&at, &second);
    third.at = &at;
    stage_run(&at, task_submit, &third);
    assert_int_equal(third.submitted, COP_E_BUSY);
    assert_null(third.job);
    assert_int_equal(third.disposed, 0);
    gate_open(&door);
    stage_expect(&at, "first ran");
    stage_expect(&at, "second ran");
    stage_submit(&at, &third);
    stage_expect(&at, "third ran");
    stage_close(&at);
}

static bool
has_no_threads(void *ctx)
{
    return stats_of(ctx).job_threads == 0;
}

static void
idle_threads_leave(void **state)
{
    stage at;
    task one = {.spec = {.name = "one"}}, two = {.spec = {.name = "two"}};

    (void)state;
    stage_open(&at, NULL);
    at.node->offload->idle_ns = 1;
    assert_int_equal(stats_of(&at).job_threads, 0);
    stage_submit(&at, &one);
    stage_expect(&at, "one ran");
    assert_true(becomes(has_no_threads, &at));
    stage_submit(&at, &two);
    stage_expect(&at, "two ran");
    stage_close(&at);
}

static void
the_threads_end_with_the_node(void **state)
{
    static gate door = GATE;
    gate inside[6] = {GATE, GATE, GATE, GATE, GATE, GATE};
    stage at;
    unsigned before = count_threads();
    task jobs[6] = {0};

    (void)state;
    stage_open_with(&at, &(cop_node_opts){.workers = 1, .job_threads = 6});
    for (unsigned i = 0; i < 6; i++) {
        jobs[i].spec.name = "one";
        jobs[i].blocks = &door;
        jobs[i].started = &inside[i];
        stage_submit(&at, &jobs[i]);
    }
    for (unsigned i = 0; i < 6; i++)
        assert_true(gate_pass(&inside[i]));
    assert_int_equal(stats_of(&at).job_threads, 6);
    assert_int_equal(count_threads(), before + 1 + 6);
    gate_open(&door);
    for (unsigned i = 0; i < 6; i++)
        stage_expect(&at, "one ran");
    stage_close(&at);
    assert_int_equal(count_threads(), before);
}

static void
without_any_thread_there_is_no_job(void **state)
{
    static gate door = GATE, inside = GATE;
    stage at;
    task refused = {.spec = {.name = "refused"}};
    task first = {.spec = {.name = "first"}, .blocks = &door, .started = &inside};
    task second = {.spec = {.name = "second"}};

    (void)state;
    stage_open(&at, NULL);
    refused.at = &at;
    are_threads_refused = true;
    stage_run(&at, task_submit, &refused);
    assert_int_equal(refused.submitted, COP_E_OS);
    assert_int_equal(stats_of(&at).jobs_queued, 0);
    are_threads_refused = false;
    stage_submit(&at, &first);
    assert_true(gate_pass(&inside));
    /* One is enough, if slow. */
    are_threads_refused = true;
    stage_submit(&at, &second);
    are_threads_refused = false;
    gate_open(&door);
    stage_expect(&at, "first ran");
    stage_expect(&at, "second ran");
    stage_close(&at);
}

static void
submit_without_memory(cop_actor *me, void *ctx)
{
    is_memory_refused = true;
    task_submit(me, ctx);
    is_memory_refused = false;
}

static void
without_memory_there_is_no_job(void **state)
{
    stage at;
    task one = {.spec = {.name = "one"}};

    (void)state;
    stage_open(&at, NULL);
    one.at = &at;
    stage_run(&at, submit_without_memory, &one);
    assert_int_equal(one.submitted, COP_E_NOMEM);
    assert_int_equal(stats_of(&at).jobs_queued, 0);
    stage_close(&at);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_runs_and_its_owner_is_told),
        cmocka_unit_test(signals_are_blocked_for_each_job_but_not_faults),
        cmocka_unit_test(a_failure_has_its_code_and_text),
        cmocka_unit_test(exit_records),
        cmocka_unit_test(specs_are_checked),
        cmocka_unit_test(options_are_checked),
        cmocka_unit_test(a_queued_job_that_is_cancelled_never_runs),
        cmocka_unit_test(a_running_job_sees_that_it_is_cancelled),
        cmocka_unit_test(an_unblocked_job_returns),
        cmocka_unit_test(the_argument_stays_while_unblock_runs),
        cmocka_unit_test(an_abandoned_job_is_over_for_its_owner_at_once),
        cmocka_unit_test(a_job_that_must_be_waited_for_is_not_abandoned),
        cmocka_unit_test(the_reaper_shows_what_it_has),
        cmocka_unit_test(the_reaper_waits_at_the_end),
        cmocka_unit_test(without_a_reaper_the_node_waits_itself),
        cmocka_unit_test(what_never_returns_is_named_and_left),
        cmocka_unit_test(a_class_has_so_many_tokens),
        cmocka_unit_test(a_token_returns_when_the_thread_is_done),
        cmocka_unit_test(a_full_queue_says_so),
        cmocka_unit_test(idle_threads_leave),
        cmocka_unit_test(the_threads_end_with_the_node),
        cmocka_unit_test(without_any_thread_there_is_no_job),
        cmocka_unit_test(without_memory_there_is_no_job),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
