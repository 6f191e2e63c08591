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
the_only_message_can_be_looked_at_and_stays(void **state)
{
    assert_null(copi_mailbox_peek(*state));
    (void)copi_mailbox_push(*state, &letters[0].mail, COPI_USER);
    assert_ptr_equal(copi_mailbox_peek(*state), &letters[0].mail);
    assert_ptr_equal(copi_mailbox_peek(*state), &letters[0].mail);
    expect_taken(*state, 0, 1);
    assert_null(copi_mailbox_peek(*state));
}

/* The newest is in sight, but the oldest has to come first. */
static void
of_several_messages_none_is_shown(void **state)
{
    (void)copi_mailbox_push(*state, &letters[0].mail, COPI_USER);
    (void)copi_mailbox_push(*state, &letters[1].mail, COPI_USER);
    assert_null(copi_mailbox_peek(*state));
    expect_taken(*state, 0, 2);
}

static void
sleep_takes_the_handled_message_out(void **state)
{
    (void)copi_mailbox_push(*state, &letters[0].mail, COPI_USER);
    assert_true(copi_mailbox_park_after(*state, copi_mailbox_peek(*state)));
    assert_null(copi_mailbox_peek(*state));
    assert_int_equal(copi_mailbox_push(*state, &letters[1].mail, COPI_USER), COPI_PUSHED_WAKE);
    assert_int_equal(copi_mailbox_push(*state, &letters[2].mail, COPI_USER), COPI_PUSHED);
    expect_taken(*state, 1, 2);
}

/* The memory of the handled message may be the next one's. */
static void
a_place_can_be_used_for_one_message_after_the_other(void **state)
{
    for (int i = 0; i < 3; i++) {
        assert_int_equal(copi_mailbox_push(*state, &letters[0].mail, COPI_USER),
                         i == 0 ? COPI_PUSHED : COPI_PUSHED_WAKE);
        assert_true(copi_mailbox_park_after(*state, copi_mailbox_peek(*state)));
    }
}

/* True if mail in the meantime keeps the owner awake. */
static bool
stays_awake_after(copi_mailbox *box, copi_urgency urgency)
{
    (void)copi_mailbox_push(box, &letters[0].mail, COPI_USER);
    copi_mail *handled = copi_mailbox_peek(box);
    copi_pushed pushed = copi_mailbox_push(box, &letters[1].mail, urgency);
    bool is_awake = !copi_mailbox_park_after(box, handled);
    expect_taken(box, 0, 2);
    return is_awake && pushed == COPI_PUSHED;
}

static void
an_owner_who_got_mail_meanwhile_cannot_fall_asleep(void **state)
{
    assert_true(stays_awake_after(*state, COPI_USER));
    assert_true(stays_awake_after(*state, COPI_SIGNAL));
    assert_true(stays_awake_after(*state, COPI_URGENT));
}

/* There is one message and the owner is awake, and yet it is not the same as before. */
static void
another_message_is_not_taken_for_the_handled_one(void **state)
{
    (void)copi_mailbox_push(*state, &letters[0].mail, COPI_USER);
    expect_taken(*state, 0, 1);
    (void)copi_mailbox_push(*state, &letters[1].mail, COPI_USER);
    assert_false(copi_mailbox_park_after(*state, &letters[0].mail));
    expect_taken(*state, 1, 1);
}

static void
who_shut_the_door_while_handling_cannot_fall_asleep_over_it(void **state)
{
    (void)copi_mailbox_push(*state, &letters[0].mail, COPI_USER);
    copi_mail *handled = copi_mailbox_peek(*state);
    copi_mailbox_shut_door(*state);
    assert_false(copi_mailbox_park_after(*state, handled));
    assert_false(copi_mailbox_close(*state));
    expect_taken(*state, 0, 1);
    assert_true(copi_mailbox_close(*state));
}

/* How many messages get in; they are gone again afterwards. */
static int
room_of(copi_mailbox *box)
{
    static letter crowd[COPI_BOX_EXACT + 2];
    copi_mail *last;
    int count = 0;

    while (copi_mailbox_push(box, &crowd[count].mail, COPI_USER) != COPI_PUSH_FULL)
        assert_true(++count < COPI_BOX_EXACT + 2);
    (void)copi_mailbox_take(box, &last);
    return count;
}

static void
a_small_bound_is_exact(void **state)
{
    copi_mailbox_open(*state, COPI_BOX_EXACT - 1);
    for (uint32_t backlog = COPI_BOX_EXACT; backlog-- > 0;) {
        copi_mailbox_show_backlog(*state, backlog);
        assert_int_equal(room_of(*state), COPI_BOX_EXACT - 1 - backlog);
    }
}

/* Never too late, and less than a step too early. */
static void
a_large_bound_is_counted_in_steps(void **state)
{
    int shown = COPI_BOX_EXACT;

    copi_mailbox_open(*state, COPI_BOX_EXACT);
    for (int backlog = COPI_BOX_EXACT; backlog >= 0; backlog--) {
        copi_mailbox_show_backlog(*state, (uint32_t)backlog);
        if (backlog % COPI_BOX_STEP == 0)
            shown = backlog;
        assert_int_equal(room_of(*state), COPI_BOX_EXACT - shown);
    }
    assert_int_equal(room_of(*state), COPI_BOX_EXACT);
}

/* Where each one counts, the message that is being handled must not. */
static void
an_owner_with_a_small_bound_may_not_peek(void **state)
{
    copi_mailbox_open(*state, COPI_BOX_EXACT - 1);
    assert_false(copi_mailbox_may_peek(*state));
    copi_mailbox_open(*state, COPI_BOX_EXACT);
    assert_true(copi_mailbox_may_peek(*state));
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
    assert_null(copi_mailbox_peek(*state));
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
    EACH = 10000,
    ALONE = 100, /* letters of the first sender before the others begin */
};

/* One actor, as far as this test goes: in `runnable` at most once. */
typedef struct post_office {
    copi_mailbox box;
    void (*run)(struct post_office *self); /* until it sleeps */
    _Atomic int runnable; /* how often it has been submitted and not taken: 0 or 1 */
    _Atomic int running;
    _Atomic int doubled, disordered;
    int ahead; /* how many letters of a sender may wait */
    _Atomic int seen[SENDERS];
    int handled;  /* the one who runs */
    int in_place; /* of them, without being taken out first */
    _Atomic bool is_done;
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

    while (self->number > 0 && atomic_load(&office->seen[0]) < ALONE)
        sched_yield();
    for (int i = 0; i < EACH; i++) {
        letter *one = aligned_alloc(_Alignof(letter), sizeof *one);
        if (one == NULL)
            abort();
        *one = (letter){.sender = self->number, .number = i + 1};
        if (copi_mailbox_push(&office->box, &one->mail, COPI_SIGNAL) == COPI_PUSHED_WAKE &&
            atomic_fetch_add(&office->runnable, 1) != 0)
            atomic_store(&office->doubled, 1);
        /* Senders that keep step would never leave a letter alone. */
        for (int turns = i % (5 * self->number + 3); turns > 0; turns--)
            sched_yield();
        while (i + 1 - atomic_load(&office->seen[self->number]) >= office->ahead)
            sched_yield();
    }
    return NULL;
}

static void
handle(post_office *office, const copi_mail *mail)
{
    const letter *one = (const letter *)(const void *)mail;

    if (one->number != atomic_fetch_add(&office->seen[one->sender], 1) + 1)
        atomic_store(&office->disordered, 1);
    if (++office->handled == SENDERS * EACH)
        atomic_store(&office->is_done, true);
}

static void
handle_chain(post_office *office, copi_mail *oldest)
{
    for (copi_mail *mail = oldest, *next; mail != NULL; mail = next) {
        next = mail->next;
        handle(office, mail);
        free(mail);
    }
}

/* Whether it sleeps; who wakes it must find that nobody runs. */
static bool
is_parked(post_office *office, copi_mail *handled)
{
    atomic_store(&office->running, 0);
    if (handled == NULL ? copi_mailbox_park(&office->box)
                        : copi_mailbox_park_after(&office->box, handled))
        return true;
    atomic_store(&office->running, 1);
    return false;
}

static void
run_by_taking(post_office *office)
{
    copi_mail *last;

    do
        handle_chain(office, copi_mailbox_take(&office->box, &last));
    while (!is_parked(office, NULL));
}

/* What came after the one that was handled in place. */
static copi_mail *
take_after(post_office *office, copi_mail *handled)
{
    copi_mail *mail = copi_mailbox_take_newest(&office->box), *oldest = NULL;

    while (mail != handled) {
        copi_mail *older = mail->next;
        mail->next = oldest;
        oldest = mail;
        mail = older;
    }
    return oldest;
}

/* As actors do (run.c).  A letter is freed as soon as it is out of the mailbox, and its
 * memory soon is a new one's. */
static void
run_by_peeking(post_office *office)
{
    for (;;) {
        copi_mail *lone = copi_mailbox_peek(&office->box);
        if (lone != NULL) {
            handle(office, lone);
            office->in_place++;
            bool has_parked = is_parked(office, lone);
            copi_mail *newer = has_parked ? NULL : take_after(office, lone);
            free(lone);
            if (has_parked)
                return;
            handle_chain(office, newer);
        } else {
            handle_chain(office, take_after(office, NULL));
            if (is_parked(office, NULL))
                return;
        }
    }
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
        office->run(office);
    }
    return NULL;
}

/* How many letters were, after all are. */
static int
handled_in_place(void (*run)(post_office *), int ahead)
{
    post_office *office = calloc(1, sizeof *office);
    clerk clerks[SENDERS + OWNERS];

    assert_non_null(office);
    office->run = run;
    office->ahead = ahead;
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
    int in_place = office->in_place;
    free(office);
    return in_place;
}

static void
no_wake_up_is_lost_between_threads(void **state)
{
    (void)state;
    assert_int_equal(handled_in_place(run_by_taking, 64), 0);
}

static void
no_wake_up_is_lost_by_who_handles_in_place(void **state)
{
    (void)state;
    int in_place = handled_in_place(run_by_peeking, 1);
    print_message("%d of %d letters were handled in place\n", in_place, SENDERS * EACH);
    /* How many depends on how the threads are scheduled. */
    assert_true(in_place > 0);
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
        TEST(the_only_message_can_be_looked_at_and_stays),
        TEST(of_several_messages_none_is_shown),
        TEST(sleep_takes_the_handled_message_out),
        TEST(a_place_can_be_used_for_one_message_after_the_other),
        TEST(an_owner_who_got_mail_meanwhile_cannot_fall_asleep),
        TEST(another_message_is_not_taken_for_the_handled_one),
        TEST(who_shut_the_door_while_handling_cannot_fall_asleep_over_it),
        TEST(a_small_bound_is_exact),
        TEST(a_large_bound_is_counted_in_steps),
        TEST(an_owner_with_a_small_bound_may_not_peek),
        TEST(the_count_of_mail_does_not_run_over),
        TEST(no_wake_up_is_lost_between_threads),
        TEST(no_wake_up_is_lost_by_who_handles_in_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
