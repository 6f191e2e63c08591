/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kinds.c - a child of every kind, for tests with one row for each.
 */
#include "structured/requirements/kinds.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <coppice/process.h>
#include <coppice/watch.h>

typedef struct kid {
    const child_kind *kind;
    kid_way way;
    cop_actor *me; /* whose child it is */
    cop_scope in;
    bool is_taken; /* an actor has it, not its spawn */
    /* For jobs. */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_unblocked;
} kid;

/* What the kid that was started last is known by: one of them. */
static cop_leaf last_leaf;
static cop_pid last_pid;
static cop_scope last_scope;

static kid *
kid_new(cop_actor *me, cop_scope in, const child_kind *kind, kid_way way)
{
    kid *self = calloc(1, sizeof *self);

    if (self == NULL)
        abort();
    *self = (kid){.kind = kind, .way = way, .me = me, .in = in};
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->changed, NULL);
    return self;
}

static void
kid_free(void *arg)
{
    kid *self = arg;

    ground_say("gone");
    pthread_cond_destroy(&self->changed);
    pthread_mutex_destroy(&self->lock);
    free(self);
}

/* Of a child that is no actor nobody else is told why: that is asked of the scope. */
static void
say_told_if_cancelled(const kid *self)
{
    cop_scope_state now;

    if (cop_scope_look(self->me, self->in, &now) == COP_OK && now.force != COP_FORCE_NONE)
        ground_say("told[%s]", now.why.text);
}

static cop_err
kid_fail(cop_actor *me)
{
    return cop_fail(me, 7, "broke");
}

/* ------------------------------------------------------------------------- calls */

static void
call_over(void *arg)
{
    const kid *self = arg;

    if (self->way == KID_LASTS)
        say_told_if_cancelled(self);
    kid_free(arg);
}

static cop_err
call(cop_actor *me, void *state, void *arg)
{
    const kid *self = arg;

    (void)state;
    ground_say("ran");
    return self->way == KID_FAILS ? kid_fail(me) : COP_OK;
}

static cop_err
start_soon(cop_actor *me, cop_scope in, const child_kind *kind, kid_way way)
{
    return cop_scope_soon(me, in, call, kid_new(me, in, kind, way), call_over, &last_leaf);
}

static int64_t
ms_of(kid_way way)
{
    return way == KID_LASTS ? INT64_C(10) * 3600 * 1000 : 1;
}

static cop_err
start_after(cop_actor *me, cop_scope in, const child_kind *kind, kid_way way)
{
    return cop_scope_after(me, in, ms_of(way), call, kid_new(me, in, kind, way), call_over,
                           &last_leaf);
}

/* It has no end of its own but to be called off. */
static cop_err
call_again(cop_actor *me, void *state, void *arg)
{
    const kid *self = arg;

    (void)state;
    ground_say("ran");
    if (self->way == KID_FAILS)
        return kid_fail(me);
    return self->way == KID_ENDS ? cop_leaf_cancel(me, last_leaf) : COP_OK;
}

static cop_err
start_every(cop_actor *me, cop_scope in, const child_kind *kind, kid_way way)
{
    return cop_scope_every(me, in, ms_of(way), call_again, kid_new(me, in, kind, way),
                           call_over, &last_leaf);
}

/* ------------------------------------------------------------------------- a job */

static void
job_unblock(void *arg)
{
    kid *self = arg;

    pthread_mutex_lock(&self->lock);
    self->is_unblocked = true;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
}

static cop_err
job_work(cop_job *job, void *arg)
{
    kid *self = arg;

    ground_say("ran");
    if (self->way == KID_FAILS)
        return cop_job_fail(job, 7, "broke");
    if (self->way == KID_ENDS)
        return COP_OK;
    pthread_mutex_lock(&self->lock);
    while (!self->is_unblocked)
        pthread_cond_wait(&self->changed, &self->lock);
    pthread_mutex_unlock(&self->lock);
    return COP_E_CANCELLED;
}

static cop_err
job_done(cop_actor *me, void *state, void *arg, const cop_exit *why)
{
    const kid *self = arg;

    (void)me;
    (void)state;
    if (why->kind == COP_EXIT_SHUTDOWN)
        say_told_if_cancelled(self);
    return COP_OK;
}

static cop_err
start_job(cop_actor *me, cop_scope in, const child_kind *kind, kid_way way)
{
    kid *self = kid_new(me, in, kind, way);
    static const cop_job_class one_at_a_time = {"kids", 1};
    cop_job_spec spec = {.name = "kid",
                         .limiter = &one_at_a_time,
                         .mode = COP_JOB_COOPERATE,
                         .work = job_work,
                         .unblock = job_unblock,
                         .dispose = kid_free,
                         .arg = self};

    cop_err err = cop_job_start(me, in, &spec, way == KID_FAILS ? NULL : job_done, &last_leaf);
    if (err != COP_OK)
        kid_free(self);
    return err;
}

/* ------------------------------------------------------------------------- actors */

/* The argument of a spawn that was refused. */
static void
drop_untaken(void *arg)
{
    if (!((kid *)arg)->is_taken)
        kid_free(arg);
}

typedef struct handled {
    kid *self;
    int fds[2]; /* of a connection: ours, theirs */
} handled;

COP_HANDLER(handled, cop_start)
{
    st->self = (kid *)(uintptr_t)msg->arg;
    st->self->is_taken = true;
    ground_say("ran");
    if (st->self->way == KID_LASTS)
        return COP_OK;
    return cop_continue(me, cop_stopping, .why = {.kind = COP_EXIT_NORMAL});
}
/* From its owner, or what it has sent itself. */
COP_HANDLER(handled, cop_stopping)
{
    if (st->self->way == KID_FAILS)
        return kid_fail(me);
    if (st->self->way == KID_LASTS)
        ground_say("told[%s]", msg->why.text);
    return cop_stop(me);
}

static void
handled_dispose(void *state)
{
    const handled *st = state;

    for (int i = 0; i < 2; i++)
        if (st->fds[i] > 0)
            close(st->fds[i]);
    if (st->self != NULL)
        kid_free(st->self);
}

static const cop_behaviour actor_b = {
    .name = "actor",
    .state_size = sizeof(handled),
    .handlers = COP_HANDLERS(COP_ON(handled, cop_start), COP_ON(handled, cop_stopping)),
    .dispose = handled_dispose,
};

static cop_err
start_actor(cop_actor *me, cop_scope in, const child_kind *kind, kid_way way)
{
    return cop_spawn(me, &actor_b,
                     &(cop_spawn_opts){.label = "kid",
                                       .scope = in,
                                       .arg = kid_new(me, in, kind, way),
                                       .dispose = drop_untaken},
                     &last_pid);
}

COP_BODY(body, kid, arg)
{
    cop_scope_state now;

    ground_say("ran");
    if (arg->way == KID_LASTS) {
        cop_err err = cop_sleep(co, COP_INFINITY);
        cop_look(co, &now);
        ground_say("told[%s]", now.why.text);
        return err;
    }
    COP_TRY(cop_sleep(co, 1));
    return arg->way == KID_FAILS ? kid_fail(me) : COP_OK;
}
static COP_SEQUENTIAL(body_b, body);

static cop_err
start_body(cop_actor *me, cop_scope in, const child_kind *kind, kid_way way)
{
    return cop_spawn(me, &body_b,
                     &(cop_spawn_opts){.label = "kid",
                                       .scope = in,
                                       .arg = kid_new(me, in, kind, way),
                                       .dispose = kid_free},
                     &last_pid);
}

/* ------------------------------------------------------------------------- a connection */

/* An actor that reads one end of a pair of sockets; the other end fails it by closing. */
typedef handled connection;

COP_HANDLER(connection, cop_start)
{
    kid *self = (kid *)(uintptr_t)msg->arg;
    cop_watch watch;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, st->fds) != 0)
        return COP_E_OS;
    COP_TRY(cop_watch_open(me, st->fds[0], COP_READABLE, &watch));
    st->self = self;
    self->is_taken = true;
    ground_say("ran");
    if (self->way == KID_ENDS && write(st->fds[1], "bye", 3) != 3)
        return COP_E_OS;
    if (self->way == KID_FAILS) {
        close(st->fds[1]);
        st->fds[1] = 0;
    }
    return COP_OK;
}
COP_HANDLER(connection, cop_ready)
{
    char room[8];

    return read(msg->fd, room, sizeof room) <= 0 ? kid_fail(me) : cop_stop(me);
}
COP_HANDLER(connection, cop_stopping)
{
    ground_say("told[%s]", msg->why.text);
    return cop_stop(me);
}

static const cop_behaviour connection_b = {
    .name = "connection",
    .state_size = sizeof(connection),
    .handlers = COP_HANDLERS(COP_ON(connection, cop_start), COP_ON(connection, cop_ready),
                             COP_ON(connection, cop_stopping)),
    .dispose = handled_dispose,
};

static cop_err
start_connection(cop_actor *me, cop_scope in, const child_kind *kind, kid_way way)
{
    return cop_spawn(me, &connection_b,
                     &(cop_spawn_opts){.label = "kid",
                                       .scope = in,
                                       .arg = kid_new(me, in, kind, way),
                                       .dispose = drop_untaken},
                     &last_pid);
}

/* ------------------------------------------------------------------------- a process */

/*
 * It has no argument here, so whoever started it says what there is to be said: it monitors it,
 * and a cop_down comes before the end as a child.
 */
static kid_way way_of_process;

void
kid_down(const cop_down *msg)
{
    if (way_of_process == KID_LASTS)
        ground_say("told[%s]", msg->why.text);
    ground_say("gone");
}

static cop_err
start_process(cop_actor *me, cop_scope in, const child_kind *kind, kid_way way)
{
    static const char *const commands[] = {
        [KID_ENDS] = "exit 0", [KID_FAILS] = "exit 7", [KID_LASTS] = "exec sleep 1000"};
    const char *const argv[] = {"/bin/sh", "-c", commands[way], NULL};
    cop_ref ref;

    (void)kind;
    way_of_process = way;
    cop_err err = cop_spawn(me, &cop_process,
                            &(cop_spawn_opts){.label = "kid",
                                              .scope = in,
                                              .arg = &(cop_process_spec){.argv = argv},
                                              .monitor = &ref},
                            &last_pid);
    ground_say(err == COP_OK ? "ran" : "gone");
    return err;
}

/* ------------------------------------------------------------------------- a request */

#define ASKED(M, F)                                                                            \
    M(1, kid_question, F(u32, way))                                                            \
    M(2, kid_answer)
COP_PROTOCOL(ASKED)

/* It answers, but for a kid that lasts; it belongs to the node, and not to the scope. */
typedef struct callee {
    cop_token token;
} callee;

COP_HANDLER(callee, kid_question)
{
    return msg->way == KID_LASTS ? cop_defer(me, &st->token) : cop_reply(me, kid_answer);
}
static COP_BEHAVIOUR(callee_b, callee, COP_ON(callee, kid_question));

/* Who has asked: the handler knows its call. */
static struct {
    cop_ref call;
    kid *self;
} asked[4];

static kid *
take_asked(cop_ref call)
{
    size_t i = 0;

    while (asked[i].call.bits != call.bits)
        i++;
    asked[i].call.bits = 0;
    return asked[i].self;
}

static cop_err
on_kid_answer(cop_actor *me, void *state, cop_err err, const void *message)
{
    kid *self = take_asked(cop_current_call(me));
    kid_way way = self->way;

    (void)state;
    (void)message;
    if (err == COP_OK)
        ground_say("ran");
    else if (err == COP_E_CANCELLED)
        say_told_if_cancelled(self);
    kid_free(self);
    return way == KID_FAILS ? kid_fail(me) : COP_OK;
}

static cop_err
start_request(cop_actor *me, cop_scope in, const child_kind *kind, kid_way way)
{
    static const cop_then then = {&kid_answer_type, on_kid_answer};
    kid *self = kid_new(me, in, kind, way);
    cop_pid callee;
    size_t i = 0;

    cop_err err = cop_spawn(me, &callee_b, &(cop_spawn_opts){.owner = cop_root(me)}, &callee);
    if (err == COP_OK)
        err = cop_scope_ask(me, in, callee, 24 * 3600 * 1000, &then, &last_leaf, kid_question,
                            .way = way);
    if (err != COP_OK) {
        kid_free(self);
        return err;
    }
    while (asked[i].call.bits != 0)
        i++;
    asked[i].call = last_leaf.ref;
    asked[i].self = self;
    return COP_OK;
}

/* ------------------------------------------------------------------------- a scope */

static cop_err
inner_closed(cop_actor *me, void *state, void *ctx, const cop_outcome *outcome)
{
    (void)me;
    (void)state;
    (void)ctx;
    if (outcome->why.kind == COP_EXIT_SHUTDOWN)
        ground_say("told[%s]", outcome->why.text);
    return COP_OK;
}

static cop_err
inner_call(cop_actor *me, void *state, void *arg)
{
    const kid *self = arg;

    (void)state;
    ground_say("ran");
    return self->way == KID_FAILS ? kid_fail(me) : COP_OK;
}

static cop_err
fill_scope(cop_actor *me, cop_scope inner, kid *self)
{
    if (self->way == KID_LASTS)
        return cop_scope_after(me, inner, ms_of(self->way), inner_call, self, NULL, NULL);
    COP_TRY(cop_scope_soon(me, inner, inner_call, self, NULL, NULL));
    return cop_scope_close(me, inner);
}

static cop_err
start_scope(cop_actor *me, cop_scope in, const child_kind *kind, kid_way way)
{
    kid *self = kid_new(me, in, kind, way);
    cop_scope inner = {0};

    cop_err err =
        cop_scope_open(me,
                       &(cop_scope_opts){.name = "kid",
                                         .within = in,
                                         .closed = way == KID_FAILS ? NULL : inner_closed,
                                         .dispose = kid_free,
                                         .ctx = self},
                       &inner);
    last_scope = inner;
    if (err == COP_OK)
        return fill_scope(me, inner, self);
    kid_free(self);
    return err;
}

/* ------------------------------------------------------------------------- all of them */

cop_err
kid_start(cop_actor *me, cop_scope in, const child_kind *kind, kid_way way)
{
    last_leaf = (cop_leaf){0};
    last_pid = COP_PID_NONE;
    last_scope = (cop_scope){0};
    return kind->start(me, in, kind, way);
}

const child_kind kinds[KINDS] = {
    {.name = "soon-callback",
     .is_instant = true,
     .kind = "error",
     .code = 7,
     .text = "broke",
     .path = "owner/s",
     .start = start_soon},
    {.name = "one-shot timer",
     .kind = "error",
     .code = 7,
     .text = "broke",
     .path = "owner/s",
     .start = start_after    },
    {.name = "periodic timer",
     .kind = "error",
     .code = 7,
     .text = "broke",
     .path = "owner/s",
     .start = start_every    },
    {.name = "fd watch",
     .later = "it has no argument; tests/actors/watch_scope_test.c has what it does"           },
    {.name = "offloaded job",
     .is_queued = true,
     .ground = GROUND_REAL,
     .kind = "error",
     .code = 7,
     .text = "broke",
     .path = "owner/s",
     .start = start_job},
    {.name = "OS process",
     .is_eager = true,
     .ground = GROUND_REAL,
     .kind = "status",
     .code = 7,
     .text = "",
     .path = "owner/s/kid",
     .start = start_process},
    {.name = "outgoing request",
     .kind = "error",
     .code = 7,
     .text = "broke",
     .path = "owner/s",
     .start = start_request},
    {.name = "incoming connection",
     .is_eager = true,
     .ground = GROUND_REAL,
     .kind = "error",
     .code = 7,
     .text = "broke",
     .path = "owner/s/kid",
     .start = start_connection},
    {.name = "callback actor",
     .is_eager = true,
     .kind = "error",
     .code = 7,
     .text = "broke",
     .path = "owner/s/kid",
     .start = start_actor},
    {.name = "coroutine actor",
     .kind = "error",
     .code = 7,
     .text = "broke",
     .path = "owner/s/kid",
     .start = start_body      },
    {.name = "scope",
     .kind = "error",
     .code = 7,
     .text = "broke",
     .path = "owner/s/kid",
     .start = start_scope      },
};

cop_err
kid_cancel(cop_actor *me)
{
    if (!cop_pid_is_none(last_pid))
        return cop_stop_child(me, last_pid);
    return last_scope.ref.bits != 0 ? cop_scope_cancel(me, last_scope, COP_FORCE_HARD, NULL)
                                    : cop_leaf_cancel(me, last_leaf);
}

void
for_every_kind(void (*test)(const child_kind *kind))
{
    for (const child_kind *kind = kinds; kind != kinds + KINDS; kind++) {
        if (kind->later != NULL) {
            print_message("             not here, %s: %s\n", kind->name, kind->later);
            continue;
        }
        if (kind->start == start_process && getenv("COPPICE_UNDER_VALGRIND") != NULL) {
            print_message("             not here, %s: valgrind has no pidfd_open\n",
                          kind->name);
            continue;
        }
        print_message("             %s\n", kind->name);
        test(kind);
    }
}
