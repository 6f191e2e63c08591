/* SPDX-License-Identifier: Apache-2.0 */
/*
 * l_test.c - a foreign library that calls back later, as a request that somebody owns.
 */
#include <unistd.h>

#include "structured/requirements/ground.h"

#define TALK(M, F) M(1, found, F(i64, answer))
COP_PROTOCOL(TALK)

/* ------------------------------------------------------------------- the foreign library */

/* It calls `callback` once, from a thread of its own, whatever has become of the caller. */
typedef void foreign_callback(void *ctx, int answer);

typedef struct foreign {
    pthread_t thread;
    foreign_callback *callback;
    void *ctx;
} foreign;

static foreign pending;
static pthread_mutex_t may_answer = PTHREAD_MUTEX_INITIALIZER;

static void *
foreign_run(void *arg)
{
    foreign *self = arg;

    pthread_mutex_lock(&may_answer);
    pthread_mutex_unlock(&may_answer);
    self->callback(self->ctx, 42);
    return NULL;
}

static bool
foreign_look_up(foreign_callback *callback, void *ctx)
{
    pending.callback = callback;
    pending.ctx = ctx;
    return pthread_create(&pending.thread, NULL, foreign_run, &pending) == 0;
}

/* ------------------------------------------------------------------- the one function */

/* Whom to tell.  It is the library's until it calls back. */
typedef struct caller {
    cop_node *node;
    cop_pid who;
} caller;

static void
on_foreign(void *ctx, int answer)
{
    caller *self = ctx;
    cop_err err = cop_post(self->node, self->who, found, .answer = answer);

    ground_say("called-back:%s", cop_err_name(err));
    free(self);
}

/* Looks something up, and waits for it: the body that calls it is the owner of the request. */
static cop_err
look_up(cop_co *co, int32_t within_ms, int64_t *out)
{
    cop_actor *me = cop_actor_of(co);
    caller *self = malloc(sizeof *self);
    const found *message;

    if (self == NULL)
        return COP_E_NOMEM;
    *self = (caller){cop_node_of(me), cop_self(me)};
    if (!foreign_look_up(on_foreign, self)) {
        free(self);
        return COP_E_OS;
    }
    COP_TRY(cop_receive_a(co, within_ms, found, &message));
    *out = message->answer;
    return COP_OK;
}

/* ------------------------------------------------------------------- its user */

COP_BODY(user, void, arg)
{
    int64_t answer = 0;

    (void)arg;
    ground_say("begun");
    cop_err err = look_up(co, COP_INFINITY, &answer);
    ground_say("ended:%s:%d", cop_err_name(err), (int)answer);
    return err;
}
static COP_SEQUENTIAL(user_b, user);

static cop_pid a_user;

ACT(start_user)
{
    return cop_spawn(me, &user_b, NULL, &a_user);
}
ACT(stop_user)
{
    return cop_stop_child(me, a_user);
}

static void
l3_what_calls_back_later_ends_once_as_a_request_of_its_caller(void **state)
{
    (void)state;
    for (int is_cancelled = 0; is_cancelled < 2; is_cancelled++) {
        pthread_mutex_lock(&may_answer);
        ground_open(GROUND_REAL, &ground_b, 1);
        ground_do(start_user, NULL);
        ground_await(" begun ");
        if (is_cancelled) {
            ground_do(stop_user, NULL);
            ground_await("ended:COP_E_CANCELLED:0");
        }
        pthread_mutex_unlock(&may_answer);
        ground_await("called-back:");
        if (!is_cancelled)
            ground_await("ended:COP_OK:42");
        pthread_join(pending.thread, NULL);
        assert_int_equal(ground_count("ended:"), 1);
        assert_int_equal(ground_count("called-back:"), 1);
        ground_close();
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(l3_what_calls_back_later_ends_once_as_a_request_of_its_caller),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
