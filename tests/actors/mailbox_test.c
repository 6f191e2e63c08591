/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mailbox_test.c - the mailbox by itself, and with senders and owners on real threads.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/mailbox.h"

typedef struct letter {
    _Alignas(16) copi_mail mail;
    int sender, number;
} letter;

static letter letters[8];

static int
set_up(void **state)
{
    static copi_mailbox box;

    copi_mailbox_init(&box);
    copi_mailbox_open(&box, 3);
    *state = &box;
    return 0;
}

static void
expect_taken(copi_mailbox *box, int first, int count)
{
    copi_mail *last = NULL, *mail = copi_mailbox_take(box, &last);

    for (int i = 0; i < count; i++, mail = mail->next) {
        assert_ptr_equal(mail, &letters[first + i].mail);
        if (i == count - 1)
            assert_ptr_equal(last, mail);
    }
    assert_null(mail);
}

static void
mail_is_taken_in_the_order_of_its_pushes(void **state)
{
    for (int i = 0; i < 3; i++)
        assert_int_equal(copi_mailbox_push(*state, &letters[i].mail, COPI_USER), COPI_PUSHED);
    expect_taken(*state, 0, 3);
    expect_taken(*state, 0, 0);
}

static void
a_push_to_a_sleeping_owner_says_so_once(void **state)
{
    assert_true(copi_mailbox_park(*state));
    assert_int_equal(copi_mailbox_push(*state, &letters[0].mail, COPI_USER), COPI_PUSHED_WAKE);
    assert_int_equal(copi_mailbox_push(*state, &letters[1].mail, COPI_SIGNAL), COPI_PUSHED);
    expect_taken(*state, 0, 2);
}

static void
an_owner_with_mail_cannot_fall_asleep(void **state)
{
    assert_int_equal(copi_mailbox_push(*state, &letters[0].mail, COPI_USER), COPI_PUSHED);
    assert_false(copi_mailbox_park(*state));
    expect_taken(*state, 0, 1);
    assert_true(copi_mailbox_park(*state));
}

static void
a_full_mailbox_refuses_messages_but_no_signals(void **state)
{
    copi_mailbox *box = *state;

    for (int i = 0; i < 3; i++)
        assert_int_equal(copi_mailbox_push(box, &letters[i].mail, COPI_USER), COPI_PUSHED);
    assert_int_equal(copi_mailbox_push(box, &letters[3].mail, COPI_USER), COPI_PUSH_FULL);
    assert_int_equal(copi_mailbox_push(box, &letters[3].mail, COPI_SIGNAL), COPI_PUSHED);
    assert_int_equal(copi_mailbox_push(box, &letters[4].mail, COPI_NEWCOMER), COPI_PUSHED);
    expect_taken(box, 0, 5);
    assert_int_equal(copi_mailbox_push(box, &letters[0].mail, COPI_USER), COPI_PUSHED);
}

static void
what_was_taken_and_not_handled_counts_against_the_bound(void **state)
{
    copi_mailbox *box = *state;

    atomic_store(&box->backlog, 2);
    assert_int_equal(copi_mailbox_push(box, &letters[0].mail, COPI_USER), COPI_PUSHED);
    assert_int_equal(copi_mailbox_push(box, &letters[1].mail, COPI_USER), COPI_PUSH_FULL);
}

static void
an_urgent_signal_is_seen_until_the_mail_is_taken(void **state)
{
    assert_false(copi_mailbox_is_urgent(*state));
    (void)copi_mailbox_push(*state, &letters[0].mail, COPI_URGENT);
    (void)copi_mailbox_push(*state, &letters[1].mail, COPI_USER);
    assert_true(copi_mailbox_is_urgent(*state));
    expect_taken(*state, 0, 2);
    assert_false(copi_mailbox_is_urgent(*state));
}

static void
a_shut_door_lets_only_signals_in(void **state)
{
    copi_mailbox_shut_door(*state);
    assert_int_equal(copi_mailbox_push(*state, &letters[0].mail, COPI_USER), COPI_PUSH_CLOSED);
    assert_int_equal(copi_mailbox_push(*state, &letters[0].mail, COPI_NEWCOMER),
                     COPI_PUSH_CLOSED);
    assert_int_equal(copi_mailbox_push(*state, &letters[0].mail, COPI_SIGNAL), COPI_PUSHED);
    expect_taken(*state, 0, 1);
}

static void
a_shut_door_stays_shut_in_sleep(void **state)
{
    copi_mailbox_shut_door(*state);
    assert_true(copi_mailbox_park(*state));
    assert_int_equal(copi_mailbox_push(*state, &letters[0].mail, COPI_URGENT),
                     COPI_PUSHED_WAKE);
    expect_taken(*state, 0, 1);
    assert_int_equal(copi_mailbox_push(*state, &letters[0].mail, COPI_USER), COPI_PUSH_CLOSED);
}

static void
a_mailbox_closes_only_when_it_is_empty(void **state)
{
    (void)copi_mailbox_push(*state, &letters[0].mail, COPI_SIGNAL);
    assert_false(copi_mailbox_close(*state));
    expect_taken(*state, 0, 1);
    assert_true(copi_mailbox_close(*state));
    assert_int_equal(copi_mailbox_push(*state, &letters[0].mail, COPI_URGENT),
                     COPI_PUSH_CLOSED);
}

static void
the_count_of_mail_does_not_run_over(void **state)
{
    enum {
        MANY = 70000
    };
    letter *many = calloc(MANY, sizeof *many);
    copi_mail *last;
    int count = 0;

    assert_non_null(many);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(copi_mailbox_push(*state, &many[i].mail, COPI_SIGNAL), COPI_PUSHED);
    assert_false(copi_mailbox_is_urgent(*state));
    assert_int_equal(copi_mailbox_push(*state, &letters[0].mail, COPI_USER), COPI_PUSH_FULL);
    for (copi_mail *mail = copi_mailbox_take(*state, &last); mail != NULL; mail = mail->next)
        assert_ptr_equal(mail, &many[count++].mail);
    assert_int_equal(count, MANY);
    free(many);
}

/* ---------------------------------------------------------------------- real threads */

enum {
    SENDERS = 3,
    OWNERS = 2,
    EACH = 30000
};

/* One actor, as far as this test goes: in `runnable` at most once. */
typedef struct post_office {
    copi_mailbox box;
    _Atomic int runnable; /* how often it has been submitted and not taken: 0 or 1 */
    _Atomic int running;
    _Atomic int doubled, disordered;
    int seen[SENDERS]; /* the one who runs */
    int handled;
    _Atomic bool is_done;
    letter all[SENDERS][EACH];
} post_office;

typedef struct clerk {
    post_office *office;
    int number;
    pthread_t thread;
} clerk;

static void *
run_sender(void *ctx)
{
    clerk *self = ctx;
    post_office *office = self->office;

    for (int i = 0; i < EACH; i++) {
        letter *one = &office->all[self->number][i];
        *one = (letter){.sender = self->number, .number = i + 1};
        if (copi_mailbox_push(&office->box, &one->mail, COPI_SIGNAL) == COPI_PUSHED_WAKE &&
            atomic_fetch_add(&office->runnable, 1) != 0)
            atomic_store(&office->doubled, 1);
        if (i % 64 == 0)
            sched_yield();
    }
    return NULL;
}

static void
handle_all(post_office *office)
{
    copi_mail *last;

    do {
        for (copi_mail *mail = copi_mailbox_take(&office->box, &last), *next; mail != NULL;
             mail = next) {
            next = mail->next;
            letter *one = (letter *)(void *)mail;
            if (one->number != ++office->seen[one->sender])
                atomic_store(&office->disordered, 1);
            if (++office->handled == SENDERS * EACH)
                atomic_store(&office->is_done, true);
        }
        atomic_store(&office->running, 0);
        if (copi_mailbox_park(&office->box))
            return;
        atomic_store(&office->running, 1);
    } while (true);
}

/* A wake-up that is lost leaves mail and nobody to handle it: the test never ends. */
static void *
run_owner(void *ctx)
{
    post_office *office = ((clerk *)ctx)->office;

    while (!atomic_load(&office->is_done)) {
        int one = 1;
        if (!atomic_compare_exchange_strong(&office->runnable, &one, 0)) {
            sched_yield();
            continue;
        }
        if (atomic_exchange(&office->running, 1) != 0)
            atomic_store(&office->doubled, 1);
        handle_all(office);
    }
    return NULL;
}

static void
no_wake_up_is_lost_between_threads(void **state)
{
    post_office *office = calloc(1, sizeof *office);
    clerk clerks[SENDERS + OWNERS];

    (void)state;
    assert_non_null(office);
    copi_mailbox_init(&office->box);
    copi_mailbox_open(&office->box, 1);
    assert_true(copi_mailbox_park(&office->box));
    for (int i = 0; i < SENDERS + OWNERS; i++) {
        clerks[i] = (clerk){.office = office, .number = i};
        assert_int_equal(pthread_create(&clerks[i].thread, NULL,
                                        i < SENDERS ? run_sender : run_owner, &clerks[i]),
                         0);
    }
    for (int i = 0; i < SENDERS + OWNERS; i++)
        assert_int_equal(pthread_join(clerks[i].thread, NULL), 0);
    assert_int_equal(office->handled, SENDERS * EACH);
    assert_false(office->doubled);
    assert_false(office->disordered);
    free(office);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, set_up)
    const struct CMUnitTest tests[] = {
        TEST(mail_is_taken_in_the_order_of_its_pushes),
        TEST(a_push_to_a_sleeping_owner_says_so_once),
        TEST(an_owner_with_mail_cannot_fall_asleep),
        TEST(a_full_mailbox_refuses_messages_but_no_signals),
        TEST(what_was_taken_and_not_handled_counts_against_the_bound),
        TEST(an_urgent_signal_is_seen_until_the_mail_is_taken),
        TEST(a_shut_door_lets_only_signals_in),
        TEST(a_shut_door_stays_shut_in_sleep),
        TEST(a_mailbox_closes_only_when_it_is_empty),
        TEST(the_count_of_mail_does_not_run_over),
        TEST(no_wake_up_is_lost_between_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
